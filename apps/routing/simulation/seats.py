"""Members and their seats while a simulation runs: who is there, how much she has, what is due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from apps.routing.calendar import Schedule
from apps.routing.facts import PoolFacts, SeatFacts, Skip
from apps.routing.simulation.hours import Hours
from apps.routing.simulation.plans import MemberPlan, Step
from apps.routing.simulation.results import SeatFigures

BOTH_KINDS = frozenset({"new", "working"})


class Member:
    """One member's counters, over all pools. `fresh` are open leads without an attempt."""

    __slots__ = ("claimed", "claimed_on", "fresh", "open", "plan")

    def __init__(self, plan: MemberPlan) -> None:
        self.plan = plan
        self.open = len(plan.open_until)
        self.fresh = plan.fresh
        self.claimed = 0
        self.claimed_on: date | None = None

    def step(self, now: datetime) -> Step:
        found = self.plan.steps[0]
        for step in self.plan.steps:
            if step.at > now:
                break
            found = step
        return found

    def is_off(self, now: datetime) -> bool:
        """Switched off, paused, or not one who works leads, whatever a pool says about hours."""
        if not self.plan.profile.get("may_work", True):
            return True
        step = self.step(now)
        is_paused = step.is_paused and (step.paused_until is None or step.paused_until > now)
        return not step.is_active or is_paused

    def load(self, kinds: frozenset[str]) -> int:
        """Her open leads of these kinds; of all kinds if there are none."""
        if not kinds or kinds >= BOTH_KINDS:
            return self.open
        return self.fresh if "new" in kinds else self.open - self.fresh

    def changes(self, now: datetime) -> Iterator[datetime]:
        """Moments after `now` when her settings change, hours aside."""
        step = self.step(now)
        if step.paused_until is not None:
            yield step.paused_until
        yield from (each.at for each in self.plan.steps)
        yield from (edge for span in self.plan.time_off for edge in span)
        yield from (edge for each in self.plan.covers for edge in (each.starts_at, each.ends_at))


class Seat:
    """A seat with its counters. What was found of its member's presence holds until `until`."""

    __slots__ = (
        "_base", "_members", "_remembers", "began_with", "capped", "credit", "facts", "figures",
        "has_caps", "is_limited", "last_turn_no", "marked", "member", "position", "reason",
        "taker", "until", "weight",
    )  # fmt: skip

    def __init__(self, base: SeatFacts, pool: UUID, members: dict[UUID, Member]) -> None:
        self._base, self._members = base, members
        self.member = self.taker = members[base.member]
        self.facts = self.capped = base
        self.credit = self.began_with = base.credit
        self.last_turn_no = base.last_turn_no
        self.weight, self.position = base.weight, base.position
        caps = [base.cap_hour, base.cap_day, base.cap_week, base.cap_month]
        self._remembers = max((cap for cap in caps if cap is not None), default=0)
        self.has_caps = caps != [None] * len(caps)
        self.is_limited = False
        self.reason: Skip | None = None
        self.until: datetime | None = None
        self.marked = 0
        self.figures = SeatFigures(pool, base.member)

    @property
    def id(self) -> UUID:
        return self._base.seat

    def look(self, pool: PoolFacts, now: datetime, hours: Hours, looks: int) -> None:
        """Find out anew whether the member is there, and until when that holds."""
        self.facts = self._facts(now)
        self.is_limited = (
            self.has_caps or self.facts.capacity is not None or self.facts.seat_capacity is not None
        )
        self.count(looks)
        self.reason = _absence(pool, self.facts, now, hours)
        self.until = self._changes(pool, now, hours)

    def count(self, looks: int) -> None:
        """Book how often she was passed over since this was asked last."""
        if self.reason is not None and looks > self.marked:
            self.figures.skips[self.reason.value] += looks - self.marked
        self.marked = looks

    def place(self, now: datetime, turn_no: int | None) -> None:
        """Note a lead that was placed here; one that its owner kept was nobody's turn."""
        if turn_no is not None:
            self.last_turn_no = turn_no
        if self.has_caps:
            placed = (now, *self.capped.placed_at)[: self._remembers]
            self.capped = replace(self.capped, placed_at=placed)

    def unplace(self, at: datetime) -> None:
        """Take back an offer that came to nothing: it does not count against a cap."""
        if self.has_caps and at in self.capped.placed_at:
            placed = list(self.capped.placed_at)
            placed.remove(at)
            self.capped = replace(self.capped, placed_at=tuple(placed))

    def current(self, kinds: frozenset[str]) -> SeatFacts:
        """The seat as `decide.choose` wants it."""
        return replace(
            self.facts,
            credit=self.credit,
            last_turn_no=self.last_turn_no,
            placed_at=self.capped.placed_at,
            open_leads=self.taker.open,
            load=self.taker.load(kinds),
        )

    def _facts(self, now: datetime) -> SeatFacts:
        cover = self.member.plan.cover(now)
        self.taker = self._members[cover.by] if cover else self.member
        step = self.taker.step(now)
        return replace(
            self._base,
            is_active=self._base.is_active and step.is_active,
            is_paused=step.is_paused,
            paused_until=step.paused_until,
            schedule=step.schedule,
            capacity=step.capacity,
            time_off=self.taker.plan.time_off,
            covered_by=cover.by if cover else None,
            **(self.taker.plan.profile if cover else {}),
        )

    def _changes(self, pool: PoolFacts, now: datetime, hours: Hours) -> datetime | None:
        moments = [*self.member.changes(now), *self.taker.changes(now)]
        if pool.respects_hours:
            schedules: list[Schedule | None] = [pool.schedule, self.facts.schedule]
            moments += [edge for each in schedules if (edge := hours.next_edge(each, now))]
        return min((moment for moment in moments if moment > now), default=None)


def _absence(pool: PoolFacts, seat: SeatFacts, now: datetime, hours: Hours) -> Skip | None:
    """Why the member of a seat is not there, as `routing.eligibility` finds it."""
    if not seat.is_active:
        return Skip.INACTIVE
    if not seat.may_work:
        return Skip.NOT_PERMITTED
    if seat.is_paused and (seat.paused_until is None or seat.paused_until > now):
        return Skip.PAUSED
    if any(start <= now < end for start, end in seat.time_off):
        return Skip.AWAY
    if not pool.respects_hours:
        return None
    closed = [each for each in (pool.schedule, seat.schedule) if not hours.is_open(each, now)]
    if any(hours.is_holiday(each, now) for each in closed):
        return Skip.HOLIDAY
    return Skip.OUTSIDE_HOURS if closed else None
