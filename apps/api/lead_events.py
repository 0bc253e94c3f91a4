"""What a lead did as other systems saw it, and what its decision meant for the caller."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import documents
from apps.api.base import Strict, TeamView, read
from apps.api.leads import found, workable
from apps.assignments.pages import reasons
from apps.leads import services as leads
from apps.leads.events import EVENTS
from apps.teams.permissions import Permission
from apps.teams.policy import api_policy


class NewEvent(Strict):
    event = serializers.ChoiceField(choices=EVENTS)


class Events(TeamView):
    policy = api_policy(Permission.WORK_LEADS)

    @extend_schema(
        operation_id="events_create",
        request=NewEvent,
        responses={204: None, **documents.REFUSALS},
    )
    def post(self, request: Request, lead: UUID) -> Response:
        """Tell what the lead did: it replied, opened what was sent, or came again.

        The rule sets that ask for it decide within a second or two.
        """
        one, body = workable(self.access, lead), read(NewEvent, request)
        leads.report(one, body["event"], by=self.access, now=timezone.now())
        return Response(status=204)


class WhyNotMeShape(serializers.Serializer[Any]):
    words = serializers.ListField(child=serializers.CharField())


class WhyNotMe(TeamView):
    policy = api_policy(Permission.SEE_TEAM)

    @extend_schema(
        operation_id="leads_why_not_me",
        responses={200: WhyNotMeShape, **documents.REFUSALS},
    )
    def get(self, request: Request, lead: UUID) -> Response:
        """What the newest choice meant for the caller; nothing of her colleagues.

        Empty for those who may read whole decisions: they have /decisions/.
        """
        one = found(self.access, lead)
        return Response({"words": reasons.why_not_me(one, self.access)})
