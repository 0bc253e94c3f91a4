"""The same figures as rows: for the table view of a chart and for CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.dashboards.figures.metrics import Figures, Percentile
from apps.dashboards.showing.words import percent, time_of, weekdays
from apps.leads.cells import harmless

Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Table:
    """Column names and rows; the first cell of a row names it."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def as_csv(self) -> str:
        text = StringIO()
        writer = csv.writer(text)
        writer.writerow(self.columns)
        writer.writerows([harmless(str(cell)) for cell in row] for row in self.rows)
        return text.getvalue()


def bands(figures: Figures) -> Table:
    received = figures.now.received
    columns = [_("Time to first attempt"), _("Leads"), _("Share")]
    rows: list[list[Cell]] = [
        [band.label, count, percent(100 * count / received if received else None, 1)]
        for band, count in figures.bins.items()
    ]
    return Table(columns, rows)


def speed(figures: Figures) -> Table:
    columns = [_("From"), _("Leads"), _("Median"), _("P90")]
    rows: list[list[Cell]] = [
        [_moment(slot.start, figures), slot.received, time_of(slot.median), time_of(slot.p90)]
        for slot in figures.slots
    ]
    return Table(columns, rows)


def sources(figures: Figures) -> Table:
    brought = [row for row in figures.sources if row.group.received]
    columns = [_("From"), *(row.source.name for row in brought)]
    counted = {(part.start, part.source_id): part.received for part in figures.volume}
    rows: list[list[Cell]] = [
        [
            _moment(slot.start, figures),
            *(counted.get((slot.start, row.source.pk), 0) for row in brought),
        ]
        for slot in figures.slots
    ]
    return Table(columns, rows)


def arrivals(figures: Figures) -> Table:
    columns = [_("Hour"), *weekdays()]
    rows: list[list[Cell]] = [
        [f"{hour:02d}:00", *(figures.arrivals.get((day, hour), 0) for day in range(7))]
        for hour in range(24)
    ]
    return Table(columns, rows)


def members(figures: Figures) -> Table:
    columns = [
        _("Member"), _("Received"), _("Turns"), _("Turns due"), _("Median (s)"),
        _("Within target"), _("Untouched now"), _("Contact rate"), _("Won"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            row.member.user.name,
            row.received,
            row.turns,
            "" if row.due is None else round(row.due, 2),
            seconds_in_cell(row.median),
            percent(row.within_target, 1),
            row.untouched.leads,
            percent(row.contact_rate, 1),
            row.won,
        ]
        for row in figures.members
    ]
    return Table(columns, rows)


def by_source(figures: Figures) -> Table:
    columns = [
        _("Source"), _("Received"), _("Median (s)"), _("P90 (s)"), _("Within target"),
        _("Untouched now"), _("Contact rate"), _("Won"), _("Won rate"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            row.source.name,
            row.group.received,
            seconds_in_cell(row.group.median),
            seconds_in_cell(row.group.p90),
            percent(row.group.within_target, 1),
            row.untouched.leads,
            percent(row.group.contact_rate, 1),
            row.group.won,
            percent(row.group.won_rate, 1),
        ]
        for row in figures.sources
    ]
    return Table(columns, rows)


TABLES: Mapping[str, Callable[[Figures], Table]] = {
    "bands": bands,
    "speed": speed,
    "volume": sources,
    "arrivals": arrivals,
    "members": members,
    "sources": by_source,
}


def _moment(at: datetime, figures: Figures) -> str:
    return date_format(at, "H:i" if figures.question.slot == "hour" else "Y-m-d")


def seconds_in_cell(value: Percentile) -> Cell:
    """Whole seconds, “not reached”, or nothing while it is hidden."""
    if value.seconds is None:
        return ""
    return round(value.seconds) if math.isfinite(value.seconds) else _("not reached")
