"""Who sits in a pool right now and whose turn is next, by the facts that routing decides on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db.models import Q

from apps.routing import decide
from apps.routing.caps import Caps
from apps.routing.credit import NANO
from apps.routing.decide import Candidate
from apps.routing.facts import LeadFacts, PoolFacts, Ranking, SeatFacts, Skip
from apps.rules.models import Pool, Seat
from apps.teams.models import Membership, Team

HALF = 44  # the credit bar is this wide to either side of zero
CAPS = {
    Skip.CAP_HOUR: "cap_hour",
    Skip.CAP_DAY: "cap_day",
    Skip.CAP_WEEK: "cap_week",
    Skip.CAP_MONTH: "cap_month",
}


class Reader(Protocol):
    """Reads a pool and everyone who sits there, without a lock."""

    def __call__(self, pool_id: UUID, *, team: Team, now: datetime) -> PoolFacts: ...


class _Readers:
    facts: Reader | None = None


def read_with(reader: Reader) -> None:
    """Show what `reader` reads: called once by the app above that routes by the same facts."""
    _Readers.facts = reader


@dataclass(frozen=True, slots=True)
class Place:
    """One seat for a page. `skip` says why it would be passed over now; None if it would not.

    `counts` has how many leads were placed within the window of each cap that is set; `fit` is
    how well the member suits the lead that was asked for, in percent.
    """

    seat: Seat
    is_next: bool
    skip: Skip | None
    skip_until: datetime | None
    load: int
    bar_x: int
    bar_width: int
    detail: Mapping[str, str | int] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    fit: int | None = None
    due: int = 0
    covered_by: str = ""

    @property
    def name(self) -> str:
        return str(self.seat.membership.user)

    @property
    def is_owed(self) -> bool:
        return self.seat.credit > 0


def places(pool: Pool, *, team: Team, now: datetime, lead: LeadFacts | None = None) -> list[Place]:
    """Every seat in its order, with what routing would say of it at `now`, for `lead` if given."""
    assert _Readers.facts is not None, "no app reads pools: see read_with"
    facts = _Readers.facts(pool.pk, team=team, now=now)
    choice = decide.choose(facts, now=now, lead=lead)
    candidates = {each.seat: each for each in choice.candidates}
    seated = {each.seat: each for each in facts.seats}
    rows = pool.seats.select_related("membership__user").order_by("position", "pk")
    seats = [seat for seat in rows if seat.pk in seated]
    widest = max([NANO, *(abs(seat.credit) for seat in seats)])
    caps = Caps(now, facts.cap_window, facts.timezone)
    following = choice.winner.seat if choice.winner else None
    names = {seat.membership_id: str(seat.membership) for seat in seats}
    return [
        Place(
            seat=seat,
            is_next=seat.pk == following,
            load=seated[seat.pk].load,
            counts=_counts(seated[seat.pk], caps),
            covered_by=_covering(seated[seat.pk], names),
            **_looked_at(candidates[seat.pk]),
            **_bar(seat.credit, widest),
        )
        for seat in seats
    ]


def _looked_at(candidate: Candidate) -> dict[str, Any]:
    return {
        "skip": candidate.skip,
        "skip_until": candidate.skip_until,
        "detail": candidate.detail,
        "fit": candidate.fit.score // 10 if candidate.fit and candidate.fit.parts else None,
        "due": candidate.due,
    }


def _counts(seat: SeatFacts, caps: Caps) -> dict[str, int]:
    return {
        name: caps.count(seat, skip)
        for skip, name in CAPS.items()
        if getattr(seat, name) is not None
    }


def _covering(seat: SeatFacts, names: Mapping[UUID, str]) -> str:
    """Who takes her leads at the moment, if somebody does."""
    if seat.covered_by is None:
        return ""
    if seat.covered_by not in names:
        return str(Membership.objects.select_related("user").get(pk=seat.covered_by))
    return names[seat.covered_by]


def _bar(credit: int, widest: int) -> dict[str, Any]:
    width = round(HALF * abs(credit) / widest)
    return {"bar_width": width, "bar_x": HALF if credit > 0 else HALF - width}


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
    by_turn = Q(pool__ranking__in=[Ranking.TURN, Ranking.PERFORMANCE])
    seats = list(mine.filter(by_turn | ~Q(credit=0)))
    widest = max([NANO, *(abs(seat.credit) for seat in seats)])
    return [
        Credit(seat.pool.name, seat.weight, seat.credit, **_bar(seat.credit, widest))
        for seat in seats
    ]
