"""Whether a seat may take a lead now, and if not, why and until when."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from apps.routing import calendar
from apps.routing.calendar import Schedule
from apps.routing.caps import Caps
from apps.routing.facts import PoolFacts, SeatFacts, Skip
from apps.routing.filters import Filter
from apps.routing.fit import Match
from apps.routing.needs import Detail

ABSENT = frozenset({Skip.PAUSED, Skip.AWAY, Skip.HOLIDAY, Skip.OUTSIDE_HOURS})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a seat is passed over; `detail` has the numbers and names for the words."""

    skip: Skip
    until: datetime | None = None
    detail: Detail = field(default_factory=dict)


class Check:
    """One pool at one moment, for one lead. What its seats share is worked out once.

    `barred` gives a reason to the members that it holds back from this lead.
    """

    def __init__(
        self,
        pool: PoolFacts,
        now: datetime,
        wanted: Filter,
        match: Match | None,
        barred: Mapping[Skip, Collection[UUID]],
    ) -> None:
        self._pool, self._now, self._wanted = pool, now, wanted
        # Where many may take it, being a match at all is what a ranking by fit decides.
        self._match = match if pool.mode.is_open else None
        self._barred = {skip: members for skip, members in barred.items() if members}
        self._caps = Caps(now, pool.cap_window, pool.timezone)
        self._open: dict[int, bool] = {}

    def reason(self, seat: SeatFacts) -> Reason | None:
        """The first reason to pass a seat over, in the order of `Skip`.

        Where many may take the lead, limits are looked at when one does, and what was tried or
        declined does not bind.
        """
        found = self._absence(seat) or self.mismatch(seat)
        return found if found or self._pool.mode.is_open else self.limit(seat)

    def mismatch(self, seat: SeatFacts) -> Reason | None:
        """Which of the pool's filters keeps her out."""
        need = self._wanted.unmet(seat) or (self._match.misses(seat) if self._match else None)
        return Reason(need.skip, None, need.detail(seat)) if need else None

    def limit(self, seat: SeatFacts) -> Reason | None:
        """Whether she has enough leads, or may not have this one again."""
        if seat.capacity is not None and seat.open_leads >= seat.capacity:
            return Reason(Skip.CAPACITY, None, {"limit": seat.capacity})
        if seat.seat_capacity is not None and seat.load >= seat.seat_capacity:
            return Reason(Skip.POOL_CAPACITY, None, {"limit": seat.seat_capacity})
        reached = self._caps.reached(seat)
        if reached:
            skip, until, cap = reached
            return Reason(skip, until, {"limit": cap})
        barred = (skip for skip, members in self._barred.items() if seat.taker in members)
        return next(map(Reason, barred), None)

    def _absence(self, seat: SeatFacts) -> Reason | None:
        if not seat.is_active:
            return Reason(Skip.INACTIVE)
        if not seat.may_work:
            return Reason(Skip.NOT_PERMITTED)
        if seat.is_paused and (seat.paused_until is None or seat.paused_until > self._now):
            return Reason(Skip.PAUSED, seat.paused_until)
        if seat.time_off:
            back = [end for start, end in seat.time_off if start <= self._now < end]
            if back:
                return Reason(Skip.AWAY, max(back))
        return self._closed(seat) if self._pool.respects_hours else None

    def _closed(self, seat: SeatFacts) -> Reason | None:
        hours = [each for each in (self._pool.schedule, seat.schedule) if each is not None]
        closed = [each for each in hours if not self._is_open(each)]
        if not closed:
            return None
        until = calendar.next_common_opening(hours, self._now)
        is_holiday = any(self._would_be_open(each) for each in closed)
        return Reason(Skip.HOLIDAY if is_holiday else Skip.OUTSIDE_HOURS, until)

    def _is_open(self, schedule: Schedule) -> bool:
        found = self._open.get(id(schedule))
        if found is None:
            found = self._open[id(schedule)] = calendar.is_open(schedule, self._now)
        return found

    def _would_be_open(self, schedule: Schedule) -> bool:
        """Whether it is a holiday alone that closes the hours."""
        if not schedule.holidays:
            return False
        return calendar.is_open(replace(schedule, holidays=frozenset()), self._now)
