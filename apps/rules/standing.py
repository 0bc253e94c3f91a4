"""Who sits in a pool right now and whose turn is next, as routing would see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q

from apps.routing import decide
from apps.routing.credit import NANO
from apps.routing.facts import Mode, PoolFacts, Ranking, SeatFacts, Skip
from apps.rules.calendars import member_schedule, pool_schedule
from apps.rules.models import Pool, Seat
from apps.teams.models import Membership, Team, TimeOff

HALF = 44  # the credit bar is this wide to either side of zero


@dataclass(frozen=True, slots=True)
class Place:
    """One seat for a page. `skip` says why it would be passed over now; None if it would not."""

    seat: Seat
    is_next: bool
    skip: Skip | None
    skip_until: datetime | None
    day_count: int
    bar_x: int
    bar_width: int

    @property
    def name(self) -> str:
        return str(self.seat.membership.user)

    @property
    def is_owed(self) -> bool:
        return self.seat.credit > 0


def places(pool: Pool, *, team: Team, now: datetime) -> list[Place]:
    """Every seat in its order, with what routing would say of it at `now`."""
    seats = _seats(pool, now)
    today = now.astimezone(ZoneInfo(team.timezone)).date()
    facts = [_facts(seat, team, today, now) for seat in seats]
    choice = decide.choose(_pool_facts(pool, team, facts), now=now)
    candidates = {each.seat: each for each in choice.candidates}
    widest = max([NANO, *(abs(seat.credit) for seat in seats)])
    following = choice.winner.seat if choice.winner else None
    return [
        Place(
            seat=seat,
            is_next=seat.pk == following,
            skip=candidates[seat.pk].skip,
            skip_until=candidates[seat.pk].skip_until,
            day_count=len(fact.placed_at),
            **_bar(seat.credit, widest),
        )
        for seat, fact in zip(seats, facts, strict=True)
    ]


def _bar(credit: int, widest: int) -> dict[str, Any]:
    width = round(HALF * abs(credit) / widest)
    return {"bar_width": width, "bar_x": HALF if credit > 0 else HALF - width}


def _seats(pool: Pool, now: datetime) -> list[Seat]:
    away = Prefetch("membership__time_off", TimeOff.objects.filter(ends_at__gt=now))
    return list(
        pool.seats.select_related("membership__user")
        .prefetch_related(away)
        .order_by("position", "pk")
    )


def _pool_facts(pool: Pool, team: Team, seats: Sequence[SeatFacts]) -> PoolFacts:
    return PoolFacts(
        pool=pool.pk,
        name=pool.name,
        revision=pool.revision,
        ranking=Ranking(pool.ranking),
        mode=Mode(pool.mode),
        turn_no=pool.turn_no,
        seats=tuple(seats),
        schedule=pool_schedule(pool, team),
        respects_hours=pool.respects_hours,
        timezone=team.timezone,
    )


def _facts(seat: Seat, team: Team, today: date, now: datetime) -> SeatFacts:
    member = seat.membership
    return SeatFacts(
        seat=seat.pk,
        member=member.pk,
        name=str(member.user),
        position=seat.position,
        weight=seat.weight,
        credit=seat.credit,
        last_turn_no=seat.last_turn_no,
        is_active=seat.is_active and member.is_active and member.user.is_active,
        is_paused=member.is_paused,
        paused_until=member.paused_until,
        time_off=tuple((off.starts_at, off.ends_at) for off in member.time_off.all()),
        schedule=member_schedule(member, team),
        cap_day=seat.cap_day,
        placed_at=(now,) * (seat.day_count if seat.day == today else 0),
        capacity=member.capacity,
        open_leads=member.open_leads,
        load=member.open_leads,
    )


@dataclass(frozen=True, slots=True)
class Credit:
    """A member's credit in one pool, for her own page."""

    pool: str
    weight: int
    credit: int
    bar_x: int
    bar_width: int


def credits_of(member: Membership) -> list[Credit]:
    """What a member is owed in every pool where she sits, if turns or credit are kept there."""
    mine = Seat.objects.filter(membership=member, is_active=True).select_related("pool")
    seats = list(mine.filter(Q(pool__ranking=Ranking.TURN) | ~Q(credit=0)))
    widest = max([NANO, *(abs(seat.credit) for seat in seats)])
    return [
        Credit(seat.pool.name, seat.weight, seat.credit, **_bar(seat.credit, widest))
        for seat in seats
    ]
