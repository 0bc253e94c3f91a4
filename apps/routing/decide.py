"""Choose a member of a pool for a lead, and say why each other one was passed over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.routing import calendar, credit, rankings
from apps.routing.facts import PoolFacts, Ranking, SeatFacts, Skip

Reason = tuple[Skip, datetime | None]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One seat as it was looked at: its reason to be skipped, or the numbers it was ranked by.

    `due` is its share of this lead in nano-turns, 0 when skipped; `credit` is from before it.
    """

    member: UUID
    seat: UUID
    skip: Skip | None
    skip_until: datetime | None
    rank: tuple[int, ...]
    credit: int
    due: int
    weight: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What to do with a lead in one pool.

    `candidates` has every seat, the eligible ones first and best first, as in `eligible`.
    `deltas` (seat to nano-turns) is empty unless the pool ranks by turn and someone won;
    `turn_no` is the pool's counter after this lead, None when nobody won.
    """

    pool: PoolFacts
    winner: SeatFacts | None
    candidates: tuple[Candidate, ...]
    eligible: tuple[SeatFacts, ...]
    deltas: Mapping[UUID, int] = field(default_factory=dict)
    turn_no: int | None = None

    def to_trace(self, why: str | None = None) -> dict[str, Any]:
        """This step for a decision's trace, ready for JSON: ids and numbers, nothing personal."""
        return {
            "pool": {
                "id": str(self.pool.pool),
                "name": self.pool.name,
                "ranking": self.pool.ranking.value,
                "mode": self.pool.mode.value,
                "revision": self.pool.revision,
                "turn_no": self.turn_no,
            },
            "candidates": [_to_json(candidate) for candidate in self.candidates],
            "winner": str(self.winner.member) if self.winner else None,
            "why": why or ("placed" if self.eligible else "empty"),
        }


def choose(
    pool: PoolFacts,
    *,
    now: datetime,
    tried: Collection[UUID] = frozenset(),
    declined: Collection[UUID] = frozenset(),
    excluded: Collection[UUID] = frozenset(),
) -> Choice:
    """Filter the pool's seats, rank the rest, and take the first.

    `tried`, `declined` and `excluded` (found full by the conditional update) hold members.
    A claim pool or hopper has no winner: its eligible seats are those who may take the lead.
    There, what was tried or declined does not bind, and limits are checked on claiming.
    """
    barred = {Skip.TRIED: tried, Skip.DECLINED: declined, Skip.FULL: excluded}
    reasons = {seat.seat: _reason(pool, seat, now, barred) for seat in pool.seats}
    open_to = [seat for seat in pool.seats if reasons[seat.seat] is None]
    ranked = rankings.order(open_to, pool.ranking)
    eligible = tuple(each.seat for each in ranked)
    due = credit.gains(eligible) if eligible else {}
    seated = [_ranked(each, due[each.seat.seat]) for each in ranked]
    skipped = [_skipped(seat, reason) for seat in pool.seats if (reason := reasons[seat.seat])]
    candidates = (*seated, *skipped)
    if pool.mode.is_open or not eligible:
        return Choice(pool, None, candidates, eligible)
    winner = eligible[0]
    by_turn = pool.ranking is Ranking.TURN
    deltas = credit.turn_deltas(eligible, winner.seat) if by_turn else {}
    return Choice(pool, winner, candidates, eligible, deltas, pool.turn_no + 1)


def _reason(
    pool: PoolFacts, seat: SeatFacts, now: datetime, barred: Mapping[Skip, Collection[UUID]]
) -> Reason | None:
    """The first reason to pass a seat over, in the order of `Skip`."""
    absence = _absence(pool, seat, now)
    if absence or pool.mode.is_open:
        return absence
    return _limit(seat) or _barred(seat, barred)


def _absence(pool: PoolFacts, seat: SeatFacts, now: datetime) -> Reason | None:
    if not seat.is_active:
        return Skip.INACTIVE, None
    if seat.is_paused and (seat.paused_until is None or seat.paused_until > now):
        return Skip.PAUSED, seat.paused_until
    back = [end for start, end in seat.time_off if start <= now < end]
    if back:
        return Skip.AWAY, max(back)
    return _outside_hours(pool, seat, now) if pool.respects_hours else None


def _outside_hours(pool: PoolFacts, seat: SeatFacts, now: datetime) -> Reason | None:
    hours = (pool.schedule, seat.schedule)
    if all(calendar.is_open(schedule, now) for schedule in hours):
        return None
    return Skip.OUTSIDE_HOURS, calendar.next_common_opening(hours, now)


def _limit(seat: SeatFacts) -> Reason | None:
    if seat.capacity is not None and seat.open_leads >= seat.capacity:
        return Skip.CAPACITY, None
    if seat.cap_day is not None and seat.day_count >= seat.cap_day:
        return Skip.CAP_DAY, None
    return None


def _barred(seat: SeatFacts, barred: Mapping[Skip, Collection[UUID]]) -> Reason | None:
    return next(((skip, None) for skip, members in barred.items() if seat.member in members), None)


def _ranked(ranked: rankings.Ranked, due: int) -> Candidate:
    seat = ranked.seat
    return Candidate(seat.member, seat.seat, None, None, ranked.key, seat.credit, due, seat.weight)


def _skipped(seat: SeatFacts, reason: Reason) -> Candidate:
    skip, until = reason
    return Candidate(seat.member, seat.seat, skip, until, (), seat.credit, 0, seat.weight)


def _to_json(candidate: Candidate) -> dict[str, Any]:
    return {
        "member": str(candidate.member),
        "seat": str(candidate.seat),
        "skip": candidate.skip.value if candidate.skip else None,
        "skip_until": candidate.skip_until.isoformat() if candidate.skip_until else None,
        "rank": list(candidate.rank),
        "credit": candidate.credit,
        "due": candidate.due,
        "weight": candidate.weight,
    }
