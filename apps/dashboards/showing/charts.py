"""Charts as plain geometry: the template draws it as inline SVG whose classes carry the colours.

Along x everything is per cent of the plot, along y pixels from its top.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.dashboards.figures.metrics import Figures, SourceRow
from apps.dashboards.figures.questions import Question
from apps.dashboards.showing.words import weekdays
from apps.leads.speed import BINS, DAY_IN_MINUTES, MINUTE, Band, target_in_words
from apps.teams.models import Team

BASE = 180  # the y of the axis
TOP = 24
SERIES = 5


@dataclass(frozen=True, slots=True)
class Grid:
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A label on the x axis."""

    x: float
    label: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    width: float
    y: float
    height: float
    css: str
    count: int = 0
    label: str = ""
    query: str = ""

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 2)


@dataclass(frozen=True, slots=True)
class Histogram:
    bars: Sequence[Bar]
    grid: Sequence[Grid]
    marks: Sequence[Mark]
    target_x: float | None
    target: str


@dataclass(frozen=True, slots=True)
class Series:
    css: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Stack:
    bars: Sequence[Bar]
    grid: Sequence[Grid]
    marks: Sequence[Mark]
    legend: Sequence[Series]


@dataclass(frozen=True, slots=True)
class Cell:
    x: float
    y: int
    level: int


@dataclass(frozen=True, slots=True)
class Heat:
    cells: Sequence[Cell]
    rows: Sequence[Grid]
    staffed: Sequence[Bar]
    most: int


def steps(most: float, wanted: int = 3) -> list[float]:
    """Round values above zero, evenly spaced, the last at most `most`; none for zero."""
    if most <= 0:
        return []
    rough = most / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((power * n for n in (1, 2, 5, 10) if power * n >= rough), power * 10)
    step = max(step, 1)
    return [step * n for n in range(1, int(most / step) + 1)]


def histogram(figures: Figures, *, target: timedelta) -> Histogram:
    """Leads by time to the first attempt; bars left of the target are in its colour."""
    most = max(figures.bins.values(), default=0)
    scale = (BASE - TOP) / most if most else 0
    width = 100 / len(BINS)
    bars = []
    for number, (band, count) in enumerate(figures.bins.items()):
        height = max(count * scale, 2 if count else 0)
        bars.append(
            Bar(
                x=round(number * width + 0.7, 2),
                width=round(width - 1.4, 2),
                y=round(BASE - height, 1),
                height=round(height, 1),
                css=_tone(band, target),
                count=count,
                label=band.label,
                query=f"band={band.key}",
            )
        )
    return Histogram(
        bars=bars,
        grid=[Grid(round(BASE - value * scale, 1), f"{value:g}") for value in steps(most)],
        marks=_edges(width),
        target_x=_place(target, width),
        target=target_in_words(target),
    )


def _tone(band: Band, target: timedelta) -> str:
    if band.low is None:
        return "f-breached"
    in_time = band.high is not None and band.high * MINUTE <= target.total_seconds()
    return "f1" if in_time else "f4"


def _edges(width: float) -> list[Mark]:
    words = {0: "0", 1: _("1 min"), 2: "2", 5: "5", 15: "15", 60: _("1 h"), 240: _("4 h"),
             DAY_IN_MINUTES: _("24 h")}  # fmt: skip
    marks = [
        Mark(round(number * width, 2), words[band.low], "start" if number == 0 else "middle")
        for number, band in enumerate(BINS)
        if band.low is not None
    ]
    return [*marks, Mark(round(100 - width / 2, 2), _("never"))]


def _place(target: timedelta, width: float) -> float | None:
    """Where on the axis the target lies, between the edges of its bin."""
    minutes = target.total_seconds() / MINUTE
    for number, band in enumerate(BINS):
        if band.low is not None and band.high is not None and band.low < minutes <= band.high:
            part = (minutes - band.low) / (band.high - band.low)
            return round((number + part) * width, 2)
    return None


def starts(question: Question) -> Sequence[datetime]:
    """The local beginning of every step on the time axis, as the database truncates it."""
    if question.slot == "hour":
        day = datetime.combine(question.period.first_day, time())
        return [day + timedelta(hours=hour) for hour in range(24)]
    days = question.period.days
    if question.slot == "week":
        days = sorted({day - timedelta(days=day.weekday()) for day in days})
    return [datetime.combine(day, time()) for day in days]


