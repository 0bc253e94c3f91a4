"""What happens when: events in order of time, drawn spans, deadlines in business time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from apps.routing.calendar import Schedule
from apps.routing.simulation.chance import Chance, Draw, Spread
from apps.routing.simulation.hours import Hours
from apps.routing.simulation.plans import Scenario
from apps.routing.simulation.seats import Member
from apps.routing.simulation.tables import Table
from apps.routing.simulation.walk import Lead

Handler = Callable[..., None]


class Clockwork:
    """The events of a simulation; what is due at one moment happens in the order it was set."""

    def __init__(self, scenario: Scenario, chance: Chance, hours: Hours) -> None:
        self._scenario, self._chance, self._hours = scenario, chance, hours
        self._events: list[tuple[datetime, int, Handler, tuple[Any, ...]]] = []
        self._order = count()

    def later(self, at: datetime, handler: Handler, *given: Any) -> None:
        """Call `handler(at, *given)` when it is time."""
        heapq.heappush(self._events, (at, next(self._order), handler, given))

    def advance(self, until: datetime) -> None:
        """Let everything happen that is due by a moment."""
        while self._events and self._events[0][0] <= until:
            at, _number, handler, given = heapq.heappop(self._events)
            handler(at, *given)

    def draw(self, lead: Lead, draw: Draw) -> float:
        return self._chance.of(lead.arrival.number, lead.step, draw)

    def span(self, lead: Lead, draw: Draw, spread: Spread) -> timedelta:
        return timedelta(seconds=spread.at(self.draw(lead, draw)))

    def after(
        self, now: datetime, seconds: int, table: Table | None, member: Member | None
    ) -> datetime:
        """`seconds` from now on, in hours common to pool and member if the pool counts so."""
        if table is not None and not table.plan.business_time:
            return now + timedelta(seconds=seconds)
        own = table.facts.schedule if table else self._scenario.calendar
        schedules: list[Schedule | None] = [own]
        if member is not None:
            schedules.append(member.step(now).schedule)
        return self._hours.add(now, seconds, schedules)
