"""Who one is here, and one's alerts."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.alerts.models import Alert
from apps.api import documents
from apps.api.base import TeamView
from apps.teams.permissions import Permission
from apps.teams.policy import api_policy

ALERTS_AT_ONCE = 200


class MeShape(serializers.Serializer[Any]):
    user = serializers.UUIDField()
    member = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    email = serializers.CharField()
    team = serializers.CharField()
    role = serializers.CharField()
    via = serializers.CharField()
    is_masked = serializers.BooleanField()
    is_paused = serializers.BooleanField()
    permissions = serializers.ListField(child=serializers.CharField())


class Me(TeamView):
    policy = api_policy(Permission.SEE_TEAM)

    @extend_schema(operation_id="me", responses={200: MeShape, **documents.REFUSALS})
    def get(self, request: Request) -> Response:
        """Who is asking, in which team, with which permissions."""
        access = self.access
        return Response(
            {
                "user": str(access.actor_id),
                "member": str(access.member_id) if access.member_id else None,
                "name": access.user.name if access.user else "",
                "email": access.user.email if access.user else "",
                "team": access.team.slug,
                "role": access.role,
                "via": access.via.value,
                "is_masked": access.masked,
                "is_paused": bool(access.membership and access.membership.is_paused),
                "permissions": sorted(p.value for p in Permission if access.can(p)),
            }
        )


class AlertShape(serializers.Serializer[Any]):
    type = serializers.CharField()
    seq = serializers.IntegerField()
    id = serializers.UUIDField()
    kind = serializers.CharField()
    team = serializers.CharField()
    lead = serializers.UUIDField(allow_null=True)
    offer = serializers.UUIDField(allow_null=True)
    at = serializers.DateTimeField()
    data = serializers.DictField()  # type: ignore[assignment]


class AlertsShape(serializers.Serializer[Any]):
    results = AlertShape(many=True)
    last = serializers.IntegerField(help_text="Ask for what comes after it.")


class Alerts(TeamView):
    policy = api_policy(Permission.SEE_TEAM)

    @extend_schema(
        operation_id="alerts_list",
        parameters=[OpenApiParameter("after", int, description="The last number seen; 0 first.")],
        responses={200: AlertsShape, **documents.REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """One's alerts after a number, in order: the frames of the websocket, at most 200."""
        after = self._after(request)
        rows = Alert.objects.visible_to(self.access).filter(seq__gt=after).order_by("seq")
        frames = [one.frame(self.access.team.slug) for one in rows[:ALERTS_AT_ONCE]]
        return Response({"results": frames, "last": frames[-1]["seq"] if frames else after})

    def _after(self, request: Request) -> int:
        text = request.query_params.get("after", "0")
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise ValidationError({"after": ["Send the last number seen, such as 17."]})
        return int(text)
