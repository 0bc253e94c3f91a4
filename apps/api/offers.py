"""Offers: what is put to whom, and the race for it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import documents, shapes
from apps.api.base import Strict, TeamView, choice_in, listed, read
from apps.assignments import services as assignments
from apps.assignments.models import Offer
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import api_policy

MINE, TEAM = "mine", "team"


def visible(by: Access) -> QuerySet[Offer]:
    rows = Offer.objects.visible_to(by)
    return rows.select_related("lead__source", "decision", "taken_by__user")


class Offers(TeamView):
    policy = api_policy(Permission.SEE_TEAM)

    @extend_schema(
        operation_id="offers_list",
        parameters=[
            *documents.PAGE,
            OpenApiParameter("state", str, enum=Offer.State.values, description="Default: open."),
            OpenApiParameter("scope", str, enum=(MINE, TEAM), description="Default: mine."),
        ],
        responses={200: documents.page(shapes.OfferShape), **documents.REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """Offers put to oneself, or all that one may see."""
        state = choice_in(request, "state", tuple(Offer.State.values), Offer.State.OPEN)
        rows = visible(self.access).filter(state=state)
        if choice_in(request, "scope", (MINE, TEAM), MINE) == MINE:
            rows = rows.filter(candidates__contains=[self.access.member_id])
        return listed(rows, request, lambda one: shapes.offer(one, by=self.access))


class OneOffer(TeamView):
    policy = api_policy(Permission.SEE_TEAM)

    @extend_schema(
        operation_id="offers_retrieve", responses={200: shapes.OfferShape, **documents.REFUSALS}
    )
    def get(self, request: Request, offer: UUID) -> Response:
        """One offer that one may see."""
        return Response(
            shapes.offer(get_object_or_404(visible(self.access), pk=offer), by=self.access)
        )


class Claim(TeamView):
    """The hot path: the key, one call of the service, and nothing more read for the answer."""

    policy = api_policy(Permission.WORK_LEADS)

    @extend_schema(
        operation_id="offers_claim",
        request=None,
        responses={200: shapes.WonShape, 409: documents.Gone, **documents.REFUSALS},
    )
    def post(self, request: Request, offer: UUID) -> Response:
        """Take it. 200 for the winner, again and again; 409 says who was faster, by how much."""
        won = assignments.claim(offer, by=self.access, now=timezone.now())
        return Response(shapes.won(won.lead, won.assignment))


class Accept(TeamView):
    policy = api_policy(Permission.WORK_LEADS)

    @extend_schema(
        operation_id="offers_accept",
        request=None,
        responses={200: shapes.WonShape, 409: documents.Gone, **documents.REFUSALS},
    )
    def post(self, request: Request, offer: UUID) -> Response:
        """Accept an exclusive offer. Answers as a claim does."""
        won = assignments.accept(offer, by=self.access, now=timezone.now())
        return Response(shapes.won(won.lead, won.assignment))


class Declined(Strict):
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class Decline(TeamView):
    policy = api_policy(Permission.WORK_LEADS)

    @extend_schema(
        operation_id="offers_decline",
        request=Declined,
        responses={204: None, 409: documents.Gone, **documents.REFUSALS},
    )
    def post(self, request: Request, offer: UUID) -> Response:
        """Say no: the lead goes on at once. Saying it twice is harmless."""
        body: dict[str, Any] = read(Declined, request)
        reason = body["reason"]
        assignments.decline(offer, by=self.access, now=timezone.now(), reason=reason)
        return Response(status=204)
