"""What leads cost: entered by programs, a row or many at a time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import documents, errors
from apps.api.base import Strict, TeamView, listed, read
from apps.api.shapes import Shape
from apps.dashboards.costs import keeping
from apps.dashboards.costs.keeping import CostRefused, NewCost
from apps.dashboards.models import Cost
from apps.teams.permissions import Permission
from apps.teams.policy import api_policy


class CostShape(serializers.Serializer[Any]):
    """Money spent from one day to another, in minor units of the team's currency."""

    id = serializers.UUIDField()
    source = serializers.UUIDField(allow_null=True)  # type: ignore[assignment]
    campaign = serializers.CharField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    amount_minor = serializers.IntegerField()
    currency = serializers.CharField()
    note = serializers.CharField()


def _shape(one: Cost) -> Shape:
    return {
        "id": str(one.pk),
        "source": str(one.source_id) if one.source_id else None,
        "campaign": one.campaign,
        "starts_on": one.starts_on.isoformat(),
        "ends_on": one.ends_on.isoformat(),
        "amount_minor": one.amount_minor,
        "currency": one.currency,
        "note": one.note,
    }


class Spent(Strict):
    source = serializers.UUIDField(  # type: ignore[assignment]
        required=False, allow_null=True, default=None
    )
    campaign = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    amount_minor = serializers.IntegerField(min_value=1)
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class Costs(TeamView):
    policy = api_policy(Permission.SEE_DASHBOARD, POST=Permission.EDIT_SOURCES)

    @extend_schema(
        operation_id="costs_list",
        parameters=documents.PAGE,
        responses={200: documents.page(CostShape), **documents.REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """Every cost that was entered, the latest first."""
        return listed(Cost.objects.visible_to(self.access), request, _shape)

    @extend_schema(
        operation_id="costs_create",
        request=Spent,
        responses={
            200: CostShape, 201: CostShape, 422: documents.Refusal, **documents.REFUSALS,
        },
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Enter a cost. For the same source, campaign and days the amount is replaced (200)."""
        body, by = read(Spent, request), self.access
        source = None
        if body["source"] is not None:
            source = keeping.source_of(body["source"], by)
            if source is None:
                raise errors.unknown("source")
        new = NewCost(
            body["starts_on"], body["ends_on"], body["amount_minor"], source, body["campaign"],
            body["note"],
        )  # fmt: skip
        try:
            made, is_new = keeping.keep(new, by=by, now=timezone.now())
        except CostRefused as refused:
            field = {"from": "starts_on", "until": "ends_on", "amount": "amount_minor"}
            raise ValidationError({field.get(refused.field, refused.field): [str(refused)]}) from (
                refused
            )
        return Response(_shape(made), 201 if is_new else 200)


class OneCost(TeamView):
    policy = api_policy(Permission.EDIT_SOURCES)

    @extend_schema(operation_id="costs_delete", responses={204: None, **documents.REFUSALS})
    def delete(self, request: Request, cost: UUID) -> Response:
        """Take a cost away."""
        found = get_object_or_404(Cost.objects.visible_to(self.access), pk=cost)
        keeping.remove(found, by=self.access, now=timezone.now())
        return Response(status=204)