def volume(figures: Figures, starts: Sequence[datetime]) -> Stack:
    """Leads by source, stacked; what is beyond the four largest sources is one grey series."""
    names = _series(figures.sources)
    counts: Counter[tuple[datetime, int]] = Counter()
    for part in figures.volume:
        counts[part.start, names.get(part.source_id, SERIES - 1)] += part.received
    most = max((sum(counts[at, number] for number in range(SERIES)) for at in starts), default=0)
    scale = 130 / most if most else 0
    bars: list[Bar] = []
    for step, at in enumerate(starts):
        bars.extend(_column(step, len(starts), [counts[at, n] for n in range(SERIES)], scale))
    return Stack(
        bars=bars,
        grid=[Grid(round(158 - value * scale, 1), f"{value:g}") for value in steps(most, 2)],
        marks=dates(starts, figures.question.slot, columns=True),
        legend=_legend(figures.sources),
    )


def _series(sources: Iterable[SourceRow]) -> dict[UUID, int]:
    largest = [row for row in sources if row.group.received]
    alone = SERIES if len(largest) <= SERIES else SERIES - 1
    return {row.source.pk: number for number, row in enumerate(largest[:alone])}


def _legend(sources: Sequence[SourceRow]) -> list[Series]:
    largest = [row for row in sources if row.group.received]
    names = _series(sources)
    legend = [
        Series(f"f{names[row.source.pk] + 1}", row.source.name, row.group.received)
        for row in largest
        if row.source.pk in names
    ]
    others = sum(row.group.received for row in largest if row.source.pk not in names)
    return [*legend, Series(f"f{SERIES}", _("Others"), others)] if others else legend


def _column(step: int, columns: int, counts: Sequence[int], scale: float) -> list[Bar]:
    bars, y = [], 157.0
    for number, count in enumerate(counts):
        if not count:
            continue
        height = max(count * scale - 1, 1)
        y -= height
        bars.append(
            Bar(
                x=round((step + 0.125) * 100 / columns, 2),
                width=round(75 / columns, 2),
                y=round(y, 1),
                height=round(height, 1),
                css=f"f{number + 1}",
                count=count,
            )
        )
        y -= 1
    return bars


def dates(starts: Sequence[datetime], slot: str, *, columns: bool = False) -> list[Mark]:
    """About four labels along the time axis."""
    every = max(1, math.ceil(len(starts) / 4))
    width = 100 / max(len(starts) if columns else len(starts) - 1, 1)
    marks = []
    for number in range(0, len(starts), every):
        at = starts[number]
        words = date_format(at, "H:i") if slot == "hour" else date_format(at, "j M")
        x = round(number * width + (0.125 * width if columns else 0), 2)
        marks.append(Mark(x, words, "start" if columns or number == 0 else "middle"))
    return marks


def arrivals(figures: Figures, team: Team) -> Heat:
    """Leads by weekday and hour in six steps, with the team's opening hours outlined."""
    most = max(figures.arrivals.values(), default=0)
    cells = [
        Cell(round(hour / 0.24, 2), day * 22, _level(figures.arrivals.get((day, hour), 0), most))
        for day in range(7)
        for hour in range(24)
    ]
    rows = [Grid(day * 22 + 15, name) for day, name in enumerate(weekdays())]
    return Heat(cells, rows, list(_staffed(team.hours)), most)


def _level(count: int, most: int) -> int:
    return math.ceil(5 * count / most) if count else 0


def _staffed(hours: Mapping[str, Sequence[Sequence[str]]]) -> Iterable[Bar]:
    """One outline for each run of days with the same shift."""
    day = 0
    while day < 7:
        shifts, first = hours.get(str(day)) or [], day
        while day < 7 and (hours.get(str(day)) or []) == shifts:
            day += 1
        for opens, closes in shifts:
            start, end = _hour(opens), _hour(closes)
            end = end if end > start else 24
            width = round((end - start) / 0.24, 2)
            yield Bar(round(start / 0.24, 2), width, first * 22, (day - first) * 22, "outline")


def _hour(clock: str) -> float:
    hours, _colon, minutes = clock.partition(":")
    return int(hours) + int(minutes or 0) / 60
