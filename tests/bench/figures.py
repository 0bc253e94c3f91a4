"""Figures as ratios to limits measured in the same run, in turns, by their medians."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Options:
    """How long one measurement takes, how many there are of each, and how large the tables."""

    seconds: float = 3.0
    rounds: int = 5
    pending: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of performance.md. `goal` is the least ratio, or the largest if `is_ceiling`."""

    row: int
    what: str
    unit: str
    ours: Sequence[float]
    limit_name: str
    limit: Sequence[float]
    goal: float | None = None
    is_ceiling: bool = False
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """The median of the ratios of neighbours: noise that hits both cancels out."""
        pairs = zip(self.ours, self.limit, strict=True)
        return statistics.median(ours / limit for ours, limit in pairs)

    @property
    def is_met(self) -> bool | None:
        if self.goal is None:
            return None
        return self.ratio <= self.goal if self.is_ceiling else self.ratio >= self.goal

    def as_json(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "ours_median": statistics.median(self.ours),
            "limit_median": statistics.median(self.limit),
            "ratio": self.ratio,
            "is_met": self.is_met,
        }


def alternate(options: Options, **measures: Callable[[], float]) -> dict[str, list[float]]:
    """Each measure in turns, A B A B, so that a drifting machine drifts for all of them."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _round in range(options.rounds):
        for name, take in measures.items():
            found[name].append(take())
    return found


def table(figures: Iterable[Figure]) -> str:
    lines = [f"{'row':>3}  {'what':<44} {'ours':>12} {'limit':>12} {'ratio':>8}  goal"]
    for one in figures:
        ours, limit = statistics.median(one.ours), statistics.median(one.limit)
        goal = "" if one.goal is None else f"{'≤' if one.is_ceiling else '≥'} {one.goal:g}"
        mark = {True: "met", False: "NOT MET", None: ""}[one.is_met]
        lines.append(
            f"{one.row:>3}  {one.what:<44} {ours:>12,.2f} {limit:>12,.2f} {one.ratio:>8.3f}  "
            f"{goal} {mark}\n     {one.unit}; limit: {one.limit_name}"
        )
        lines += [f"     {name}: {value}" for name, value in one.more.items()]
    return "\n".join(lines)
