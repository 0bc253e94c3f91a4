"""Assignments, the hopper and decisions: who owns a lead, who may pick one, and why."""

from __future__ import annotations

from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import documents, errors, shapes
from apps.api.base import Strict, TeamView, choice_in, id_in, listed, read
from apps.assignments import services as assignments
from apps.assignments.models import Assignment, Decision, HopperEntry
from apps.assignments.pages import reasons
from apps.leads.models import Lead
from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.policy import api_policy

LIVE, ENDED, ALL = "live", "ended", "all"
OF_LEAD = OpenApiParameter("lead", UUID, description="Only those of this lead.")


class ByHand(Strict):
    lead = serializers.UUIDField()
    member = serializers.UUIDField()
    counts_as_turn = serializers.BooleanField(required=False, default=False)


class Assignments(TeamView):
    policy = api_policy(Permission.SEE_TEAM, POST=Permission.REASSIGN)

    @extend_schema(
        operation_id="assignments_list",
        parameters=[
            *documents.PAGE,
            OF_LEAD,
            OpenApiParameter("member", UUID, description="Only those of this member."),
            OpenApiParameter("state", str, enum=(LIVE, ENDED, ALL), description="Default: live."),
        ],
        responses={200: documents.page(shapes.AssignmentShape), **documents.REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """Periods of ownership, one's own or the team's."""
        rows = Assignment.objects.visible_to(self.access).select_related("member__user")
        state = choice_in(request, "state", (LIVE, ENDED, ALL), LIVE)
        if state != ALL:
            rows = rows.filter(ended_at__isnull=state == LIVE)
        for name in ("lead", "member"):
            if wanted := id_in(request, name):
                rows = rows.filter(**{name: wanted})
        return listed(rows, request, shapes.assignment)

    @extend_schema(
        operation_id="assignments_create",
        request=ByHand,
        responses={201: shapes.AssignmentShape, 422: documents.Refusal, **documents.REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Give a lead to a member by hand."""
        body, by, now = read(ByHand, request), self.access, timezone.now()
        lead = Lead.objects.visible_to(by).select_related("source").filter(pk=body["lead"]).first()
        if lead is None:
            raise errors.unknown("lead")
        people = Membership.objects.active().filter(team=by.team).select_related("user")
        member = people.filter(pk=body["member"]).first()
        if member is None:
            raise errors.unknown("member")
        assignments.assign_by_hand(
            lead, member=member, by=by, now=now, counts_as_turn=body["counts_as_turn"]
        )
        rows = Assignment.objects.visible_to(by).live().select_related("member__user")
        return Response(shapes.assignment(rows.get(lead=lead)), 201)


class Released(Strict):
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class Release(TeamView):
    policy = api_policy(Permission.WORK_LEADS)

    @extend_schema(
        operation_id="assignments_release",
        request=Released,
        responses={204: None, 409: documents.Refusal, **documents.REFUSALS},
    )
    def post(self, request: Request, assignment: UUID) -> Response:
        """Give the lead back: it goes on its road. 409 if this ownership is over already."""
        rows = Assignment.objects.visible_to(self.access).select_related("lead__source")
        one = get_object_or_404(rows, pk=assignment)
        body = read(Released, request)
        if one.ended_at is not None:
            return Response({"detail": "This assignment is over already."}, 409)
        one.lead.team = self.access.team
        now = timezone.now()
        assignments.release(one.lead, by=self.access, now=now, reason=body["reason"])
        return Response(status=204)


class Hopper(TeamView):
    policy = api_policy(Permission.WORK_LEADS)

    @extend_schema(
        operation_id="hopper_list",
        parameters=documents.PAGE,
        responses={200: documents.page(shapes.HopperShape), **documents.REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """Leads that one may pick, masked until then."""
        rows = HopperEntry.objects.visible_to(self.access).waiting()
        rows = rows.select_related("lead__source", "pool", "decision")
        return listed(rows, request, shapes.hopper_entry)


class Pick(TeamView):
    policy = api_policy(Permission.WORK_LEADS)

    @extend_schema(
        operation_id="hopper_pick",
        request=None,
        responses={200: shapes.WonShape, 409: documents.Gone, **documents.REFUSALS},
    )
    def post(self, request: Request, lead: UUID) -> Response:
        """Take a lead out of the hopper. Answers as a claim does."""
        won = assignments.pick(lead, by=self.access, now=timezone.now())
        return Response(shapes.won(won.lead, won.assignment))


class Decisions(TeamView):
    policy = api_policy(Permission.SEE_TEAM)

    @extend_schema(
        operation_id="decisions_list",
        parameters=[*documents.PAGE, OF_LEAD],
        responses={200: documents.page(shapes.DecisionShape), **documents.REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """Why leads went where they went: the team's, or those of one's own leads and turns."""
        rows = Decision.objects.visible_to(self.access)
        if wanted := id_in(request, "lead"):
            rows = rows.filter(lead=wanted)
        return listed(rows, request, shapes.decision)


class OneDecision(TeamView):
    policy = api_policy(Permission.SEE_TEAM)

    @extend_schema(
        operation_id="decisions_retrieve",
        responses={200: shapes.DecisionInWordsShape, **documents.REFUSALS},
    )
    def get(self, request: Request, decision: UUID) -> Response:
        """One decision, in words for this reader."""
        rows = Decision.objects.visible_to(self.access).select_related("actor")
        one = get_object_or_404(rows, pk=decision)
        words = reasons.in_words(one, self.access)
        quiet = [words.quiet] if words.quiet else []
        sees_all = self.access.can(Permission.SEE_DECISIONS)
        numbers = {key: one.trace.get(key, []) if sees_all else [] for key in ("rules", "steps")}
        return Response({**shapes.decision(one), "words": [*words.sentences, *quiet], **numbers})
