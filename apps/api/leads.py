"""Leads: list, make, read, change, delete, restore, and what one does to them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import documents, errors, facts, shapes
from apps.api.base import Strict, TeamView, listed, printable, read
from apps.api.facts import LeadChanges, NewLead
from apps.assignments import services as assignments
from apps.assignments.models import Door
from apps.capture import services as capture
from apps.capture import sources
from apps.leads import services as leads
from apps.leads.filters import LeadFilters
from apps.leads.models import Attempt, Channel, Lead, LeadQuerySet, Outcome, Source, Status
from apps.leads.models import StatusKind as Kind
from apps.teams import visits
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import api_policy

ORDERS = {
    "-received_at": ("-received_at", "-pk"),
    "received_at": ("received_at", "pk"),
}
FILTERS = (
    "q", "owner", "had", "source", "status", "stage", "band", "clock", "target", "from", "to",
    "untouched", "contacted", "counted", "score_band",
)  # fmt: skip
PAGING = frozenset({"cursor", "page_size", "ordering", "format"})


def visible(by: Access) -> LeadQuerySet:
    """The leads that this access may see, with what their shape needs."""
    return Lead.objects.visible_to(by).select_related("source", "status", "owner__user")


def found(by: Access, lead: UUID) -> Lead:
    one = get_object_or_404(visible(by), pk=lead)
    one.team = by.team
    return one


def workable(by: Access, lead: UUID) -> Lead:
    """A lead that one may work: 404 unseen, 403 seen but somebody else's."""
    one = found(by, lead)
    if not assignments.may_edit(one, by):
        raise PermissionDenied("This lead belongs to somebody else.")
    return one


