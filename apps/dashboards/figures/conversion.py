"""Of the leads of a month, those won within 30, 60 and 90 days: the same time for each lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from apps.dashboards.figures.cohort import named
from apps.dashboards.figures.metrics import share
from apps.leads.models import Lead
from apps.teams.access import Access

HORIZONS = (30, 60, 90)  # days
MONTHS = 12

_STATEMENT = """
SELECT date_trunc('month', received_at AT TIME ZONE %(zone)s)::date, count(*),
  count(*) FILTER (WHERE won <= 30), count(*) FILTER (WHERE won <= 60),
  count(*) FILTER (WHERE won <= 90)
FROM (
  SELECT received_at, CASE WHEN status_kind = 'won'
    THEN date_part('epoch', closed_at - received_at) / 86400 END AS won
  FROM ({leads}) l
) w GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Month:
    """The leads received in a month. A horizon is None until all of them are that old."""

    first_day: date
    received: int
    won: Mapping[int, int | None]

    @property
    def last_day(self) -> date:
        return _next(self.first_day) - timedelta(days=1)

    @property
    def rates(self) -> list[tuple[int, int | None, float | None]]:
        """(days, won, per cent), the latter two None for "not yet"."""
        return [
            (days, won, None if won is None else share(won, self.received))
            for days, won in self.won.items()
        ]


def conversion(access: Access, *, now: datetime) -> Sequence[Month]:
    """The last twelve months that had leads, the latest first. One statement."""
    zone = ZoneInfo(access.team.timezone)
    this = now.astimezone(zone).date().replace(day=1)
    first = this
    for _n in range(MONTHS - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    rows: Any = Lead.objects.behind_figures(access).counted().order_by()
    rows = rows.filter(received_at__gte=datetime.combine(first, time(), zone), received_at__lte=now)
    sql, values = named(rows.values("received_at", "status_kind", "closed_at"), "l")
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT.format(leads=sql), {**values, "zone": access.team.timezone})
        found = [_month(*row, now=now, zone=zone) for row in cursor]
    return sorted(found, key=lambda month: month.first_day, reverse=True)


def _month(first: date, received: int, *won: int, now: datetime, zone: ZoneInfo) -> Month:
    ended = datetime.combine(_next(first), time(), zone)
    told = {
        days: number if ended + timedelta(days=days) <= now else None
        for days, number in zip(HORIZONS, won, strict=True)
    }
    return Month(first, received, told)


def _next(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
