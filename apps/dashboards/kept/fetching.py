"""The leads of a team's days as the tables have them now, packed into columns.

One definition for kept days and for days that are counted at the moment of asking.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import numpy as np
from django.db import connection

from apps.dashboards.figures.values import Value, worth_of
from apps.dashboards.kept.columns import (
    BY_TIMEOUT,
    CONTACTED,
    DIMENSIONS,
    ENDED,
    HORIZON_SHIFT,
    HORIZONS,
    KINDS,
    LIVE,
    NUMBERS,
    QUALIFIED,
    SERVED,
    TURNS,
    UNKNOWN,
    WON,
    Block,
    code_dtype,
    midnight,
)
from apps.teams.models import Team

Rows = list[Sequence[Any]]
Table = dict[str, Sequence[Any]]

_DAYS = "FROM unnest(%(days)s::date[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])"
_RANGES = f"""
{_DAYS} AS r(day, starts, ends)
  JOIN leads_lead l ON l.team_id = %(team)s
    AND l.received_at >= r.starts AND l.received_at < r.ends
    -- The same again in constants, by which the planner sees how few they are.
    AND l.received_at >= %(first)s AND l.received_at < %(last)s
    AND l.deleted_at IS NULL AND NOT l.is_spam AND NOT l.is_test
"""
_HORIZON = " ".join(
    f"WHEN l.closed_at - l.received_at <= interval '{days * 24} hours' THEN {number}"
    for number, days in enumerate(HORIZONS, 1)
)

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
  l.status_kind,
  CASE WHEN l.first_contact_at IS NULL THEN 0 ELSE {CONTACTED} END
    + CASE WHEN l.qualified_at IS NOT NULL OR l.status_kind IN ('qualified', 'won')
      THEN {QUALIFIED} ELSE 0 END
    + (1 << {HORIZON_SHIFT}) * CASE WHEN l.status_kind <> 'won' THEN 0 {_HORIZON} ELSE 0 END,
  l.source_id, l.owner_id, l.campaign, l.form, d.pool_id, d.key, l.group_ids,
  greatest(l.received_at, l.first_attempt_at, l.first_contact_at, l.closed_at)
{_RANGES}
  LEFT JOIN LATERAL (
    SELECT d.pool_id, r.key
    FROM assignments_decision d LEFT JOIN rules_rule r ON r.id = d.rule_id
    WHERE d.lead_id = l.id ORDER BY d.at, d.id LIMIT 1
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

# Who closed a lead set it won; without a note of it, the owner. A touch is an attempt that counts.
_WON = f"""
SELECT r.day, l.id, coalesce({{worth}}, {UNKNOWN}), hands.people, hands.touches,
  coalesce(closer.member_id, l.owner_id)
{_RANGES} AND l.status_kind = 'won'
  CROSS JOIN LATERAL (
    SELECT count(DISTINCT member_id) AS people, coalesce(sum(touch), 0)::int AS touches FROM (
      SELECT member_id, 0 AS touch FROM assignments_assignment WHERE lead_id = l.id
      UNION ALL
      SELECT member_id, 1 FROM leads_attempt
      WHERE lead_id = l.id AND confirmed_at IS NOT NULL AND outcome <> 'misdial'
    ) had
  ) hands
  LEFT JOIN LATERAL (
    SELECT member_id FROM leads_activity t
    WHERE t.lead_id = l.id AND t.kind = 'status' AND t.data->>'kind' = 'won'
      AND t.member_id IS NOT NULL
    ORDER BY t.at DESC, t.id DESC LIMIT 1
  ) closer ON true
