"""A pool while a simulation runs: choosing a member for a lead, and booking the turn."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.routing import decide, performance
from apps.routing.caps import Caps
from apps.routing.credit import NANO
from apps.routing.decide import Choice
from apps.routing.facts import Absent, LeadFacts, PoolFacts, Preferred, Ranking, Skip
from apps.routing.filters import Filter
from apps.routing.rankings import BY_TURN
from apps.routing.simulation.hours import Hours
from apps.routing.simulation.plans import PoolPlan
from apps.routing.simulation.results import PoolFigures
from apps.routing.simulation.seats import Member, Seat

QUICK = frozenset({Ranking.TURN, Ranking.LOAD, Ranking.FIXED, Ranking.NONE})


@dataclass(frozen=True, slots=True)
class Asked:
    """A lead in front of a pool: whom it had, who declined it, and who would keep it."""

    facts: LeadFacts
    tried: Collection[UUID] = frozenset()
    declined: Collection[UUID] = frozenset()
    preferred: Sequence[Preferred] = ()


@dataclass(slots=True)
class Pick:
    """Who gets the lead, or who may take it; `gained` is what each of `tied` gains by the turn.

    `frees_at` is when the first cap frees that kept somebody out.
    """

    winner: Seat | None
    eligible: list[Seat]
    tied: Sequence[Seat] = ()
    gained: Sequence[int] = ()
    turn_no: int | None = None
    choice: Choice | None = None
    frees_at: datetime | None = None


class Table:
    """One pool with its seats, turns and held leads."""

    def __init__(self, plan: PoolPlan, members: dict[UUID, Member], hours: Hours) -> None:
        self.plan, self.facts, self._hours = plan, plan.facts, hours
        self._members = members
        self.seats = [Seat(each, plan.facts.pool, members) for each in plan.facts.seats]
        self._by_id = {seat.id: seat for seat in self.seats}
        self.turn_no = plan.facts.turn_no
        self.held: list[Any] = []  # leads that wait until somebody may take them
        self.next_look: datetime | None = None  # when held leads are tried again
        self.figures = PoolFigures(plan.facts.pool, plan.facts.name, plan.facts.mode.value)
        self._looks = 0
        self._present: list[Seat] = []
        self._until: datetime | None = None
        self._is_fresh = self._some_are_limited = False
        rankings = self.facts.rankings
        turn = next((place for place, each in enumerate(rankings) if each in BY_TURN), None)
        self._before = rankings if turn is None else rankings[:turn]
        self._has_turn = turn is not None
        self._after = tuple(each for each in rankings[turn or 0 :] if each not in BY_TURN)
        catches_up = self.facts.absent == Absent.CATCH_UP and not self.facts.mode.is_open
        self._is_quick = QUICK.issuperset(rankings) and not catches_up
        if self.facts.mode.is_open and self._has_turn:
            self._is_quick = False
        self._team_record = performance.team_record(self.facts)
        self._has_filters = bool(self.facts.filters.get("items"))

    @property
    def is_picky(self) -> bool:
        """Whether who may take a lead hangs on the lead."""
        return self._has_filters

    def present(self, now: datetime) -> list[Seat]:
        """The seats whose members are there, in order."""
        if not self._is_fresh or (self._until is not None and self._until <= now):
            for seat in self.seats:
                if not self._is_fresh or (seat.until is not None and seat.until <= now):
                    seat.look(self.facts, now, self._hours, self._looks)
            self._is_fresh = True
            self._until = min((s.until for s in self.seats if s.until), default=None)
            self._present = [seat for seat in self.seats if seat.reason is None]
            self._some_are_limited = any(seat.is_limited for seat in self._present)
        return self._present

    def changes_at(self, now: datetime) -> datetime | None:
        """When somebody's presence may change next."""
        self.present(now)
        return self._until

    def frees_at(self, now: datetime) -> datetime | None:
        """When the first of the caps that are reached now frees."""
        return self._unlimited(self.present(now), now, False)[1]

    def pick(self, asked: Asked, now: datetime, *, is_traced: bool, counts: bool = True) -> Pick:
        """Whom this pool gives the lead to. Nothing is booked yet."""
        self._looks += counts
        present = self.present(now)
        if is_traced or not self._is_quick or asked.preferred:
            pick = self._by_choose(asked, now, is_whole=is_traced)
            self._count_skips(pick, counts)
            return pick
        if self.facts.mode.is_open:
            return Pick(None, self._in_order(self._fitting(present, asked, counts)))
        return self._quickly(self._fitting(present, asked, counts), asked, now, counts)

    def _fitting(self, present: list[Seat], asked: Asked, counts: bool) -> list[Seat]:
        if not self._has_filters:
            return present
        wanted = Filter(self.facts.filters, asked.facts)
        found = []
        for seat in present:
            need = wanted.unmet(seat.facts)
            if need is None:
                found.append(seat)
            else:
                seat.figures.skips[need.skip.value] += counts
        return found

    def _quickly(self, present: list[Seat], asked: Asked, now: datetime, counts: bool) -> Pick:
        """The same as `decide.choose`, without the reasons and the numbers for the words."""
        eligible, frees_at = self._unlimited(present, now, counts)
        if asked.tried or asked.declined:
            eligible = self._without(eligible, asked, counts)
        if not eligible:
            return Pick(None, eligible, frees_at=frees_at)
        tied = self._level(eligible, self._before)
        if not self._has_turn:
            winner = min(tied, key=_tie)
            return Pick(winner, eligible, turn_no=self.turn_no + 1, frees_at=frees_at)
        total = sum([seat.weight for seat in tied])
        gained = [seat.weight * NANO // total for seat in tied]
        winner = self._most_due(tied, gained)
        return Pick(winner, eligible, tied, gained, self.turn_no + 1, frees_at=frees_at)

    def _without(self, eligible: list[Seat], asked: Asked, counts: bool) -> list[Seat]:
        """Without those who had the lead or declined it."""
        found = eligible
        for skip, members in ((Skip.TRIED, asked.tried), (Skip.DECLINED, asked.declined)):
            barred = [self._members[each] for each in members]
            for seat in found:
                if seat.taker in barred:
                    seat.figures.skips[skip.value] += counts
            found = [seat for seat in found if seat.taker not in barred]
        return found

    def _most_due(self, tied: list[Seat], gained: Sequence[int]) -> Seat:
        """Who is owed most, this lead's share included."""
        due = [seat.credit + gain for seat, gain in zip(tied, gained, strict=True)]
        most = max(due)
        level = [seat for seat, each in zip(tied, due, strict=True) if each == most]
        return min(self._level(level, self._after), key=_tie)

    def _level(self, seats: list[Seat], rankings: Sequence[Ranking]) -> list[Seat]:
        """Those that stand level at the top after these rankings; the first difference decides."""
        kinds = self.plan.load_kinds
        for ranking in rankings:
            if len(seats) == 1:
                break
            by_load = ranking is Ranking.LOAD
            values = [seat.taker.load(kinds) if by_load else seat.position for seat in seats]
            least = min(values)
            seats = [seat for seat, each in zip(seats, values, strict=True) if each == least]
        return seats

    def _unlimited(
        self, present: list[Seat], now: datetime, counts: bool
    ) -> tuple[list[Seat], datetime | None]:
        """The seats that are below their limits, and when the first reached cap frees."""
        if not self._some_are_limited:
            return present, None
        caps: Caps | None = None
        found: list[Seat] = []
        frees: list[datetime] = []
        is_capped = False
        for seat in present:
            if not seat.is_limited:
                found.append(seat)
                continue
            if seat.has_caps and caps is None:
                caps = Caps(now, self.facts.cap_window, self.facts.timezone)
            skip, until = self._limit(seat, caps)
            if skip is None:
                found.append(seat)
                continue
            is_capped = True
            seat.figures.skips[skip.value] += counts
            frees += [until] if until else []
        self.figures.capped += is_capped and counts
        return found, min(frees, default=None)

    def _limit(self, seat: Seat, caps: Caps | None) -> tuple[Skip | None, datetime | None]:
        facts = seat.facts
        if facts.capacity is not None and seat.taker.open >= facts.capacity:
            return Skip.CAPACITY, None
        most = facts.seat_capacity
        if most is not None and seat.taker.load(self.plan.load_kinds) >= most:
            return Skip.POOL_CAPACITY, None
        reached = caps.reached(seat.capped) if seat.has_caps and caps else None
        return (reached[0], reached[1]) if reached else (None, None)

    def _in_order(self, seats: list[Seat]) -> list[Seat]:
        """As an open pool shows its lead to them; none of its rankings is by turn."""
        kinds = self.plan.load_kinds

        def key(seat: Seat) -> tuple[int, ...]:
            by = (each is Ranking.LOAD for each in self.facts.rankings)
            return *(seat.taker.load(kinds) if load else seat.position for load in by), *_tie(seat)

        return sorted(seats, key=key)

    def _by_choose(self, asked: Asked, now: datetime, *, is_whole: bool) -> Pick:
        """By the live function itself; with every seat and its reason if the whole is wanted."""
        choice = decide.choose(
            self._pool_facts(is_whole),
            now=now,
            lead=asked.facts,
            tried=asked.tried,
            declined=asked.declined,
            preferred=asked.preferred,
        )
        eligible = [self._by_id[seat.seat] for seat in choice.eligible]
        winner = self._by_id[choice.winner.seat] if choice.winner else None
        tied = [self._by_id[seat] for seat in choice.deltas]
        gained = [
            delta + (NANO if choice.winner and seat == choice.winner.seat else 0)
            for seat, delta in choice.deltas.items()
        ]
        frees = [c.skip_until for c in choice.candidates if c.skip in CAPPED and c.skip_until]
        frees_at = min(frees, default=None)
        return Pick(winner, eligible, tied, gained, choice.turn_no, choice, frees_at)

    def _pool_facts(self, is_whole: bool) -> PoolFacts:
        kinds = self.plan.load_kinds
        if is_whole or self.facts.absent == Absent.CATCH_UP:
            seats = tuple(seat.current(kinds) for seat in self.seats)
            return replace(self.facts, turn_no=self.turn_no, seats=seats)
        # Presence is known already: no calendar needs to be asked again.
        seats = tuple(seat.current(kinds) for seat in self._present)
        return replace(
            self.facts, turn_no=self.turn_no, seats=seats, respects_hours=False,
            team_record=self._team_record,
        )  # fmt: skip

    def book(self, pick: Pick, now: datetime) -> None:
        """Charge the turn and note where the lead was placed."""
        winner = pick.winner
        if winner is None or pick.turn_no is None:
            return
        self.turn_no = pick.turn_no
        is_kept = pick.choice is not None and pick.choice.sticky is not None
        winner.place(now, None if is_kept else pick.turn_no)
        if not pick.gained:
            return
        given = 0
        for seat, gain in zip(pick.tied, pick.gained, strict=True):
            if seat is not winner:
                seat.credit += gain
                given += gain
        winner.credit -= given
        winner.figures.received += 1

    def takes_somebody(self, now: datetime) -> bool:
        """Whether anybody is there for any lead; a pool that is switched off passes all on."""
        if not self.plan.is_active:
            return True
        caps = Caps(now, self.facts.cap_window, self.facts.timezone)
        is_open = self.facts.mode.is_open
        return any(
            is_open or not seat.is_limited or self._limit(seat, caps)[0] is None
            for seat in self.present(now)
        )

    def finish(self) -> None:
        """Book what is still open: who was passed over, and what was due to each."""
        for seat in self.seats:
            seat.count(self._looks)
            # Whatever a seat gained and did not pay for is due to it.
            seat.figures.due = seat.credit - seat.began_with + seat.figures.received * NANO

    def _count_skips(self, pick: Pick, counts: bool) -> None:
        """The reasons of a choice that presence does not tell: that is counted by the look."""
        assert pick.choice is not None  # this is for choices by the live function
        is_capped = False
        for each in pick.choice.candidates:
            if each.skip is not None and each.skip not in PRESENCE:
                self._by_id[each.seat].figures.skips[each.skip.value] += counts
                is_capped = is_capped or each.skip in LIMITS
        self.figures.capped += is_capped and counts


PRESENCE = frozenset({
    Skip.INACTIVE, Skip.NOT_PERMITTED, Skip.PAUSED, Skip.AWAY, Skip.HOLIDAY, Skip.OUTSIDE_HOURS,
})  # fmt: skip
LIMITS = frozenset({
    Skip.CAPACITY, Skip.POOL_CAPACITY,
    Skip.CAP_HOUR, Skip.CAP_DAY, Skip.CAP_WEEK, Skip.CAP_MONTH,
})  # fmt: skip
CAPPED = frozenset({Skip.CAP_HOUR, Skip.CAP_DAY, Skip.CAP_WEEK, Skip.CAP_MONTH})


def _tie(seat: Seat) -> tuple[int, int]:
    return seat.last_turn_no, seat.position
