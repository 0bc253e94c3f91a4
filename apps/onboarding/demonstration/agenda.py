"""Things that happened, in the order of their time. The demo's past is played from one."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

Deed = Callable[[datetime], None]
_OPENS, _CLOSES, _FRIDAY = 9, 18, 4
_HOURS = dict(zip(range(7, 22), (3, 6, 9, 10, 10, 8, 7, 8, 9, 8, 6, 4, 3, 2, 1), strict=True))
_DAYS = (10, 11, 11, 10, 9, 3, 2)
_WORKDAY, _JUST_NOW = timedelta(hours=10), timedelta(minutes=20)


class Agenda:
    """What is to happen until `until`. The same seed plays the same past."""

    def __init__(self, *, until: datetime, timezone: str, seed: int = 7) -> None:
        self.until = until
        self.chance = Random(seed)  # noqa: S311 - a story, not a secret
        self._zone = ZoneInfo(timezone)
        self._entries: list[tuple[datetime, int, Deed]] = []
        self._numbers = count()

    def at(self, when: datetime, deed: Deed) -> None:
        """Plan a deed; what lies beyond the end never happens."""
        if when < self.until:
            heapq.heappush(self._entries, (when, next(self._numbers), deed))

    @property
    def today(self) -> timedelta:
        """How long today has been busy: since midnight, for a working day at most."""
        local = self.until.astimezone(self._zone)
        since_midnight = local - local.replace(hour=0, minute=0, second=0, microsecond=0)
        return max(min(since_midnight, _WORKDAY), _JUST_NOW)

    @property
    def part_of_today(self) -> float:
        """How much of a working day is over, from 0 to 1."""
        return (self.today - _JUST_NOW) / (_WORKDAY - _JUST_NOW)

    def earlier_today(self) -> datetime:
        """Any moment of today but the last minutes."""
        return self.until - _JUST_NOW - self.chance.random() * (self.today - _JUST_NOW)

    def play(self) -> None:
        """Do everything that is planned, and what follows from it, in order."""
        while self._entries:
            when, _number, deed = heapq.heappop(self._entries)
            deed(when)

    def minutes(self, median: float, spread: float = 0.9) -> timedelta:
        """A span as people take them: mostly short, sometimes long."""
        return timedelta(minutes=median * self.chance.lognormvariate(0, spread))

    def arrival(self, *, days: int, later_than: timedelta) -> datetime:
        """A moment of the last `days`, more likely on a working day and by daylight."""
        while True:
            day = (self.until - timedelta(days=self.chance.random() * days)).astimezone(self._zone)
            hour = self.chance.choices(tuple(_HOURS), tuple(_HOURS.values()))[0]
            when = day.replace(hour=hour, minute=self.chance.randrange(60), microsecond=0)
            is_likely = self.chance.random() * max(_DAYS) < _DAYS[when.weekday()]
            if is_likely and when <= self.until - later_than:
                return when.replace(second=self.chance.randrange(60))

    def working_hours(self, when: datetime) -> datetime:
        """The same moment, or one in the next morning when nobody works then."""
        local = when.astimezone(self._zone)
        if _OPENS <= local.hour < _CLOSES and local.weekday() <= _FRIDAY:
            return when
        if local.hour >= _CLOSES:
            local += timedelta(days=1)
        while local.weekday() > _FRIDAY:
            local += timedelta(days=1)
        return local.replace(hour=_OPENS, minute=self.chance.randrange(0, 60, 5), second=0)
