"""The leads of a team's days in columns: fetched from the tables, packed, and read again.

One definition for kept days and for days that are counted at the moment of asking.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection

from apps.leads.models import StatusKind

Array = np.ndarray[Any, Any]

KINDS = tuple(str(kind) for kind in StatusKind)
CONTACTED = 0x80  # in `state`, beside the number of the kind
LIVE, BY_TIMEOUT, ENDED = 0, 1, 2  # in `ended`

# Where a lead has one of each, or none.
DIMENSIONS = ("source", "owner", "campaign", "form", "pool", "rule")
NUMBERS: Mapping[str, str] = {
    "received": "<i8",
    "wait": "<f8",
    "business_wait": "<f8",
    "routing": "<f8",
    "claim": "<f8",
    "hour": "u1",
    "state": "u1",
}
SERVED: Mapping[str, str] = {
    "served_lead": "<u4", "took": "<f8", "respond_by": "<i8", "started": "<i8", "ended": "u1",
}  # fmt: skip
CODES = frozenset({*DIMENSIONS, "group", "member"})
COLUMNS = (*NUMBERS, *DIMENSIONS, "group_lead", "group", *SERVED, "member")

_RANGES = """
FROM unnest(%(days)s::date[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    AS r(day, starts, ends)
  JOIN leads_lead l ON l.team_id = %(team)s
    AND l.received_at >= r.starts AND l.received_at < r.ends
    -- The same again in constants, by which the planner sees how few they are.
    AND l.received_at >= %(first)s AND l.received_at < %(last)s
    AND l.deleted_at IS NULL AND NOT l.is_spam AND NOT l.is_test
"""

_LEADS = f"""
SELECT r.day, l.id,
  (extract(epoch FROM l.received_at) * 1000000)::bigint,
  coalesce(date_part('epoch', l.first_attempt_at - l.received_at), 'Infinity'),
  CASE WHEN l.first_attempt_at IS NULL THEN 'Infinity' ELSE coalesce(
    l.business_response_seconds, greatest(0.0, date_part('epoch',
      l.first_attempt_at - coalesce(l.clock_starts_at, l.received_at)))) END,
  coalesce(date_part('epoch', l.assigned_at - l.received_at), 'NaN'),
  coalesce(date_part('epoch', l.claimed_at - l.offered_at), 'NaN'),
  date_part('hour', l.received_at AT TIME ZONE %(zone)s)::int,
  l.status_kind, l.first_contact_at IS NOT NULL,
  l.source_id, l.owner_id, l.campaign, l.form, d.pool_id, d.rule_id, l.group_ids,
  greatest(l.received_at, l.first_attempt_at, l.first_contact_at, l.closed_at)
{_RANGES}
  LEFT JOIN LATERAL (
    SELECT pool_id, rule_id FROM assignments_decision d WHERE d.lead_id = l.id
    ORDER BY at, id LIMIT 1
  ) d ON true
ORDER BY r.day, l.received_at, l.id
"""  # noqa: S608 - constants of ours; values are parameters

_SERVED = f"""
SELECT r.day, a.lead_id, coalesce(date_part('epoch', a.responded_at - a.started_at), 'Infinity'),
  coalesce((extract(epoch FROM a.respond_by) * 1000000)::bigint, 0),
  (extract(epoch FROM a.started_at) * 1000000)::bigint,
  CASE a.end_reason WHEN '' THEN {LIVE} WHEN 'timeout' THEN {BY_TIMEOUT} ELSE {ENDED} END,
  a.member_id
{_RANGES}
  JOIN assignments_assignment a ON a.lead_id = l.id
ORDER BY r.day, a.started_at, a.id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Block:
    """Some leads of one local day, in columns; `columns` may be only those asked for."""

    day: date
    leads: int
    keys: Mapping[str, Sequence[str | None]]
    columns: Mapping[str, bytes]
    active_at: datetime | None = None

    def array(self, name: str) -> Array:
        """One column as numbers."""
        data = self.columns[name]
        return np.frombuffer(data, dtype=_dtype(name, self.keys))


def _dtype(name: str, keys: Mapping[str, Sequence[str | None]]) -> str:
    if name in CODES:
        return _code_dtype(len(keys.get(name, ())))
    return "<u4" if name == "group_lead" else {**NUMBERS, **SERVED}[name]


def _code_dtype(keys: int) -> str:
    return "<u2" if keys <= 1 << 16 else "<u4"


def microseconds(moment: datetime) -> int:
    """Since 1970, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def midnight(day: date, zone: str) -> datetime:
    """When the local day begins."""
    return datetime.combine(day, time(), ZoneInfo(zone))


def fetch(team_id: UUID, days: Sequence[date], *, zone: str) -> list[Block]:
    """These local days as the tables have them now; a day without leads is an empty block."""
    return [block for run in _runs(days) for block in _fetch(team_id, run, zone)]


def _runs(days: Sequence[date]) -> list[list[date]]:
    """Days one after another, apart from those elsewhere: a statement looks at no day between."""
    runs: list[list[date]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] + timedelta(days=1) == day:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _fetch(team_id: UUID, days: Sequence[date], zone: str) -> list[Block]:
    starts = [midnight(day, zone) for day in days]
    ends = [midnight(day + timedelta(days=1), zone) for day in days]
    values: dict[str, Any] = {
        "team": team_id, "zone": zone, "days": list(days), "starts": starts, "ends": ends,
        "first": starts[0], "last": ends[-1],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_LEADS, values)
        leads = _by_day(cursor.fetchall())
        cursor.execute(_SERVED, values)
        served = _by_day(cursor.fetchall())
    return [_block(day, leads.get(day, []), served.get(day, [])) for day in days]


def _by_day(rows: Iterable[Sequence[Any]]) -> dict[date, list[Sequence[Any]]]:
    return {day: list(of_day) for day, of_day in groupby(rows, key=lambda row: row[0])}


def _block(day: date, rows: list[Sequence[Any]], served: list[Sequence[Any]]) -> Block:
    names = ("day", "id", *NUMBERS, "contacted", *DIMENSIONS, "groups", "active_at")
    table = _columns(names, rows)
    keys: dict[str, list[str | None]] = {}
    kinds = [KINDS.index(kind) for kind in table["state"]]
    table["state"] = [
        kind | CONTACTED if contacted else kind
        for kind, contacted in zip(kinds, table["contacted"], strict=True)
    ]
    columns = {name: _numbers(table[name], dtype) for name, dtype in NUMBERS.items()}
    for name in DIMENSIONS:
        keys[name], columns[name] = _coded(table[name])
    pairs = [(place, group) for place, groups in enumerate(table["groups"]) for group in groups]
    columns["group_lead"] = _numbers([place for place, _group in pairs], "<u4")
    keys["group"], columns["group"] = _coded([group for _place, group in pairs])
    keys["member"], of_served = _served(served, table["id"])
    active = max(table["active_at"], default=None)
    return Block(day, len(rows), keys, {**columns, **of_served}, active)


def _served(
    rows: list[Sequence[Any]], leads: Sequence[UUID]
) -> tuple[list[str | None], dict[str, bytes]]:
    """The members, and the columns of assignments."""
    places = {lead: place for place, lead in enumerate(leads)}
    # A lead may have come or gone between the two statements: its assignments go with it.
    table = _columns(("day", *SERVED, "member"), [row for row in rows if row[1] in places])
    table["served_lead"] = [places[lead] for lead in table["served_lead"]]
    columns = {name: _numbers(table[name], dtype) for name, dtype in SERVED.items()}
    members, columns["member"] = _coded(table["member"])
    return members, columns


def _columns(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Sequence[Any]]:
    """Rows turned by a quarter."""
    if not rows:
        return dict.fromkeys(names, ())
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def _numbers(values: Sequence[Any], dtype: str) -> bytes:
    return np.array(values, dtype=dtype).tobytes()


def _coded(values: Sequence[Any]) -> tuple[list[str | None], bytes]:
    """The different values in the order of their first place, and each value's number."""
    numbers: dict[Any, int] = {}
    codes = [numbers.setdefault(value, len(numbers)) for value in values]
    keys = [None if value is None else str(value) for value in numbers]
    return keys, _numbers(codes, _code_dtype(len(keys)))
