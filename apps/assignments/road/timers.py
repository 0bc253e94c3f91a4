"""Deadlines that have come: expired offers, take-backs, warnings, held leads, the hopper.

Each row is taken by one conditional UPDATE with SKIP LOCKED in a transaction of its own, by the
database's clock. Whoever wins the row acts, once; two of these at work at once are harmless.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import OperationalError, transaction

from apps.alerts import services as alerts
from apps.alerts.models import Kind
from apps.assignments.models import Assignment, Decision, Door, HopperEntry, Offer
from apps.assignments.moves import off_duty
from apps.assignments.moves.claiming import locked
from apps.assignments.road import deadlines, draining, rows, triggers
from apps.assignments.road.placing import route
from apps.assignments.road.telling import call_managers, escalate, tell, users
from apps.assignments.road.writing import Writing
from apps.leads.models import Activity, FollowUp, Lead
from apps.leads.services import activity
from apps.teams.access import Access
from apps.teams.fixed import prepared
from apps.teams.models import Membership

# Whoever has to decide is told by these already.
CALLS_MANAGERS = frozenset({Decision.Outcome.HELD, Decision.Outcome.MANAGER})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Timer:
    """One kind of deadline: the statement that wins a due row, and what to do with it."""

    name: str
    sql: str
    act: Callable[[UUID, datetime], None]


def expire_due(*, limit: int = 200) -> dict[str, int]:
    """Act on what is due, at most `limit` of each kind; how many of each were acted on.

    A row that fails is logged, left as it was and tried again by the next call.
    """
    done: Counter[str] = Counter()
    for timer in TIMERS:
        failed: list[UUID] = []
        while done[timer.name] + len(failed) < limit and _one(timer, failed):
            done[timer.name] += 1
    done["handed_back"] = off_duty.hand_back_due(limit=limit)
    done["drained"] = draining.drain_due(limit=limit)
    return dict(done)


def _one(timer: Timer, failed: list[UUID]) -> bool:
    """Win one due row and act on it; False when none is left."""
    row_id: UUID | None = None
    try:
        with transaction.atomic():
            with prepared() as cursor:
                cursor.execute(timer.sql, [failed])
                won = cursor.fetchone()
            if won is None:
                return False
            row_id, now = won
            timer.act(row_id, now)
    except OperationalError:
        raise
    except Exception:
        log.exception("timer_failed", timer=timer.name, row=str(row_id))
        if row_id is None:
            return False
        failed.append(row_id)
    return True


def _offer_expired(offer_id: UUID, now: datetime) -> None:
    offer = Offer.objects.select_related("team", "pool").get(pk=offer_id)
    by = Access.system(offer.team)
    lead = locked(offer.lead_id, by)
    told = list(Membership.objects.filter(pk__in=offer.candidates, is_active=True))
    data = {"members": len(told), "pool": offer.pool.name}
    member = told[0] if offer.is_exclusive and told else None
    expired = activity(lead, Activity.Kind.EXPIRED, by=by, now=now, member=member, data=data)
    if not _is_current(lead, offer.generation):
        expired.save()
        if offer.is_exclusive and (seat := rows.counted_seat(offer)):
            rows.uncount(seat, offer)
        return
    writing = Writing(rows=[expired], nothing_came_of=offer if offer.is_exclusive else None)
    writing.alerts += tell(
        users(told), Kind.EXPIRED, lead, offer_id=offer.pk, reason="no_answer_in_time"
    )
    if not offer.is_exclusive:
        writing.alerts += escalate(lead, team=by.team, pool=offer.pool, reason="nobody_claimed")
    route(lead, door=Door.EXPIRY, by=by, now=now, freeing=offer.member_id, writing=writing)


def _response_due(assignment_id: UUID, now: datetime) -> None:
    assignment = _assignment(assignment_id)
    by = Access.system(assignment.team)
    lead = locked(assignment.lead_id, by)
    data = {"respond_by": _iso(assignment.respond_by)}
    taken = activity(
        lead, Activity.Kind.TAKEN_BACK, by=by, now=now, member=assignment.member, data=data
    )
    if not _is_current(lead, assignment.generation):
        taken.save()
        return
    writing = Writing(rows=[taken])
    writing.alerts += tell(
        [assignment.member.user_id], Kind.TAKEN_BACK, lead, reason="no_attempt_in_time"
    )
    writing.alerts += escalate(
        lead, team=by.team, pool=assignment.pool, reason="no_attempt_in_time"
    )
    route(lead, door=Door.TAKE_BACK, by=by, now=now, freeing=assignment.member_id, writing=writing)


def _stays_overdue(assignment_id: UUID, now: datetime) -> None:
    """Its pool leaves the lead with its owner: she is reminded, and the managers are told."""
    assignment = _assignment(assignment_id)
    by = Access.system(assignment.team)
    lead = locked(assignment.lead_id, by)
    if not _is_current(lead, assignment.generation):
        return
    data = {"stays": True, "respond_by": _iso(assignment.respond_by)}
    member = assignment.member
    activity(lead, Activity.Kind.EXPIRED, by=by, now=now, member=member, data=data).save()
    told = call_managers(
        Kind.ESCALATED, lead, team=by.team, pool=assignment.pool, reason="stays_overdue"
    )
    told += tell([member.user_id], Kind.REMINDER, lead, reason="deadline_passed")
    alerts.raise_alerts(told, team=by.team, now=now)


def _assignment(assignment_id: UUID) -> Assignment:
    rows = Assignment.objects.select_related("team", "pool", "member__user")
    return rows.get(pk=assignment_id)


def _hopper_over(entry_id: UUID, now: datetime) -> None:
    entry = HopperEntry.objects.select_related("team", "pool").get(pk=entry_id)
    by = Access.system(entry.team)
    lead = locked(entry.lead_id, by)
    if not _is_current(lead, entry.generation):
        return
    placed = route(lead, door=Door.HOPPER, by=by, now=now)
    if placed.outcome not in CALLS_MANAGERS:
        told = escalate(lead, team=by.team, pool=entry.pool, reason="too_long_in_hopper")
        alerts.raise_alerts(told, team=by.team, now=now)


def _warn_offer(offer_id: UUID, now: datetime) -> None:
    offer = Offer.objects.select_related("team", "lead__source", "pool", "member__user").get(
        pk=offer_id
    )
    hours = deadlines.hours_of(offer.team, offer.pool, offer.member)
    following = deadlines.warn_at(offer.opened_at, offer.expires_at, now, hours=hours)
    Offer.objects.filter(pk=offer.pk).update(warn_at=following)
    if offer.member_id is not None:
        told = Membership.objects.filter(pk=offer.member_id)
        _remind(told, offer.lead, offer, now, offer_id=offer.pk, expires_at=offer.expires_at)


def _warn_assignment(assignment_id: UUID, now: datetime) -> None:
    rows = Assignment.objects.select_related("team", "lead__source", "pool", "member__user")
    assignment = rows.get(pk=assignment_id)
    hours = deadlines.hours_of(assignment.team, assignment.pool, assignment.member)
    due = assignment.respond_by
    following = deadlines.warn_at(assignment.started_at, due, now, hours=hours)
    Assignment.objects.filter(pk=assignment.pk).update(warn_at=following)
    told = Membership.objects.filter(pk=assignment.member_id)
    _remind(told, assignment.lead, assignment, now, respond_by=assignment.respond_by)


def _follow_up_due(follow_up_id: UUID, now: datetime) -> None:
    follow_up = FollowUp.objects.select_related("team", "lead__source", "member").get(
        pk=follow_up_id
    )
    if follow_up.lead.deleted_at is not None:
        return
    due = tell([follow_up.member.user_id], Kind.FOLLOW_UP, follow_up.lead, due_at=follow_up.due_at)
    alerts.raise_alerts(due, team=follow_up.team, now=now)


def _remind(told: Any, lead: Lead, row: Offer | Assignment, now: datetime, **data: Any) -> None:
    reminder = tell(users(told), Kind.REMINDER, lead, **data)
    alerts.raise_alerts(reminder, team=row.team, now=now)


def _is_current(lead: Lead, generation: int) -> bool:
    """Whether the lead is still where it was when the deadline was set."""
    return lead.generation == generation and lead.deleted_at is None and lead.is_open


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


# Due is judged by statement_timestamp(): clock_timestamp() may change within a statement, so no
# index could be searched with it, and a look at a million deadlines would read them all.


def _win(table: str, changes: str, due: str, order: str) -> str:
    return (
        f"UPDATE {table} SET {changes} WHERE id = (SELECT id FROM {table} WHERE {due} "
        f"AND NOT id = ANY(%s::uuid[]) ORDER BY {order} LIMIT 1 FOR UPDATE SKIP LOCKED) "
        "RETURNING id, clock_timestamp()"
    )


UNANSWERED = (
    "ended_at IS NULL AND responded_at IS NULL AND stopped_at IS NULL "
    "AND overdue_at IS NULL AND respond_by <= statement_timestamp() "
    "AND (held_until IS NULL OR held_until <= statement_timestamp())"
)
STAYS = "(SELECT FROM rules_pool WHERE rules_pool.id = pool_id AND on_expiry = 'stay')"

TIMERS = (
    Timer(
        "offers_expired",
        _win(
            "assignments_offer",
            "state = 'expired', closed_at = clock_timestamp()",
            "state = 'open' AND expires_at <= statement_timestamp()",
            "expires_at",
        ),
        _offer_expired,
    ),
    Timer(
        "stayed_overdue",
        _win(
            "assignments_assignment",
            "overdue_at = clock_timestamp()",
            f"{UNANSWERED} AND EXISTS {STAYS}",
            "respond_by",
        ),
        _stays_overdue,
    ),
    Timer(
        "taken_back",
        _win(
            "assignments_assignment",
            "ended_at = clock_timestamp(), end_reason = 'timeout'",
            f"{UNANSWERED} AND NOT EXISTS {STAYS}",
            "respond_by",
        ),
        _response_due,
    ),
    Timer(
        "hopper_given_up",
        _win(
            "assignments_hopperentry",
            "left_at = clock_timestamp(), gave_up = true",
            "left_at IS NULL AND expires_at <= statement_timestamp()",
            "expires_at",
        ),
        _hopper_over,
    ),
    Timer(
        "rules_asked",
        _win(
            "leads_leadevent",
            "handled_at = clock_timestamp()",
            "handled_at IS NULL AND at <= statement_timestamp()",
            "at",
        ),
        triggers.handle,
    ),
    Timer(
        "offers_warned",
        _win(
            "assignments_offer",
            "warn_at = NULL",
            "state = 'open' AND warn_at IS NOT NULL AND warn_at <= statement_timestamp()",
            "warn_at",
        ),
        _warn_offer,
    ),
    Timer(
        "assignments_warned",
        _win(
            "assignments_assignment",
            "warn_at = NULL",
            "ended_at IS NULL AND responded_at IS NULL AND stopped_at IS NULL "
            "AND warn_at IS NOT NULL AND warn_at <= statement_timestamp()",
            "warn_at",
        ),
        _warn_assignment,
    ),
    Timer(
        "follow_ups_due",
        _win(
            "leads_followup",
            "reminded_at = clock_timestamp()",
            "done_at IS NULL AND cancelled_at IS NULL AND reminded_at IS NULL "
            "AND due_at <= statement_timestamp()",
            "due_at",
        ),
        _follow_up_due,
    ),
)
