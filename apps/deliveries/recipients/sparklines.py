"""A recipient's leads a day, as plain geometry: the template draws it as inline SVG.

Along x everything is per cent of the plot, along y pixels from its top.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from django.utils.formats import date_format

DAYS = 28
BASE, TOP = 96, 12  # the y of the axis, and of the highest column
LABELS = 4


@dataclass(frozen=True, slots=True)
class Column:
    """One day: `query` leads to its deliveries."""

    day: date
    count: int
    x: float
    width: float
    y: float
    height: float

    @property
    def query(self) -> str:
        return f"from={self.day:%Y-%m-%d}&to={self.day:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Mark:
    """A label on the x axis."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Spark:
    columns: tuple[Column, ...]
    marks: tuple[Mark, ...]
    most: int
    total: int


def spark(counts: Mapping[date, int], *, last_day: date, days: int = DAYS) -> Spark:
    """One column a day up to `last_day`; a day with something in it is always seen."""
    listed = [last_day - timedelta(days=ago) for ago in reversed(range(days))]
    most = max((counts.get(day, 0) for day in listed), default=0)
    scale = (BASE - TOP) / most if most else 0.0
    width = 100 / days
    columns = tuple(
        _column(day, counts.get(day, 0), number, width, scale)
        for number, day in enumerate(listed)
    )  # fmt: skip
    every = ceil(days / LABELS)
    marks = tuple(
        Mark(round(number * width, 2), date_format(listed[number], "j M"))
        for number in range(0, days, every)
    )
    return Spark(columns, marks, most, sum(column.count for column in columns))


def _column(day: date, count: int, number: int, width: float, scale: float) -> Column:
    height = round(max(count * scale, 2), 1) if count else 0.0
    return Column(
        day, count, round((number + 0.14) * width, 2), round(width * 0.72, 2),
        round(BASE - height, 1), height,
    )  # fmt: skip
