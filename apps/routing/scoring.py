"""What a lead is worth: points for the conditions that it meets, halved as it ages, and a band."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.routing.calendar import Schedule
from apps.routing.conditions import Compiled, compile_condition, in_words
from apps.routing.facts import LeadFacts
from apps.routing.fields import Registry

BANDS = ("A", "B", "C")
LOWEST = "D"
# Points of all lines together must stay within a lead's column of two bytes.
MOST_LINES = 60
MOST_POINTS = 500
DAY = 86_400.0
# A score can't ask for itself.
CIRCULAR = frozenset({"score", "band"})
# What changes although nobody touches the lead.
MOVING = frozenset({"silent_days"})


@dataclass(frozen=True, slots=True)
class LineSpec:
    """One line of the table: points, at first in full, then half of it every so many days."""

    id: UUID
    name: str
    points: int
    conditions: Mapping[str, Any]
    half_life_days: int | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """Points, their band, and the lines that gave them, ready for JSON.

    A line is {"line": id, "name", "points": now, "of": full points, "words": its conditions,
    "half_life": days or None, "decays": whether age will still take from it}. The lines' points
    add up to the score.
    """

    points: int
    band: str
    lines: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Line:
    spec: LineSpec
    test: Compiled
    words: str

    def counted(self, age_days: float) -> dict[str, Any]:
        spec = self.spec
        points = faded(spec.points, age_days, spec.half_life_days)
        return {
            "line": str(spec.id),
            "name": spec.name,
            "points": points,
            "of": spec.points,
            "words": self.words,
            "half_life": spec.half_life_days,
            "decays": spec.half_life_days is not None and points != 0,
        }


class PointsTable:
    """A team's lines, compiled once."""

    def __init__(
        self, lines: Iterable[LineSpec], registry: Registry, bands: Mapping[str, int]
    ) -> None:
        self.registry = registry
        self.bands = dict(bands)
        self._lines = [_compiled(line, registry) for line in lines]

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def fades(self) -> bool:
        """Whether age alone changes scores."""
        return any(line.spec.half_life_days for line in self._lines)

    @property
    def asks_for_time(self) -> bool:
        """Whether a lead may come to meet a line although nothing is done to it."""
        return any(not MOVING.isdisjoint(line.test.fields) for line in self._lines)

    def score(self, lead: LeadFacts, *, now: datetime, calendar: Schedule | None = None) -> Score:
        """Count every line that the lead meets, by its age at `now`."""
        age = (now - lead.received_at).total_seconds() / DAY
        met = [each.counted(age) for each in self._lines if each.test.matches(lead, calendar)]
        points = sum(line["points"] for line in met)
        return Score(points, band_of(points, self.bands), met)


def faded(points: int, age_days: float, half_life_days: int | None) -> int:
    """What age leaves of points: half after each half-life, to the nearest whole point."""
    if not half_life_days or age_days <= 0:
        return points
    left = abs(points) * 0.5 ** (age_days / half_life_days)
    whole = int(left + 0.5)  # halves go up, and alike for points that are taken away
    return whole if points > 0 else -whole


def band_of(points: int, bands: Mapping[str, int]) -> str:
    """The first band whose least score is reached; below them all it is D."""
    return next((band for band in BANDS if band in bands and points >= bands[band]), LOWEST)


def circular_fields(test: Compiled) -> Sequence[str]:
    """The fields of a line's conditions that its own score would decide."""
    return [key for key in test.fields if key in CIRCULAR]


def _compiled(line: LineSpec, registry: Registry) -> _Line:
    words = in_words(line.conditions, registry, hides_personal=True)
    return _Line(line, compile_condition(line.conditions, registry), words)
