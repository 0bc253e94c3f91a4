"""What managers' lists show: held leads with their place and reason, and reports of bad leads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from apps.assignments.models import BadLeadReport, Hold
from apps.assignments.pages.cards import LeadCard, address, lead_card
from apps.assignments.road.draining import in_order
from apps.routing.explain import explain
from apps.rules.models import TurnEntry
from apps.rules.registry import registry
from apps.teams.access import Access
from apps.teams.models import Membership

SHOWN = 100
DECIDED_SHOWN = 20


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A held lead: the how-manieth of how many in its pool, why, and when that may change."""

    lead: LeadCard
    since: datetime
    pool: str
    place: int
    of: int
    why: str
    next_chance: datetime | None
    priority: int
    band: str
    release_url: str


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report. `turn_in` names the pool whose turn comes back with it; "" if none does."""

    id: UUID
    lead: LeadCard
    member: str
    reason: str
    note: str
    at: datetime
    turn_in: str
    state: str
    decided_by: str
    decided_at: datetime | None
    gave_back: bool
    accept_url: str
    refuse_url: str


def waiting(access: Access) -> QuerySet[Hold]:
    """The team's holds that last."""
    holds: QuerySet[Hold] = Hold.objects.visible_to(access).filter(
        released_at=None, lead__deleted_at=None
    )
    return holds


def held(access: Access, now: datetime) -> list[HeldRow]:
    """The held leads in the order in which they go on, the first hundred. Three queries."""
    rows = in_order(waiting(access)).annotate(
        place=Window(
            RowNumber(),
            partition_by=F("pool_id"),
            order_by=[F("need").desc(), F("band_place"), F("since"), F("pk")],
        )
    )
    found = list(rows.select_related("lead__source", "pool", "decision")[:SHOWN])
    of = Counter(waiting(access).values_list("pool_id", flat=True)) if found else Counter()
    names = _names(hold.decision.trace for hold in found)
    return [_held_row(hold, of[hold.pool_id], names, access, now) for hold in found]


def _held_row(
    hold: Any, of: int, names: Mapping[str, str], access: Access, now: datetime
) -> HeldRow:
    trace = hold.decision.trace
    return HeldRow(
        lead=lead_card(
            hold.lead, access, masked=access.masked, keys=trace.get("facts", {})
        ),
        since=hold.since,
        pool=hold.pool.name,
        place=hold.place,
        of=of,
        why=_why(trace, names, access),
        next_chance=_next_chance(trace, now),
        priority=hold.lead.priority,
        band=hold.lead.band,
        release_url=address(access, "held_release", lead=hold.lead_id),
    )  # fmt: skip


def why_held(hold: Hold, access: Access) -> str:
    """Why nobody in its pool could take the lead, in words."""
    return _why(hold.decision.trace, _names([hold.decision.trace]), access)


def _why(trace: Mapping[str, Any], names: Mapping[str, str], access: Access) -> str:
    """Who was passed over in the pool that holds it, and why: the last one that was asked."""
    steps = list(trace.get("steps", []))[-1:]
    if not steps or not steps[0].get("candidates"):
        return _("Nobody sits in this pool.")
    zone = access.user.timezone if access.user else access.team.timezone
    told = explain({"steps": steps}, names=names, registry=registry(access.team), timezone=zone)
    # “Pool “DACH”, by turn: Mia paused, …”: the page names the pool already.
    after_name = told[0].partition(f"“{steps[0]['pool']['name']}”")[2]
    return after_name.partition(": ")[2] or told[0]


def _next_chance(trace: Mapping[str, Any], now: datetime) -> datetime | None:
    """The first moment ahead at which a reason ends, as far as reasons know their end."""
    step = (list(trace.get("steps", [])) or [{}])[-1]
    ends = (one.get("skip_until") for one in step.get("candidates", []))
    ahead = [at for at in (datetime.fromisoformat(end) for end in ends if end) if at > now]
    return min(ahead, default=None)


def _names(traces: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    steps = [step for trace in traces for step in list(trace.get("steps", []))[-1:]]
    wanted = {
        one[key]
        for step in steps
        for one in step.get("candidates", [])
        for key in ("member", "taker")
        if one.get(key)
    }
    if not wanted:
        return {}
    members = Membership.objects.filter(pk__in=wanted).select_related("user")
    return {str(one.pk): str(one.user) for one in members}


def reports(access: Access) -> tuple[list[ReportRow], list[ReportRow]]:
    """Reports that wait, the oldest first, and those decided last. Three queries."""
    rows = (
        BadLeadReport.objects.visible_to(access)
        .filter(lead__deleted_at=None)
        .select_related("lead__source", "member__user", "decided_by")
    )
    is_open = BadLeadReport.State.OPEN
    waiting = list(rows.filter(state=is_open).order_by("at", "pk")[:SHOWN])
    decided = list(rows.exclude(state=is_open).order_by("-decided_at", "-pk")[:DECIDED_SHOWN])
    turns = _turns(waiting)
    return (
        [_report_row(row, turns.get(row.pk, ""), access) for row in waiting],
        [_report_row(row, "", access) for row in decided],
    )


def _turns(rows: Sequence[BadLeadReport]) -> dict[UUID, str]:
    """The pool whose turn each report would give back."""
    if not rows:
        return {}
    entries = TurnEntry.objects.filter(
        lead__in=[row.lead_id for row in rows], reason=TurnEntry.Reason.TURN
    ).exclude(pool__give_back="never")
    found = entries.order_by("at").values_list("lead_id", "winner__membership_id", "pool__name")
    pools = {(lead, member): pool for lead, member, pool in found}
    return {row.pk: pools.get((row.lead_id, row.member_id), "") for row in rows}


def _report_row(row: BadLeadReport, turn_in: str, access: Access) -> ReportRow:
    return ReportRow(
        id=row.pk,
        lead=lead_card(row.lead, access, masked=access.masked),
        member=str(row.member.user),
        reason=str(BadLeadReport.Reason(row.reason).label),
        note=row.note,
        at=row.at,
        turn_in=turn_in,
        state=row.state,
        decided_by=str(row.decided_by) if row.decided_by else "",
        decided_at=row.decided_at,
        gave_back=row.gave_back,
        accept_url=address(access, "report_accept", report=row.pk),
        refuse_url=address(access, "report_refuse", report=row.pk),
    )
