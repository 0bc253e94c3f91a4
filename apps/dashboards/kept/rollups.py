"""Leads of many days of a team, in columns: kept days where they are right, counted days elsewhere.

A day is counted from the tables when it was never kept, when it was kept for another time zone,
or when one of its leads changed since. Where many leads would have to be counted so, a day is shown
as it was kept for up to `LATEST` seconds after a change: no figure is ever older than that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
from django.db import connection

from apps.dashboards.kept.columns import COLUMNS, Array, Block
from apps.dashboards.kept.fetching import fetch
from apps.teams.models import Team

MANY = 2000  # leads of changed days that are not counted again for one answer
LATEST = 4.0  # seconds

_NOTED = """
SELECT received_from, received_to,
  date_part('epoch', clock_timestamp() - min(touched_at))
FROM dashboards_touchedspan WHERE of_team = %s
GROUP BY received_from, received_to
"""

_KEPT = """
SELECT day, leads, active_at, keys, {columns} FROM dashboards_keptday
WHERE team_id = %s AND day = ANY(%s) AND timezone = %s
"""


@dataclass(frozen=True)
class Leads:
    """Leads of some days, one place each in every column."""

    blocks: Sequence[Block]
    _known: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def size(self) -> int:
        return sum(block.leads for block in self.blocks)

    @cached_property
    def day(self) -> Array:
        """Which of `blocks` a lead is in."""
        return self._by_block([block.leads for block in self.blocks])

    @cached_property
    def served_day(self) -> Array:
        """Which of `blocks` an assignment's lead is in."""
        return self._by_block([len(block.array("took")) for block in self.blocks])

    def column(self, name: str) -> Array:
        """A column of numbers over all days."""
        if name not in self._known:
            parts = [block.array(name) for block in self.blocks]
            self._known[name] = np.concatenate(parts) if parts else np.empty(0)
        known: Array = self._known[name]
        return known

    def codes(self, name: str) -> tuple[list[str | None], Array]:
        """What a dimension is of over all days: its values, and each place's number."""
        if (name, "codes") not in self._known:
            self._known[name, "codes"] = self._codes(name)  # type: ignore[index]
        known: tuple[list[str | None], Array] = self._known[name, "codes"]  # type: ignore[index]
        return known

    def places(self, name: str) -> Array:
        """A column of places (`served_lead`, `group_lead`) as places over all days."""
        offsets = np.cumsum([0, *(block.leads for block in self.blocks)])
        parts = [
            block.array(name).astype(np.int64) + offset
            for block, offset in zip(self.blocks, offsets, strict=False)
        ]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def _codes(self, name: str) -> tuple[list[str | None], Array]:
        numbers: dict[str | None, int] = {}
        parts = []
        for block in self.blocks:
            of_block = [numbers.setdefault(key, len(numbers)) for key in block.keys[name]]
            parts.append(np.array(of_block, np.int32)[block.array(name)])
        codes = np.concatenate(parts) if parts else np.empty(0, np.int32)
        return list(numbers), codes

    def _by_block(self, sizes: Sequence[int]) -> Array:
        return np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)


@dataclass(frozen=True, slots=True)
class Part:
    """Local days, and the columns that will be asked for: the fewer, the faster."""

    days: Sequence[date]
    columns: Collection[str] = COLUMNS


def read(team: Team, *parts: Part) -> list[Leads]:
    """All counted leads that were received on these days, oldest first; for each part its own.

    A few statements, however many days.
    """
    days = sorted({day for part in parts for day in part.days})
    right = _right(kept(team, parts), _noted(team, days))
    missing = [day for day in days if day not in right]
    counted = {block.day: block for block in fetch(team, missing)}
    blocks = {**right, **counted}
    return [Leads([blocks[day] for day in sorted(part.days)]) for part in parts]


def _right(blocks: Iterable[Block], noted: Mapping[date, float]) -> dict[date, Block]:
    """Those that may be shown. What is counted again for one answer is bounded: newest first."""
    right, again = {}, 0
    for block in sorted(blocks, key=lambda block: block.day, reverse=True):
        if block.day in noted and noted[block.day] >= LATEST:
            continue
        if block.day in noted and again + block.leads < MANY:
            again += block.leads
            continue
        right[block.day] = block
    return right


def _noted(team: Team, days: Sequence[date]) -> dict[date, float]:
    """Days with leads that changed since they were kept, and for how many seconds that is so."""
    zone = ZoneInfo(team.timezone)
    noted: dict[date, float] = {}
    with connection.cursor() as cursor:
        cursor.execute(_NOTED, [team.pk])
        for first, last, seconds in cursor.fetchall():
            for day in days if first is None else _local_days(first, last, zone):
                noted[day] = max(seconds, noted.get(day, 0.0))
    return noted


def _local_days(first: datetime, last: datetime, zone: ZoneInfo) -> list[date]:
    day, end = first.astimezone(zone).date(), last.astimezone(zone).date()
    return [day + timedelta(days=n) for n in range((end - day).days + 1)]


def kept(team: Team, parts: Sequence[Part]) -> list[Block]:
    """Days of all parts that are kept for the team's time zone, each with its part's columns."""
    values: list[Any] = []
    names = [name for name in COLUMNS if any(name in part.columns for part in parts)]
    columns = []
    for name in names:
        days = [day for part in parts if name in part.columns for day in part.days]
        columns.append(f'CASE WHEN day = ANY(%s) THEN "{name}" END')
        values.append(days)
    statement = _KEPT.format(columns=", ".join(columns))
    values += [team.pk, [day for part in parts for day in part.days], team.timezone]
    return [_block(row, names) for row in fetch_binary(statement, values)]


def _block(row: Sequence[Any], names: Sequence[str]) -> Block:
    day, leads, active_at, keys, *data = row
    columns = {name: column for name, column in zip(names, data, strict=True) if column is not None}
    return Block(day, leads, keys, columns, active_at)


def fetch_binary(statement: str, values: Sequence[Any]) -> list[Any]:
    """Rows in PostgreSQL's binary form: bytes come as they are, not as text of twice the size."""
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, values, binary=True)
        return cursor.fetchall()