class Leads(TeamView):
    policy = api_policy(Permission.SEE_TEAM, POST=Permission.ADD_LEADS)

    @extend_schema(
        operation_id="leads_list",
        parameters=[
            *documents.PAGE,
            documents.ordering(ORDERS),
            *(OpenApiParameter(name, str, description=documents.FILTERS[name]) for name in FILTERS),
        ],
        responses={200: documents.page(shapes.LeadShape), **documents.REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """The leads one may see, the latest first."""
        asked = request.query_params.dict()
        filters = LeadFilters.read(asked)
        wrong = {name: [remedy] for name, remedy in filters.errors.items()}
        wrong |= {
            printable(name): [f"Use one of {', '.join(FILTERS)}."]
            for name in asked.keys() - PAGING - set(FILTERS)
        }
        if wrong:
            raise ValidationError(wrong)
        now = timezone.now()
        visits.note_reveal(None, by=self.access, now=now)
        rows = filters.apply(visible(self.access), by=self.access, now=now)
        return listed(
            rows, request, lambda one: shapes.lead(one, by=self.access),
            orders=ORDERS, default="-received_at",
        )  # fmt: skip

    @extend_schema(
        operation_id="leads_create",
        request=NewLead,
        parameters=[documents.IDEMPOTENCY],
        responses={
            201: documents.CaptureAnswer, 200: documents.CaptureAnswer,
            202: documents.CaptureAnswer, **documents.REFUSALS,
        },
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """A lead comes in by the same door as a capture: duplicate, rules, a person."""
        body, now = read(NewLead, request), timezone.now()
        source = self._source(body.get("source"))
        answer = capture.receive_draft(
            facts.as_draft(body, source),
            source=source,
            body=json.dumps(body, default=str, sort_keys=True).encode(),
            key=request.headers.get("Idempotency-Key", "")[:255] or None,
            door=Door.API,
            by=self.access,
            now=now,
        )
        return Response(answer.payload, answer.status)

    def _source(self, source_id: UUID | None) -> Source:
        if source_id is None:
            return sources.builtin(self.access.team, Source.Kind.API, now=timezone.now())
        source = Source.objects.visible_to(self.access).filter(pk=source_id, is_active=True).first()
        if source is None:
            raise errors.unknown("source")
        source.team = self.access.team
        return source


class OneLead(TeamView):
    policy = api_policy(
        Permission.SEE_TEAM, PATCH=Permission.WORK_LEADS, DELETE=Permission.DELETE_LEADS
    )

    @extend_schema(
        operation_id="leads_retrieve", responses={200: shapes.LeadShape, **documents.REFUSALS}
    )
    def get(self, request: Request, lead: UUID) -> Response:
        """One lead; its version is in `ETag` too."""
        one = found(self.access, lead)
        visits.note_reveal(one, by=self.access, now=timezone.now())
        return answer(one, self.access)

    @extend_schema(
        operation_id="leads_update",
        request=LeadChanges,
        parameters=[documents.IF_MATCH],
        responses={
            200: shapes.LeadShape, 412: documents.Refusal, **documents.REFUSALS,
        },
    )  # fmt: skip
    def patch(self, request: Request, lead: UUID) -> Response:
        """Change what is known. With `If-Match: <version>` a change of others in between is 412."""
        one = workable(self.access, lead)
        version = _version(request)
        if version is not None and version != one.version:
            raise leads.StaleLead(f"Version {version} was given, {one.version} is current.")
        wanted = facts.changes(read(LeadChanges, request), one)
        assignments.edit(one, changes=wanted, by=self.access, now=timezone.now(), version=version)
        return answer(found(self.access, lead), self.access)

    @extend_schema(operation_id="leads_delete", responses={204: None, **documents.REFUSALS})
    def delete(self, request: Request, lead: UUID) -> Response:
        """Take it off every screen. It can be restored."""
        one = found(self.access, lead)
        assignments.delete_lead(one, by=self.access, now=timezone.now())
        return Response(status=204)


def answer(one: Lead, by: Access, status: int = 200) -> Response:
    return Response(shapes.lead(one, by=by), status, headers={"ETag": f'"{one.version}"'})


def _version(request: Request) -> int | None:
    """The version in If-Match; none for a missing one or `*`, 400 for what is no version."""
    text = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if text in ("", "*"):
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ValidationError({"If-Match": ["Send the version of the lead, such as 3."]})
    return int(text)


class Restore(TeamView):
    policy = api_policy(Permission.DELETE_LEADS)

    @extend_schema(
        operation_id="leads_restore",
        request=None,
        responses={200: shapes.LeadShape, **documents.REFUSALS},
    )
    def post(self, request: Request, lead: UUID) -> Response:
        """Bring a deleted lead back to its owner or on its road."""
        rows = Lead.objects.filter(team=self.access.team).select_related("source")
        one = get_object_or_404(rows, pk=lead)
        one.team = self.access.team
        assignments.restore_lead(one, by=self.access, now=timezone.now())
        return answer(found(self.access, lead), self.access)


def _ahead(moment: datetime) -> None:
    """Refuse a follow-up in the past, with a minute's grace for slow clocks."""
    if moment < timezone.now() - timedelta(minutes=1):
        raise serializers.ValidationError("This moment has passed: choose one that is ahead.")


class NewAttempt(Strict):
    channel = serializers.ChoiceField(choices=Channel.choices)
    outcome = serializers.ChoiceField(
        choices=Outcome.choices, required=False, help_text="Without it the attempt is unconfirmed."
    )
    note = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")
    follow_up_at = serializers.DateTimeField(required=False, validators=[_ahead])


class ConfirmedAttempt(Strict):
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    note = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")
    follow_up_at = serializers.DateTimeField(required=False, validators=[_ahead])


class Attempts(TeamView):
    policy = api_policy(Permission.SEE_TEAM, POST=Permission.WORK_LEADS)

    @extend_schema(
        operation_id="attempts_list",
        parameters=documents.PAGE,
        responses={200: documents.page(shapes.AttemptShape), **documents.REFUSALS},
    )
    def get(self, request: Request, lead: UUID) -> Response:
        """Calls and messages to this lead."""
        rows = Attempt.objects.visible_to(self.access).filter(lead=found(self.access, lead))
        return listed(rows, request, shapes.attempt)

    @extend_schema(
        operation_id="attempts_create",
        request=NewAttempt,
        responses={201: shapes.AttemptShape, **documents.REFUSALS},
    )
    def post(self, request: Request, lead: UUID) -> Response:
        """Log an attempt. It counts, from its moment, once its outcome is known."""
        one, body, now = workable(self.access, lead), read(NewAttempt, request), timezone.now()
        made = assignments.log_attempt(one, channel=body["channel"], by=self.access, now=now)
        if "outcome" in body:
            made = _confirm(made, body, self.access)
        return Response(shapes.attempt(made), 201)


class OneAttempt(TeamView):
    policy = api_policy(Permission.WORK_LEADS)

    @extend_schema(
        operation_id="attempts_confirm",
        request=ConfirmedAttempt,
        responses={200: shapes.AttemptShape, **documents.REFUSALS},
    )
    def post(self, request: Request, lead: UUID, attempt: UUID) -> Response:
        """Say how it went. Saying it again changes nothing."""
        one = workable(self.access, lead)
        rows = Attempt.objects.visible_to(self.access).select_related("lead__source")
        made = get_object_or_404(rows, pk=attempt, lead=one)
        return Response(
            shapes.attempt(_confirm(made, read(ConfirmedAttempt, request), self.access))
        )


def _confirm(made: Attempt, body: dict[str, Any], by: Access) -> Attempt:
    return assignments.confirm_attempt(
        made,
        outcome=body["outcome"],
        by=by,
        now=timezone.now(),
        note=body["note"],
        follow_up_at=body.get("follow_up_at"),
        follow_up_channel=made.channel,
    )


class NewNote(Strict):
    text = serializers.CharField(max_length=4000)


class Notes(TeamView):
    policy = api_policy(Permission.WORK_LEADS)

    @extend_schema(
        operation_id="notes_create",
        request=NewNote,
        responses={201: documents.Made, **documents.REFUSALS},
    )
    def post(self, request: Request, lead: UUID) -> Response:
        """A note on the timeline. It is never an attempt."""
        one, body = workable(self.access, lead), read(NewNote, request)
        note = leads.add_note(one, text=body["text"], by=self.access, now=timezone.now())
        return Response({"id": str(note.pk), "at": shapes.iso(note.at)}, 201)


class NewStatus(Strict):
    status = serializers.UUIDField(required=False)
    kind = serializers.ChoiceField(
        choices=Kind.choices, required=False, help_text="The team's first status of this kind."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise ValidationError({"status": ["Give either a status or a kind."]})
        return attrs


class LeadStatus(TeamView):
    policy = api_policy(Permission.WORK_LEADS)

    @extend_schema(
        operation_id="leads_status",
        request=NewStatus,
        responses={200: shapes.LeadShape, **documents.REFUSALS},
    )
    def post(self, request: Request, lead: UUID) -> Response:
        """Give the lead a status of its team."""
        one, body = workable(self.access, lead), read(NewStatus, request)
        wanted = {"pk": body["status"]} if "status" in body else {"kind": body["kind"]}
        rows = Status.objects.visible_to(self.access).filter(is_active=True, **wanted)
        status = rows.first()
        if status is None:
            raise errors.unknown(next(iter(body)))
        assignments.change_status(one, status=status, by=self.access, now=timezone.now())
        return answer(found(self.access, lead), self.access)
