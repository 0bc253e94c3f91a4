"""Verdicts and figures as a person says them."""

from __future__ import annotations

import math

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.experiments.results import Results
from apps.experiments.statistics import Finding, Interval
from apps.rules.models import Experiment
from apps.teams.presentation import clock_face


def verdict(found: Results, experiment: Experiment) -> tuple[str, str]:
    """A headline, and what follows from it."""
    judged = found.verdict
    if judged.finding is Finding.TOO_FEW:
        said = _("Not enough leads yet: %(n)s of about %(needed)s")
        waiting = found.leads - judged.judged
        more = ngettext(
            "%(n)s more lead is on its way to being judged.",
            "%(n)s more leads are on their way to being judged.",
            waiting,
        )
        counts = {"n": f"{judged.judged:,}", "needed": f"{_rounded(judged.needed):,}"}
        return said % counts, more % {"n": f"{waiting:,}"} if waiting else ""
    best = found.best
    assert best is not None  # there are enough leads
    if judged.finding is Finding.NO_DIFFERENCE:
        text = _("With %(n)s leads a difference that matters would have shown. Keep what you like.")
        return _("No difference that matters"), text % {"n": f"{judged.judged:,}"}
    text = _("It did better among %(n)s leads; the odds that this is chance are %(p)s.")
    return _("“%(name)s” is better") % {"name": best.variant.name}, text % {
        "n": f"{judged.judged:,}", "p": _chance(judged.p or 0.0),
    }  # fmt: skip


def share(found: Interval | None) -> str:
    """A rate with its interval, such as “15 % (9–23 %)”."""
    if found is None:
        return _("none judged yet")
    low, high = (f"{value * 100:.0f}" for value in (found.low, found.high))
    return _("%(value)s %% (%(low)s–%(high)s %%)") % {
        "value": f"{found.value * 100:.1f}", "low": low, "high": high,
    }  # fmt: skip


def wait(found: Interval | None) -> str:
    """A median with its interval, such as “4:10 (3:40–5:02)”."""
    if found is None:
        return _("shown from 10 leads on")
    return f"{_time(found.value)} ({_time(found.low)}–{_time(found.high)})"


def _time(seconds: float) -> str:
    return _("not reached") if math.isinf(seconds) else clock_face(seconds)


def _rounded(number: int) -> int:
    """To two figures: a sample size is an estimate."""
    digits = max(len(str(number)) - 2, 0)
    return int(round(number, -digits))


def _chance(p: float) -> str:
    return _("under 1 in 1,000") if p < 0.001 else _("1 in %(n)d") % {"n": max(round(1 / p), 1)}
