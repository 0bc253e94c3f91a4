"""The chart of speed over time, so that it reads well on few leads and beside one slow day."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.dashboards.figures.metrics import Figures
from apps.dashboards.showing.charts import BASE, Grid, Mark, dates, steps
from apps.leads.speed import MINUTE, target_in_words
from apps.teams.presentation import clock_face

TOP = 12
_HEIGHT = BASE - TOP
_APART = 32  # what two labels at the lines' ends need
_SPARSE = 5  # fewer points than this tell no story
_FEW = 12  # up to so many points each is a dot

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """Runs of neighbours, bridges over steps without a point, and the label at its end.

    Runs and bridges lie in a box of 100 × 100, dots in per cent and pixels.
    """

    css: str
    name: str
    runs: Sequence[str]
    bridges: Sequence[str]
    dots: Sequence[Point]
    last: str
    last_y: float


@dataclass(frozen=True, slots=True)
class Lines:
    lines: Sequence[Line]
    grid: Sequence[Grid]
    marks: Sequence[Mark]
    target_y: float | None
    target: str
    unit: str
    shown: int  # steps with a point
    cut: int  # values above the axis
    top: str
    asked: int  # steps in all

    @property
    def is_empty(self) -> bool:
        """Whether no step had leads enough for a percentile."""
        return not self.shown

    @property
    def notes(self) -> list[str]:
        """What a reader must know who takes the lines at their face."""
        found = []
        if 0 < self.shown < min(_SPARSE, self.asked):
            words: dict[str, object] = {"shown": self.shown}
            found.append(
                ngettext(
                    "Only %(shown)d step has leads enough: a longer period tells more.",
                    "Only %(shown)d steps have leads enough: a longer period tells more.",
                    self.shown,
                )
                % words
            )
        if self.cut:
            words = {"cut": self.cut, "top": self.top}
            found.append(
                ngettext(
                    "%(cut)d value lies above %(top)s and is drawn at the edge.",
                    "%(cut)d values lie above %(top)s and are drawn at the edge.",
                    self.cut,
                )
                % words
            )
        return found


def speed(figures: Figures, starts: Sequence[datetime], *, target: timedelta) -> Lines:
    """Median and P90 by hour, day or week."""
    by_start = {slot.start: slot for slot in figures.slots}
    found = [by_start.get(at) for at in starts]
    median = [slot.median.seconds if slot else None for slot in found]
    p90 = [slot.p90.seconds if slot else None for slot in found]
    top = _top(median, p90, target.total_seconds())
    unit, length = _unit(top)
    lines = _apart([_line("line--2", "P90", p90, top), _line("line--1", _("Median"), median, top)])
    shown = sum(value is not None for value in median)
    return Lines(
        lines=lines,
        grid=[
            Grid(round(_height(value * length, top), 1), f"{value:g}")
            for value in steps(top / length, wanted=4)
        ],
        marks=dates(starts, figures.question.slot),
        target_y=round(_height(target.total_seconds(), top), 1)
        if shown and target.total_seconds() <= top
        else None,
        target=target_in_words(target),
        unit=unit,
        shown=shown,
        cut=sum(value is not None and value > top for value in (*median, *p90)),
        top=clock_face(top),
        asked=len(starts),
    )


def _top(median: Sequence[float | None], p90: Sequence[float | None], target: float) -> float:
    """The end of the axis: all values, unless a few would press the rest to the ground."""
    known = sorted(v for v in (*median, *p90) if v is not None and math.isfinite(v))
    if not known:
        return target if any(v is not None for v in median) else 0.0
    slow = sorted(v for v in p90 if v is not None and math.isfinite(v)) or known
    typical = slow[len(slow) * 3 // 4] if len(slow) > 3 else slow[0]
    medians = [v for v in median if v is not None and math.isfinite(v)]
    readable = max(2 * typical, 1.5 * max(medians, default=0), 1.2 * target)
    return max(min(known[-1], readable) * 1.05, 1.2 * target)


def _unit(most: float) -> tuple[str, int]:
    return (_("minutes"), MINUTE) if most < 2 * 60 * MINUTE else (_("hours"), 60 * MINUTE)


def _height(seconds: float, top: float) -> float:
    return BASE - _HEIGHT * min(seconds / top, 1) if top else BASE


def _line(css: str, name: str, values: Sequence[float | None], top: float) -> Line:
    gap = 100 / max(len(values) - 1, 1)
    runs = [
        [(round(n * gap, 1), min(value / top, 1.0)) for n, value in run] for run in _runs(values)
    ]
    few = sum(map(len, runs)) <= _FEW
    last = next((value for value in reversed(values) if value is not None), None)
    return Line(
        css,
        name,
        runs=[_path(run) for run in runs if len(run) > 1],
        bridges=[_path([before[-1], after[0]]) for before, after in pairwise(runs)],
        dots=[
            (x, round(BASE - _HEIGHT * y, 1)) for run in runs for x, y in run if few or len(run) < 2
        ],
        last=_label(last),
        last_y=round(_height(last, top) + 4, 1) if last is not None else 0,
    )


def _runs(values: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    """Neighbours that are known, with their places."""
    for is_known, run in groupby(enumerate(values), key=lambda entry: entry[1] is not None):
        if is_known:
            yield [(n, value) for n, value in run if value is not None]


def _path(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{100 - 100 * y:.1f}" for x, y in points)


def _label(last: float | None) -> str:
    if last is None:
        return ""
    return clock_face(last) if math.isfinite(last) else _("not yet")


def _apart(lines: Sequence[Line]) -> list[Line]:
    """The labels, of which each has a second line, without one over another."""
    below = BASE - 6.0
    placed = []
    for line in reversed(lines):  # the lowest first
        if line.last:
            line = replace(line, last_y=min(line.last_y, below))
            below = line.last_y - _APART
        placed.append(line)
    return placed[::-1]
