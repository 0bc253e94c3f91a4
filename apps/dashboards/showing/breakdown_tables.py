"""A breakdown in an order, and as a table for CSV."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.utils.translation import gettext as _

from apps.dashboards.figures.breakdowns import Breakdown, Part
from apps.dashboards.showing.tables import Cell, Table, seconds_in_cell
from apps.dashboards.showing.words import percent

Rank = Callable[[Part], float | None]

RANKS: Mapping[str, Rank] = {
    "received": lambda part: part.now.received,
    "attempted": lambda part: part.now.attempt_rate,
    "median": lambda part: part.now.median.seconds,
    "p90": lambda part: part.now.p90.seconds,
    "p95": lambda part: part.now.p95.seconds,
    "within": lambda part: part.now.within_target,
    "untouched": lambda part: part.untouched.leads,
    "contact": lambda part: part.now.contact_rate,
    "qualified": lambda part: part.now.qualified_rate,
    "won": lambda part: part.now.won_rate,
    "value": lambda part: part.value,
}
DEFAULT = "-received"


def order(parts: Sequence[Part], asked: str) -> tuple[str, list[Part]]:
    """The parts by "received" or, falling, "-received"; what is unknown comes last. And the key.

    Any other word is DEFAULT.
    """
    asked = asked if asked.removeprefix("-") in {*RANKS, "name"} else DEFAULT
    name, falls = asked.removeprefix("-"), asked.startswith("-")
    by_name = sorted(parts, key=lambda part: (part.name.casefold(), part.key))
    if name == "name":
        return asked, by_name[::-1] if falls else by_name
    rank = RANKS[name]

    def place(part: Part) -> tuple[bool, float]:
        value = rank(part)
        return value is None, (-1 if falls else 1) * (value or 0)

    return asked, sorted(by_name, key=place)


def table(found: Breakdown, parts: Sequence[Part]) -> Table:
    columns = [
        str(found.dimension.label), _("Received"), _("Received before"), _("Attempted"),
        _("Attempt rate"), _("Median (s)"), _("P90 (s)"), _("P95 (s)"), _("Median before (s)"),
        _("Within target"), _("Untouched now"), _("Contacted"), _("Contact rate"),
        _("Qualified"), _("Qualified rate"), _("Won"), _("Won rate"),
        _("Value won (%(currency)s, minor units)") % {"currency": found.worth.currency},
    ]  # fmt: skip
    return Table(columns, [_row(part) for part in parts])


def _row(part: Part) -> list[Cell]:
    now, before = part.now, part.before
    return [
        part.name, now.received, before.received, now.attempted, percent(now.attempt_rate, 1),
        seconds_in_cell(now.median), seconds_in_cell(now.p90), seconds_in_cell(now.p95),
        seconds_in_cell(before.median), percent(now.within_target, 1), part.untouched.leads,
        now.contacted, percent(now.contact_rate, 1), now.ever_qualified,
        percent(now.qualified_rate, 1), now.won, percent(now.won_rate, 1),
        part.value if part.valued else "",
    ]  # fmt: skip