ORDER BY r.day, l.received_at, l.id
"""  # noqa: S608

# In a turn every eligible seat gains its share, and the winner pays one.
_TURNS = f"""
WITH turns AS MATERIALIZED (
  SELECT r.day, t.winner_id, t.deltas, CASE t.reason WHEN 'turn' THEN 1 ELSE -1 END AS taken
  {_DAYS} AS r(day, starts, ends) JOIN rules_turnentry t
    ON t.team_id = %(team)s AND t.at >= r.starts AND t.at < r.ends
    AND t.at >= %(first)s AND t.at < %(last)s AND t.reason IN ('turn', 'give_back')
)
SELECT day, sum(gained)::bigint, sum(taken)::int, seat
FROM (
  SELECT day, key AS seat, sum(value::bigint) AS gained, 0 AS taken
  FROM turns CROSS JOIN LATERAL jsonb_each_text(deltas) GROUP BY day, key
  UNION ALL
  SELECT day, winner_id::text, 0, sum(taken) FROM turns GROUP BY day, winner_id
) parts WHERE seat IS NOT NULL
GROUP BY day, seat ORDER BY day, seat
"""  # noqa: S608


def fetch(team: Team, days: Sequence[date]) -> list[Block]:
    """These local days as the tables have them now; a day without leads is an empty block."""
    worth = worth_of(team)
    return [block for run in _runs(days) for block in _fetch(team, run, worth)]


def _runs(days: Sequence[date]) -> list[list[date]]:
    """Days one after another, apart from those elsewhere: a statement looks at no day between."""
    runs: list[list[date]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] + timedelta(days=1) == day:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _fetch(team: Team, days: Sequence[date], worth: Value) -> list[Block]:
    zone = team.timezone
    starts = [midnight(day, zone) for day in days]
    ends = [midnight(day + timedelta(days=1), zone) for day in days]
    amount, amount_values = worth.statement("l")
    values: dict[str, Any] = {
        "team": team.pk, "zone": zone, "days": list(days), "starts": starts, "ends": ends,
        "first": starts[0], "last": ends[-1], **amount_values,
    }  # fmt: skip
    leads, served, won, turns = (
        _by_day(statement, values)
        for statement in (_LEADS, _SERVED, _WON.format(worth=amount), _TURNS)
    )
    return [
        _block(day, leads.get(day, []), served.get(day, []), won.get(day, []), turns.get(day, []))
        for day in days
    ]


def _by_day(statement: str, values: Mapping[str, Any]) -> dict[date, Rows]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: Iterable[Sequence[Any]] = cursor.fetchall()
    return {day: list(of_day) for day, of_day in groupby(rows, key=lambda row: row[0])}


def _block(day: date, rows: Rows, served: Rows, won: Rows, turns: Rows) -> Block:
    names = ("day", "id", *NUMBERS, "ever", *DIMENSIONS, "groups", "active_at")
    table = _columns(names, rows)
    kinds = table["state"]
    numbers = {kind: number for number, kind in enumerate(KINDS)}
    table["state"] = [numbers[kind] | ever for kind, ever in zip(kinds, table["ever"], strict=True)]
    keys: dict[str, list[str | None]] = {}
    columns = {name: _numbers(table[name], dtype) for name, dtype in NUMBERS.items()}
    for name in DIMENSIONS:
        keys[name], columns[name] = _coded(table[name])
    pairs = [(place, group) for place, groups in enumerate(table["groups"]) for group in groups]
    columns["group_lead"] = _numbers([place for place, _group in pairs], "<u4")
    keys["group"], columns["group"] = _coded([group for _place, group in pairs])
    # A lead may have come, gone or changed between the statements: what is of it goes with it.
    places = {lead: place for place, lead in enumerate(table["id"])}
    are_won = {lead: place for lead, place in places.items() if kinds[place] == "won"}
    for of_leads, columns_of, code, at in (
        (served, SERVED, "member", places), (won, WON, "closer", are_won),
    ):  # fmt: skip
        of_these = [(row[0], at[row[1]], *row[2:]) for row in of_leads if row[1] in at]
        keys[code] = _put(columns, columns_of, code, of_these)
    keys["seat"] = _put(columns, TURNS, "seat", turns)
    return Block(day, len(rows), keys, columns, max(table["active_at"], default=None))


def _put(
    columns: dict[str, bytes], dtypes: Mapping[str, str], code: str, rows: Sequence[Sequence[Any]]
) -> list[str | None]:
    """Add the columns of these rows, whose last value is a code; what the codes stand for."""
    table = _columns(("day", *dtypes, code), rows)
    columns.update({name: _numbers(table[name], dtype) for name, dtype in dtypes.items()})
    keys, columns[code] = _coded(table[code])
    return keys


def _columns(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
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
    return keys, _numbers(codes, code_dtype(len(keys)))
