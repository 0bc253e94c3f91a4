"""Choose a member of a pool for a lead, and say why each other one was passed over."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.routing import credit, performance, rankings
from apps.routing.eligibility import ABSENT, Check, Reason
from apps.routing.facts import Absent, LeadFacts, PoolFacts, Preferred, Ranking, SeatFacts, Skip
from apps.routing.filters import Filter
from apps.routing.fit import Fit, Match

NO_DETAIL: Mapping[str, str | int] = {}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One seat as it was looked at: its reason to be skipped, or the numbers it was ranked by.

    `due` is its share of this lead in nano-turns, 0 when it has none; `credit` is from before
    it. `taker` is who would get the lead: the member, or who covers her. `fit` is how well she
    suits it, if the pool asks; `factor` is what performance made of her weight, in thousandths.
    `detail` has the numbers and names behind a skip.
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
    fit: Fit | None = None
    factor: int | None = None
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
        trace: dict[str, Any] = {
            "pool": {
                "id": str(self.pool.pool),
                "name": self.pool.name,
                "ranking": self.pool.ranking.value,
                "mode": self.pool.mode.value,
                "revision": self.pool.revision,
                "turn_no": self.turn_no,
            },
            "candidates": [_to_json(candidate) for candidate in self.candidates],
            "winner": str(self.winner.taker) if self.winner else None,
            "why": why or ("placed" if self.eligible else "empty"),
            "by": self._by(),
        }
        if self.pool.prefer:
            trace["pool"]["prefer"] = [ranking.value for ranking in self.pool.prefer]
        if self.winner and self.winner.covered_by:
            trace["for"] = str(self.winner.member)
        return trace

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
    match = _match(pool, lead)
    check = Check(pool, now, Filter(pool.filters, lead), match, barred)
    looked = [(seat, check.reason(seat)) for seat in pool.seats]
    open_to = [seat for seat, reason in looked if reason is None]
    ranking = _Ranking(pool, lead, match, open_to, _catching_up(pool, check, looked))
    candidates = (
        *map(ranking.candidate, ranking.order.ranked),
        *(_skipped(seat, reason) for seat, reason in looked if reason),
    )
    eligible = tuple(each.seat for each in ranking.order.ranked)
    kept = _kept(pool, eligible, preferred, check) if preferred else None
    if kept:
        seat, why = kept
        return Choice(pool, seat, candidates, eligible, turn_no=pool.turn_no + 1, sticky=why)
    if pool.mode.is_open or not eligible:
        return Choice(pool, None, candidates, eligible)
    return ranking.placed(eligible[0], candidates, eligible)


def _match(pool: PoolFacts, lead: LeadFacts | None) -> Match | None:
    """What makes a good match, if the pool ranks by it."""
    if Ranking.FIT not in pool.rankings:
        return None
    return Match(pool.fit, lead, performance.team_record(pool))


def _catching_up(
    pool: PoolFacts, check: Check, looked: Sequence[tuple[SeatFacts, Reason | None]]
) -> list[SeatFacts]:
    """The absent who would have been eligible and are owed what they miss, if the pool says so."""
    if pool.absent != Absent.CATCH_UP or pool.mode.is_open:
        return []
    away = [seat for seat, reason in looked if reason and reason.skip in ABSENT]
    return [seat for seat in away if not (check.mismatch(seat) or check.limit(seat))]


def _kept(
    pool: PoolFacts, eligible: Sequence[SeatFacts], preferred: Sequence[Preferred], check: Check
) -> tuple[SeatFacts, str] | None:
    """The first of the preferred who may take the lead; her own seat before one she covers."""
    for each in preferred:
        hers = [seat for seat in eligible if seat.member == each.member]
        hers += [seat for seat in eligible if seat.taker == each.member != seat.member]
        for seat in hers:
            if not (pool.mode.is_open and check.limit(seat)):
                return seat, each.why
    return None


class _Ranking:
    """The eligible seats of one pool in their order for one lead, with the numbers behind it."""

    def __init__(
        self,
        pool: PoolFacts,
        lead: LeadFacts | None,
        match: Match | None,
        open_to: Sequence[SeatFacts],
        absent: Sequence[SeatFacts],
    ) -> None:
        self._pool = pool
        self._fits = {seat.seat: match.of(seat) for seat in (*open_to, *absent)} if match else {}
        self._factors = performance.factors(pool, lead)
        self._weights = {
            seat.seat: seat.weight * self._factors[seat.seat]
            for seat in pool.seats
            if self._factors
        }
        self.order = rankings.order(
            open_to,
            pool.rankings,
            weights=self._weights,
            fit={seat: fit.score for seat, fit in self._fits.items()},
            absent=absent,
            catch_up_turns=pool.catch_up_turns,
        )

    def candidate(self, ranked: rankings.Ranked) -> Candidate:
        seat = ranked.seat
        return Candidate(
            seat.member, seat.seat, None, None, ranked.key, seat.credit,
            self.order.gained.get(seat.seat, 0), seat.weight, seat.taker, seat.load,
            self._fits.get(seat.seat), self._factors.get(seat.seat), NO_DETAIL,
        )  # fmt: skip

    def placed(
        self,
        winner: SeatFacts,
        candidates: tuple[Candidate, ...],
        eligible: tuple[SeatFacts, ...],
    ) -> Choice:
        """The winner's turn, charged if turns decided."""
        tied = self.order.tied
        moved = any(self._factors.get(s.seat, performance.FULL) != performance.FULL for s in tied)
        return Choice(
            self._pool,
            winner,
            candidates,
            eligible,
            credit.charged(self.order.gained, winner.seat) if tied else {},
            self._pool.turn_no + 1,
            is_by_performance=moved,
            shares={seat.seat: self._weights.get(seat.seat, seat.weight) for seat in tied},
        )


def _skipped(seat: SeatFacts, reason: Reason) -> Candidate:
    return Candidate(
        seat.member, seat.seat, reason.skip, reason.until, (), seat.credit, 0, seat.weight,
        seat.taker, seat.load, None, None, reason.detail,
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
    if candidate.fit:
        told["fit"] = candidate.fit.to_json()
    if candidate.factor is not None:
        told["factor"] = candidate.factor
    if candidate.detail:
        told["detail"] = dict(candidate.detail)
    return told
