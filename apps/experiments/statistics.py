"""What an experiment shows: rates with their intervals, and a verdict that may be trusted.

All statistics are scipy's. A verdict is given once, when as many leads are in as were needed to
see a difference that matters: whoever looks every day and stops at the first good day would find
winners by chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scipy import stats

CONFIDENCE = 0.95
POWER = 0.8
# The difference worth finding: a fifth of the present rate, at least one point in a hundred.
RELATIVE_LIFT = 0.2
LEAST_LIFT = 0.01
# Until ten leads have succeeded, the rate is taken to be this.
EXPECTED_RATE = 0.1
FEW = 10


@dataclass(frozen=True, slots=True)
class Arm:
    """One variant: leads old enough to be judged, how many succeeded, and all answer times.

    `waits` are seconds until the first attempt; infinity where there was none.
    """

    leads: int
    judged: int
    succeeded: int
    waits: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % confidence interval. Infinity: not reached."""

    value: float
    low: float
    high: float


class Finding(StrEnum):
    TOO_FEW = "too_few"
    NO_DIFFERENCE = "no_difference"
    WINNER = "winner"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`judged` of about `needed` leads; the best arm's place and the chance of being wrong."""

    finding: Finding
    judged: int
    needed: int
    best: int | None = None
    p: float | None = None


def rate(arm: Arm) -> Interval | None:
    """The share that succeeded, with Wilson's interval; None while nobody is judged."""
    if not arm.judged:
        return None
    found = stats.binomtest(arm.succeeded, arm.judged).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(arm.succeeded / arm.judged, float(found.low), float(found.high))


def median(waits: Sequence[float]) -> Interval | None:
    """The median with its interval from order statistics, which holds for any distribution.

    None below ten.
    """
    if len(waits) < FEW:
        return None
    ordered, n = sorted(waits), len(waits)
    tail = (1 - CONFIDENCE) / 2
    low = max(int(stats.binom.ppf(tail, n, 0.5)) - 1, 0)
    high = min(int(stats.binom.ppf(1 - tail, n, 0.5)), n - 1)
    return Interval(ordered[math.ceil(n / 2) - 1], ordered[low], ordered[high])


def needed(base: float, arms: int = 2) -> int:
    """How many leads in all it takes to see the difference worth finding.

    For two-sided comparisons of every arm with the best, at 80 % power; shares are taken as even.
    """
    base = min(max(base, 0.005), 0.995)
    lift = max(base * RELATIVE_LIFT, LEAST_LIFT)
    other = base + lift if base + lift < 1 else base - lift
    alpha = (1 - CONFIDENCE) / max(arms - 1, 1)
    z = stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(POWER)
    variance = base * (1 - base) + other * (1 - other)
    return math.ceil(z**2 * variance / lift**2) * arms


def verdict(arms: Sequence[Arm]) -> Verdict:
    """What may be said now. Arms are compared with the best one; Holm's correction for many."""
    judged = sum(arm.judged for arm in arms)
    succeeded = sum(arm.succeeded for arm in arms)
    base = succeeded / judged if succeeded >= FEW else EXPECTED_RATE
    wanted = needed(base, len(arms))
    if judged < wanted or min((arm.judged for arm in arms), default=0) < FEW:
        return Verdict(Finding.TOO_FEW, judged, max(wanted, judged + 1))
    best = max(range(len(arms)), key=lambda place: arms[place].succeeded / arms[place].judged)
    p = _worst(arms, best)
    finding = Finding.WINNER if p < 1 - CONFIDENCE else Finding.NO_DIFFERENCE
    return Verdict(finding, judged, wanted, best, p)


def _worst(arms: Sequence[Arm], best: int) -> float:
    """The greatest corrected p of the best arm against each other one."""
    others = [arm for place, arm in enumerate(arms) if place != best]
    found = sorted(_p(arms[best], other) for other in others)
    corrected = [p * (len(found) - place) for place, p in enumerate(found)]
    return min(max(corrected), 1.0)


def _p(one: Arm, other: Arm) -> float:
    table = [
        [one.succeeded, one.judged - one.succeeded],
        [other.succeeded, other.judged - other.succeeded],
    ]
    return float(stats.fisher_exact(table).pvalue)
