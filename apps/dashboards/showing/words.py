"""The sentences above and below the figures: what was found, and what exactly was counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.dashboards.figures.metrics import FEWEST, Figures, Group, MemberRow, Percentile
from apps.dashboards.figures.periods import Period
from apps.leads.speed import Clock, target_in_words
from apps.teams.models import Team
from apps.teams.presentation import clock_face


def weekdays() -> list[str]:
    return [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]


def percent(value: float | None, places: int = 0) -> str:
    """58 %, 91.4 %; a dash of nothing."""
    return "–" if value is None else f"{value:.{places}f} %"


def time_of(value: Percentile) -> str:
    """A percentile as a clock shows it; “not reached”, or a dash while it is hidden."""
    if value.seconds is None:
        return "–"
    return clock_face(value.seconds) if value.is_reached else _("not reached")


def bands_finding(figures: Figures, team: Team) -> str:
    """ "91 % within 5 min; 96 later, 3 not yet." """
    group = figures.now
    if not group.received:
        return _("No leads came in this period.")
    later = group.attempted - group.within
    words = {
        "share": percent(group.within_target, 1),
        "target": _target(team),
        "later": later,
        "never": group.never,
    }
    return _("%(share)s within %(target)s; %(later)s later, %(never)s without an attempt.") % words


def bands_definition(clock: str) -> str:
    if clock == Clock.BUSINESS:
        return _(
            "Leads by time from received to first attempt, counting only the team’s opening "
            "hours. An attempt is a human call, message or e-mail."
        )
    return _(
        "Leads by time from received to first attempt, day and night. An attempt is a human "
        "call, message or e-mail."
    )


def speed_finding(figures: Figures) -> str:
    """ "Half were answered within 1:14, nine in ten within 3:40." """
    group = figures.now
    if group.median.is_hidden:
        return _("Too few leads: percentiles are shown from %(fewest)d leads on.") % {
            "fewest": FEWEST
        }
    if not group.median.is_reached:
        return _("More than half of the leads have no attempt yet.")
    median, p90 = time_of(group.median), time_of(group.p90)
    if not group.p90.is_reached:
        return _("Half were answered within %(median)s; nine in ten not yet.") % {"median": median}
    words = {"median": median, "p90": p90}
    return _("Half were answered within %(median)s, nine in ten within %(p90)s.") % words


def speed_definition(slot: str, unit: str) -> str:
    by = {"hour": _("hour"), "day": _("day"), "week": _("week")}[slot]
    return _(
        "Median and 90th percentile (nearest rank) of speed to lead by %(by)s, in %(unit)s. "
        "A lead without an attempt counts as infinitely slow; below %(fewest)d leads there is "
        "no point."
    ) % {"by": by, "unit": unit, "fewest": FEWEST}


def sources_finding(figures: Figures) -> str:
    """ "Website brings 44 %." """
    received = figures.now.received
    if not received or not figures.sources:
        return _("No leads came in this period.")
    first = figures.sources[0]
    share = percent(100 * first.group.received / received)
    return _("%(source)s brings %(share)s.") % {"source": first.source.name, "share": share}


def arrivals_finding(figures: Figures, team: Team) -> str:
    """ "47 % come outside opening hours, most in the evening." """
    whole = sum(figures.arrivals.values())
    if not whole:
        return _("No leads came in this period.")
    outside = {at: n for at, n in figures.arrivals.items() if not _is_staffed(at, team)}
    share = percent(100 * sum(outside.values()) / whole)
    if not outside:
        return _("All of them come within opening hours.")
    return _("%(share)s come outside opening hours, most %(when)s.") % {
        "share": share,
        "when": _when(outside),
    }


def _is_staffed(at: tuple[int, int], team: Team) -> bool:
    weekday, hour = at
    clock = f"{hour:02d}:30"
    return any(
        opens <= clock < closes if opens < closes else clock >= opens
        for opens, closes in team.hours.get(str(weekday)) or []
    )


def _when(outside: dict[tuple[int, int], int]) -> str:
    parts = {
        _("at the weekend"): sum(n for (day, _hour), n in outside.items() if day > 4),
        _("early on weekdays"): sum(n for (d, hour), n in outside.items() if d < 5 and hour < 12),
        _("in the evening"): sum(n for (d, hour), n in outside.items() if d < 5 and hour >= 12),
    }
    return max(parts, key=lambda part: parts[part])


def members_finding(rows: Sequence[MemberRow]) -> str:
    """Who holds most untouched leads, and how fair the turns were."""
    holder = max(rows, key=lambda row: row.untouched.leads, default=None)
    parts = []
    if holder and holder.untouched.leads:
        leads = holder.untouched.leads
        words = {"name": holder.member.user.name, "n": leads}
        parts.append(
            ngettext(
                "%(name)s holds %(n)d untouched lead.", "%(name)s holds %(n)d untouched leads.",
                leads,
            ) % words
        )  # fmt: skip
    gaps = [abs(row.gap) for row in rows if row.gap is not None]
    if gaps:
        parts.append(_fairness(max(gaps)))
    return " ".join(parts)


def _fairness(gap: float) -> str:
    if gap <= 1:
        return _("Everyone is within one turn of their due.")
    return _("The largest gap to what was due is %(gap).1f turns.") % {"gap": gap}


def speed_change(now: Group, before: Group) -> tuple[str, bool | None]:
    """("↓ 0:23 faster", True): the median against the period before; empty if unknown."""
    if not (now.median.is_reached and before.median.is_reached):
        return "", None
    gap = (now.median.seconds or 0) - (before.median.seconds or 0)
    if abs(gap) < 1:
        return _("as before"), None
    words = {"time": clock_face(abs(gap))}
    if gap < 0:
        return _("↓ %(time)s faster") % words, True
    return _("↑ %(time)s slower") % words, False


def points_change(now: float | None, before: float | None) -> tuple[str, bool | None]:
    """("↑ 3.1 points", True)"""
    if now is None or before is None:
        return "", None
    gap = round(now - before, 1)
    if not gap:
        return _("as before"), None
    words = {"points": f"{abs(gap):g}"}
    if gap > 0:
        return _("↑ %(points)s points") % words, True
    return _("↓ %(points)s points") % words, False


def count_change(now: int, before: int) -> tuple[str, bool | None]:
    if now == before:
        return (_("as before"), None) if now else ("", None)
    return (f"↑ {now - before}", True) if now > before else (f"↓ {before - now}", False)


def span(figures: Figures) -> str:
    """ "25 Oct to 21 Nov" """
    return span_of(figures.question.period)


def span_of(period: Period) -> str:
    first, last = period.first_day, period.last_day
    if first == last:
        return _day(first)
    return _("%(first)s to %(last)s") % {"first": _day(first), "last": _day(last)}


def _day(day: date) -> str:
    return date_format(day, "j M")


def _target(team: Team) -> str:
    return target_in_words(timedelta(seconds=team.response_seconds))
