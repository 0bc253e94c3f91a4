"""Of the leads of a month, those won within 30, 60 and 90 days: the same time for each lead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import numpy as np

from apps.dashboards.figures.metrics import share
from apps.dashboards.kept import counting
from apps.dashboards.kept.columns import HORIZON, HORIZON_SHIFT, HORIZONS, Array, microseconds
from apps.dashboards.kept.rollups import Part, read
from apps.teams.access import Access

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Month:
    """The leads received in a month. A horizon is None until all of them are that old."""

    first_day: date
    received: int
    won: Mapping[int, int | None]

    @property
    def last_day(self) -> date:
        return _next(self.first_day) - timedelta(days=1)

    @property
    def rates(self) -> list[tuple[int, int | None, float | None]]:
        """(days, won, per cent), the latter two None for "not yet"."""
        return [
            (days, won, None if won is None else share(won, self.received))
            for days, won in self.won.items()
        ]


def conversion(access: Access, *, now: datetime) -> Sequence[Month]:
    """The last twelve months that had leads, the latest first. Out of kept days."""
    counting.require(access)
    zone = ZoneInfo(access.team.timezone)
    today = now.astimezone(zone).date()
    first = _first(today)
    days = [first + timedelta(days=n) for n in range((today - first).days)]
    parts = read(access.team, Part(days, ("state",)), Part([today], ("state", "received")))
    counted: dict[date, Array] = defaultdict(lambda: np.zeros(len(HORIZONS) + 2, np.int64))
    for block in (block for leads in parts for block in leads.blocks):
        state = block.array("state")
        if block.day == today:
            state = state[block.array("received") <= microseconds(now)]
        counted[block.day.replace(day=1)] += _horizons(state)
    months = [
        _month(month, numbers.tolist(), now, zone)
        for month, numbers in counted.items() if numbers[-1]
    ]  # fmt: skip
    return sorted(months, key=lambda month: month.first_day, reverse=True)


def _first(today: date) -> date:
    """The first day of the oldest of MONTHS months."""
    first = today.replace(day=1)
    for _n in range(MONTHS - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


def _horizons(state: Array) -> Array:
    """Leads not won in time, those won within each horizon but not the one before, and all."""
    horizon = (state & HORIZON) >> HORIZON_SHIFT
    return np.append(np.bincount(horizon, minlength=len(HORIZONS) + 1), len(state))


def _month(first: date, numbers: Sequence[int], now: datetime, zone: ZoneInfo) -> Month:
    """`numbers` as `_horizons` has them."""
    ended = datetime.combine(_next(first), time(), zone)
    _never, *within, received = numbers
    won = dict(zip(HORIZONS, accumulate(within), strict=True))
    told = {
        days: number if ended + timedelta(days=days) <= now else None
        for days, number in won.items()
    }
    return Month(first, received, told)


def _next(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
