"""Choose a member of a pool for a lead, and say why each other one was passed over."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.routing import credit, rankings
from apps.routing.eligibility import ABSENT, Check, Reason
from apps.routing.facts import (
    Absent,
    LeadFacts,
    PoolFacts,
    Preferred,
    SeatFacts,
    Skip,
)
from apps.routing.filters import Filter


@dataclass(frozen=True, slots=True)
class Candidate:
    """One seat as it was looked at: its reason to be skipped, or the numbers it was ranked by.

    `due` is its share of this lead in nano-turns, 0 when it has none; `credit` is from before
    it. `taker` is who would get the lead: the member, or who covers her. `detail` has the
    numbers and names behind a skip.
    """

    member: UUID
    seat: UUID
    skip: Skip | None
    skip_until: datetime | None
    rank: tuple[int, ...]
    credit: int
    due: int
    weight: int
    taker: UUID
    load: int = 0
    detail: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """What to do with a lead in one pool.

    `candidates` has every seat, the eligible ones first and best first, as in `eligible`.
    `deltas` (seat to nano-turns) is empty unless turns decided and someone won; `shares` has the
    weights that they counted by. `turn_no` is the pool's counter after this lead, None when
    nobody won. `sticky` says why a member kept the lead ("contact", "company", "named"), and
    `is_by_performance` that measured performance moved the weights.
    """

    pool: PoolFacts
    winner: SeatFacts | None
    candidates: tuple[Candidate, ...]
    eligible: tuple[SeatFacts, ...]
    deltas: Mapping[UUID, int] = field(default_factory=dict)
    turn_no: int | None = None
    sticky: str | None = None
    is_by_performance: bool = False
    shares: Mapping[UUID, int] = field(default_factory=dict)

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
                **({"prefer": [key.value for key in self.pool.prefer]} if self.pool.prefer else {}),
            },
            "candidates": [_to_json(candidate) for candidate in self.candidates],
            "winner": str(self.winner.taker) if self.winner else None,
            "why": why or ("placed" if self.eligible else "empty"),
            "by": self._by(),
        }

    def _by(self) -> str | None:
        if self.sticky:
            return f"sticky:{self.sticky}"
        return "performance" if self.is_by_performance else None


def choose(
    pool: PoolFacts,
    *,
    now: datetime,
    lead: LeadFacts | None = None,
    tried: Collection[UUID] = frozenset(),
    declined: Collection[UUID] = frozenset(),
    excluded: Collection[UUID] = frozenset(),
    preferred: Sequence[Preferred] = (),
) -> Choice:
    """Filter the pool's seats, rank the rest, and take the first.

    `tried`, `declined` and `excluded` (found full by the conditional update) hold members; of
    the `preferred`, the first who is eligible keeps the lead, and nobody is charged a turn.
    A claim pool or hopper has no other winner: its eligible seats are those who may take the
    lead. There, what was tried or declined does not bind, and limits are checked on claiming.
    Without a lead, nothing that depends on one is asked.
    """
    barred = {Skip.TRIED: tried, Skip.DECLINED: declined, Skip.FULL: excluded}
    check = Check(pool, now, Filter(pool.filters, lead), barred)
    reasons = [(seat, check.reason(seat)) for seat in pool.seats]
    open_to = [seat for seat, reason in reasons if reason is None]
    absent = _catching_up(pool, check, reasons)
    order = rankings.order(
        open_to, pool.rankings, absent=absent, catch_up_turns=pool.catch_up_turns
    )
    eligible = tuple(each.seat for each in order.ranked)
    candidates = (
        *(_ranked(each, order.gained.get(each.seat.seat, 0)) for each in order.ranked),
        *(_skipped(seat, reason) for seat, reason in reasons if reason),
    )
    kept = _kept(eligible, preferred, check, pool)
    if kept:
        seat, why = kept
        return Choice(pool, seat, candidates, eligible, turn_no=pool.turn_no + 1, sticky=why)
    if pool.mode.is_open or not eligible:
        return Choice(pool, None, candidates, eligible)
    winner = eligible[0]
    deltas = credit.charged(order.gained, winner.seat) if order.tied else {}
    return Choice(pool, winner, candidates, eligible, deltas, pool.turn_no + 1)


def _catching_up(
    pool: PoolFacts, check: Check, reasons: Sequence[tuple[SeatFacts, Reason | None]]
) -> list[SeatFacts]:
    """The absent who would have been eligible and are owed what they miss, if the pool says so."""
    if pool.absent != Absent.CATCH_UP or pool.mode.is_open:
        return []
    away = [seat for seat, reason in reasons if reason and reason.skip in ABSENT]
    return [seat for seat in away if not (check.mismatch(seat) or check.limit(seat))]


def _kept(
    eligible: Sequence[SeatFacts], preferred: Sequence[Preferred], check: Check, pool: PoolFacts
) -> tuple[SeatFacts, str] | None:
    """The first of the preferred who may take the lead; her own seat before one she covers."""
    for each in preferred:
        hers = [seat for seat in eligible if seat.member == each.member]
        hers += [seat for seat in eligible if seat.taker == each.member != seat.member]
        for seat in hers:
            if not (pool.mode.is_open and check.limit(seat)):
                return seat, each.why
    return None


def _ranked(ranked: rankings.Ranked, due: int) -> Candidate:
    seat = ranked.seat
    return Candidate(
        seat.member, seat.seat, None, None, ranked.key, seat.credit, due, seat.weight,
        seat.taker, seat.load,
    )  # fmt: skip


def _skipped(seat: SeatFacts, reason: Reason) -> Candidate:
    return Candidate(
        seat.member, seat.seat, reason.skip, reason.until, (), seat.credit, 0, seat.weight,
        seat.taker, seat.load, reason.detail,
    )  # fmt: skip


def _to_json(candidate: Candidate) -> dict[str, Any]:
    told: dict[str, Any] = {
        "member": str(candidate.member),
        "seat": str(candidate.seat),
        "skip": candidate.skip.value if candidate.skip else None,
        "skip_until": candidate.skip_until.isoformat() if candidate.skip_until else None,
        "rank": list(candidate.rank),
        "credit": candidate.credit,
        "due": candidate.due,
        "weight": candidate.weight,
        "load": candidate.load,
    }
    if candidate.taker != candidate.member:
        told["taker"] = str(candidate.taker)
    if candidate.detail:
        told["detail"] = dict(candidate.detail)
    return told
