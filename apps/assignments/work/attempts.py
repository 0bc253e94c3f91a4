"""Attempts and outcomes: what stops the clock, and what an owner says of her lead."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.alerts.models import Kind
from apps.assignments.models import Assignment
from apps.assignments.moves.leaving import Grip, grip, leave
from apps.assignments.road import rows
from apps.assignments.road.telling import tell, users
from apps.assignments.road.writing import Writing
from apps.leads import events
from apps.leads import services as leads
from apps.leads.models import (
    OPEN_KINDS,
    Activity,
    Attempt,
    Channel,
    Lead,
    Outcome,
    Status,
    StatusKind,
)
from apps.leads.services import activity
from apps.rules import hours
from apps.teams.access import Access
from apps.teams.models import Membership, member_id_of
from apps.teams.permissions import Permission
from apps.teams.scope import deed

UNCONFIRMED_HOLDS = timedelta(minutes=15)
SETTLED = (Lead.Stage.OWNED, Lead.Stage.OUT)

STATUS_COLUMNS = (
    "status", "status_kind", "closed_at", "qualified_at", "disqualified_reason", "version",
)  # fmt: skip


class DoNotContact(Exception):
    """The person asked not to be contacted; nothing was logged."""


@transaction.atomic
def log_attempt(
    lead: Lead, *, channel: str, by: Access, now: datetime, script_id: UUID | None = None
) -> Attempt:
    """Note that a call or message was started. Not yet counted: its outcome is not known.

    It stops the take-back for 15 minutes. ValueError for an unknown channel.
    """
    if channel not in Channel.values:
        raise ValueError(f"“{channel}” is no channel; use one of {', '.join(Channel.values)}.")
    if lead.do_not_contact:
        raise DoNotContact("This person asked not to be contacted.")
    live = _live_assignment(lead)
    attempt = Attempt.objects.create(
        team_id=lead.team_id,
        lead=lead,
        member_id=member_id_of(by),
        channel=channel,
        at=now,
        script_id=script_id,
        **deed(by),
    )
    if live is not None and live.member_id == by.member_id:
        live.held_until = now + UNCONFIRMED_HOLDS
        live.save(update_fields=["held_until"])
    data = {"attempt": str(attempt.pk), "channel": channel}
    activity(lead, Activity.Kind.ATTEMPT, by=by, now=now, data=data).save()
    return attempt


@transaction.atomic
def confirm_attempt(
    attempt: Attempt,
    *,
    outcome: str,
    by: Access,
    now: datetime,
    note: str = "",
    follow_up_at: datetime | None = None,
    follow_up_channel: str = "",
) -> Attempt:
    """Say how it went. It counts from the tap; a misdial never does. Saying it twice is harmless.

    A call that reached somebody moves a new lead to “working”.
    """
    if outcome not in Outcome.values:
        raise ValueError(f"“{outcome}” is no outcome; use one of {', '.join(Outcome.values)}.")
    held = grip(attempt.lead_id, by)
    lead, live = held.lead, held.assignment
    changed = Attempt.objects.filter(pk=attempt.pk, confirmed_at=None).update(
        confirmed_at=now, outcome=outcome
    )
    attempt.refresh_from_db()
    if not changed:
        return attempt
    data = {"attempt": str(attempt.pk), "channel": attempt.channel, "outcome": outcome}
    activity(lead, Activity.Kind.OUTCOME, by=by, now=now, data=data).save()
    _stop_clock(live, attempt)
    if attempt.counts:
        in_hours = hours.seconds_between(lead.received_at, attempt.at, team=by.team)
        leads.count_attempt(lead, attempt, business_seconds=in_hours)
        if outcome == Outcome.REPLIED:
            events.heard(lead, events.REPLIED, by=by, now=now)
        _start_working(lead, by=by, now=now)
    if note.strip():
        leads.add_note(lead, text=note, by=by, now=now)
    if follow_up_at is not None:
        leads.set_follow_up(
            lead, due_at=follow_up_at, by=by, now=now, channel=follow_up_channel, note=note
        )
    return attempt


def _stop_clock(live: Assignment | None, attempt: Attempt) -> None:
    """Stop the response clock of the assignment in which the attempt was made."""
    if live is None or live.member_id != attempt.member_id or attempt.at < live.started_at:
        return
    live.held_until = None
    if attempt.counts and (live.responded_at is None or attempt.at < live.responded_at):
        live.responded_at = attempt.at
    live.save(update_fields=["held_until", "responded_at"])


def _start_working(lead: Lead, *, by: Access, now: datetime) -> None:
    working = Status.objects.filter(
        team_id=lead.team_id, kind=StatusKind.WORKING, is_active=True
    ).first()
    if lead.status_kind == StatusKind.NEW and working is not None:
        change_status(lead, status=working, by=by, now=now)


@transaction.atomic
def change_status(
    lead: Lead, *, status: Status, by: Access, now: datetime, reason: str = ""
) -> Lead:
    """Give the lead a status of its team. Closing it stops its clocks and frees the owner's place;
    opening it again takes one. `reason` says why it is disqualified."""
    if status.team_id != lead.team_id:
        raise Status.DoesNotExist
    held = grip(lead.pk, by)
    lead, live = held.lead, held.assignment
    was_open, before = lead.is_open, lead.status_kind
    if lead.status_id == status.pk:
        return lead
    leaves_road = status.kind not in OPEN_KINDS and lead.stage not in SETTLED
    if leaves_road:
        _leave_road(held, by=by, now=now)
    lead.status, lead.status_kind = status, status.kind
    lead.closed_at = None if lead.is_open else now
    if status.kind == StatusKind.QUALIFIED and lead.qualified_at is None:
        lead.qualified_at = now
    lead.disqualified_reason = reason if status.kind == StatusKind.DISQUALIFIED else ""
    lead.version += 1
    lead.save(update_fields=STATUS_COLUMNS)
    data = {"to": status.name, "kind": status.kind, "from_kind": before, "left_road": leaves_road}
    data |= {"reason": reason} if reason else {}
    activity(lead, Activity.Kind.STATUS, by=by, now=now, data=data).save()
    events.changed(lead, ["status"], by=by, now=now)
    if live is not None and was_open != lead.is_open:
        live.stopped_at = None if lead.is_open else now
        live.save(update_fields=["stopped_at"])
        _move_place(live.member_id, up=lead.is_open)
    return lead


def _leave_road(held: Grip, *, by: Access, now: datetime) -> None:
    """A lead that is closed while nobody owns it is not offered any longer."""
    left = leave(held, reason=Assignment.Ended.RELEASED, now=now)
    out = {"stage": Lead.Stage.OUT, "owner_id": None}
    writing = Writing(lead=out, nothing_came_of=left.withdrawn)
    left.lead.generation += 1
    if left.freeing is not None:
        writing.updates.append(rows.free_place(left.freeing))
    writing.alerts += tell(users(left.offered_to), Kind.WITHDRAWN, left.lead, reason="closed")
    writing.send(left.lead, by.team, now)


def _move_place(member_id: UUID, *, up: bool) -> None:
    mine = Membership.objects.filter(pk=member_id)
    if up:
        mine.update(open_leads=F("open_leads") + 1)
    else:
        mine.filter(open_leads__gt=0).update(open_leads=F("open_leads") - 1)


def _live_assignment(lead: Lead) -> Assignment | None:
    """The live assignment, locked: assignments come before leads in the order of locks."""
    return (
        Assignment.objects.select_for_update(no_key=True)
        .filter(lead_id=lead.pk, ended_at=None)
        .first()
    )


def may_edit(lead: Lead, by: Access) -> bool:
    """Whether the actor may work this lead: her own, or others' with the permission."""
    if lead.owner_id is not None and lead.owner_id == by.member_id:
        return by.can(Permission.WORK_LEADS)
    return by.can(Permission.EDIT_OTHERS)
