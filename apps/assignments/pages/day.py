"""A member's day in figures, and her place in the line of each pool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from math import ceil, inf
from zoneinfo import ZoneInfo

from django.urls import reverse

from apps.assignments.models import Assignment
from apps.assignments.seats import limits
from apps.leads.models import Lead
from apps.routing.credit import NANO
from apps.rules.models import Mode, Ranking, Seat
from apps.teams.access import Access


@dataclass(frozen=True, slots=True)
class DayFigures:
    """`None` seconds: not reached, because more than half are unanswered."""

    received: int
    median_seconds: float | None
    team_median_seconds: float | None
    in_time: int
    of: int
    claims_left: int | None
    claims_limit: int | None
    received_url: str
    untouched_url: str


@dataclass(frozen=True, slots=True)
class TurnLine:
    pool: str
    position: int
    credit: Decimal
    url: str


def figures(access: Access, now: datetime) -> DayFigures:
    """Leads that came to the member since midnight in the team's zone; two queries."""
    midnight = now.astimezone(ZoneInfo(access.team.timezone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    mine = list(
        Assignment.objects.filter(
            team=access.team, member_id=access.member_id, started_at__gte=midnight,
            lead__deleted_at=None,
        ).values_list(
            "lead__received_at", "lead__first_attempt_at", "respond_by", "responded_at"
        )
    )  # fmt: skip
    team = Lead.objects.counted().filter(team=access.team, received_at__gte=midnight)
    waits = list(team.values_list("received_at", "first_attempt_at")[:5000])
    judged = [(due, done) for _, _, due, done in mine if done or (due and due <= now)]
    allowed = limits.of(None, access.team, now)
    claimed = _claimed_today(access, allowed)
    leads_url = reverse("leads:list", kwargs={"team": access.team.slug})
    return DayFigures(
        received=len(mine),
        median_seconds=_median([_wait(received, done) for received, done, _, _ in mine]),
        team_median_seconds=_median([_wait(received, done) for received, done in waits]),
        in_time=sum(1 for due, done in judged if done and (due is None or done <= due)),
        of=len(judged),
        claims_left=None if allowed.per_day is None else max(allowed.per_day - claimed, 0),
        claims_limit=allowed.per_day,
        received_url=f"{leads_url}?owner={access.member_id}&period=today",
        untouched_url=f"{leads_url}?owner={access.member_id}&untouched=1",
    )


def turns(access: Access) -> list[TurnLine]:
    """Where the member stands in each pool that works by turn."""
    if access.member_id is None:
        return []
    mine = Seat.objects.filter(
        team=access.team, membership_id=access.member_id, is_active=True, pool__is_active=True,
        pool__ranking=Ranking.TURN, pool__mode__in=(Mode.ASSIGN, Mode.OFFER),
    )  # fmt: skip
    seats = (
        Seat.objects.filter(pool__in=mine.values("pool"), is_active=True)
        .filter(membership__is_active=True, membership__is_paused=False)
        .select_related("pool")
        .order_by("pool__name", "pool_id")
    )
    lines = []
    for _pool_id, group in groupby(seats, key=lambda seat: seat.pool_id):
        line = _line_of(list(group), access)
        if line is not None:
            lines.append(line)
    return lines


def _line_of(seats: Sequence[Seat], access: Access) -> TurnLine | None:
    total = sum(seat.weight for seat in seats)
    # The order in which routing takes them: credit with this lead's share, then the longest ago.
    order = sorted(
        seats,
        key=lambda seat: (
            -(seat.credit + seat.weight * NANO // total), seat.last_turn_no, seat.position,
        ),
    )  # fmt: skip
    place = next((n for n, seat in enumerate(order) if seat.membership_id == access.member_id), -1)
    if place < 0:
        return None
    seat = order[place]
    url = reverse("assignments:my_turns", kwargs={"team": access.team.slug})
    return TurnLine(seat.pool.name, place + 1, Decimal(seat.credit) / NANO, url)


def _claimed_today(access: Access, allowed: limits.Limits) -> int:
    member = access.membership
    return member.claims_count if member and member.claims_date == allowed.today else 0


def _wait(received: datetime, done: datetime | None) -> float:
    return (done - received).total_seconds() if done else inf


def _median(waits: list[float]) -> float | None:
    """Nearest rank; leads without an attempt count as infinity."""
    if not waits:
        return None
    middle = sorted(waits)[ceil(len(waits) / 2) - 1]
    return None if middle == inf else middle
