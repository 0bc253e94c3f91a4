"""Keeps the columns of days: redoes days whose leads changed, a few at a time.

Triggers note what changed in the transaction of the change, so that nothing is forgotten and a
late commit is found late. A note goes away in the transaction that writes the day anew. One
process at a time is at a team; two at once are harmless.
"""

from __future__ import annotations

import json
import time as clock
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.utils.timezone import now

from apps.accounts.ids import uuid7
from apps.alerts import announcer
from apps.dashboards.kept.columns import COLUMNS, Block
from apps.dashboards.kept.fetching import fetch
from apps.dashboards.models import TouchedSpan
from apps.teams.models import Team

log = structlog.get_logger(__name__)

DAYS_AT_ONCE = 8  # at first; then as many as a transaction of about PACE seconds holds
FEWEST_AT_ONCE, MOST_AT_ONCE = 2, 128  # two, as a note may be about two local days
PACE = 0.5
NOTES_AT_ONCE = 5000
LONGEST = 2.0  # seconds of one call
PAUSE = 0.1  # while another process is at the team

# Teams with the oldest notes first; a team that another process is at is passed over by its lock.
_TEAMS = """
SELECT of_team FROM dashboards_touchedspan
GROUP BY of_team ORDER BY min(id) LIMIT 50
"""

_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('dashboards_keptday'), hashtext(%s))"

# A note about all days becomes one note a local day.
_ALL_DAYS = """
WITH gone AS (
  DELETE FROM dashboards_touchedspan
  WHERE of_team = %(team)s AND received_from IS NULL RETURNING touched_at
)
INSERT INTO dashboards_touchedspan (of_team, received_from, received_to, touched_at)
SELECT %(team)s, span.earliest, span.latest, (SELECT min(touched_at) FROM gone)
FROM (
  SELECT min(received_at) AS earliest, max(received_at) AS latest
  FROM leads_lead WHERE team_id = %(team)s
  GROUP BY (received_at AT TIME ZONE %(zone)s)::date
  UNION
  SELECT min(at), max(at) FROM rules_turnentry
  WHERE team_id = %(team)s AND reason IN ('turn', 'give_back')
  GROUP BY (at AT TIME ZONE %(zone)s)::date
  UNION
  SELECT day::timestamp AT TIME ZONE %(zone)s, day::timestamp AT TIME ZONE %(zone)s
  FROM dashboards_keptday WHERE team_id = %(team)s
) span
WHERE EXISTS (SELECT FROM gone)
"""

# The newest days first: they are what somebody looks at.
_DAYS = """
WITH noted AS (
  SELECT (received_from AT TIME ZONE %(zone)s)::date AS first,
    (received_to AT TIME ZONE %(zone)s)::date AS last
  FROM (
    SELECT DISTINCT received_from, received_to FROM (
      SELECT received_from, received_to FROM dashboards_touchedspan
      WHERE of_team = %(team)s ORDER BY id LIMIT %(notes)s
    ) oldest
  ) differing
)
SELECT DISTINCT d::date FROM noted, generate_series(first, last, interval '1 day') d
ORDER BY 1 DESC LIMIT %(days)s
"""

# Notes wholly within the days that are redone now. They span two local days at most.
_TAKE = """
DELETE FROM dashboards_touchedspan
WHERE of_team = %(team)s
  AND (received_from AT TIME ZONE %(zone)s)::date = ANY(%(days)s::date[])
  AND (received_to AT TIME ZONE %(zone)s)::date = ANY(%(days)s::date[])
"""


def refresh(*, longest: float = LONGEST) -> int:
    """Redo days that changed, for about `longest` seconds at most; how many were redone."""
    until, done = clock.monotonic() + longest, 0
    for team_id in _teams():
        for days in _passes(team_id):
            # What is kept changes with whatever a board shows: open ones look anew.
            announcer.stir([team_id])
            done += days
            if clock.monotonic() > until:
                return done
    return done


def _passes(team_id: UUID) -> Iterator[int]:
    """Redo changed days of a team until there are none: how many, transaction by transaction."""
    at_once, started = DAYS_AT_ONCE, clock.monotonic()
    while days := refresh_team(team_id, at_once=at_once):
        yield days
        took, started = clock.monotonic() - started, clock.monotonic()
        wanted = at_once // 2 if took > PACE else at_once * 2
        at_once = min(max(wanted, FEWEST_AT_ONCE), MOST_AT_ONCE)


def refresh_team(team_id: UUID, *, at_once: int = DAYS_AT_ONCE) -> int:
    """Redo some of the changed days of one team; 0 if there are none, or another is at it."""
    with transaction.atomic():
        if not _locked(team_id):
            return 0
        team = Team.objects.filter(pk=team_id).first()
        if team is None:
            _forget(team_id)
            return 0
        days = _take(team_id, team.timezone, at_once)
        write(team_id, fetch(team, days), zone=team.timezone)
    return len(days)


def rebuild(team_id: UUID) -> int:
    """Redo all days of a team from the tables; how many. Waits for whoever is at it."""
    TouchedSpan.objects.create(of_team=team_id, touched_at=now())
    done = 0
    while TouchedSpan.objects.filter(of_team=team_id).exists():
        days = sum(_passes(team_id))
        done += days
        if not days:
            clock.sleep(PAUSE)
    return done


def _teams() -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_TEAMS)
        return [row[0] for row in cursor.fetchall()]


def _locked(team_id: UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [str(team_id)])
        return bool(cursor.fetchone()[0])


def _forget(team_id: UUID) -> None:
    TouchedSpan.objects.filter(of_team=team_id).delete()


def _take(team_id: UUID, zone: str, at_once: int) -> list[date]:
    """The days to be redone now; what was noted of them is taken away."""
    values: dict[str, Any] = {
        "team": team_id,
        "zone": zone,
        "days": at_once,
        "notes": NOTES_AT_ONCE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ALL_DAYS, values)
        cursor.execute(_DAYS, values)
        days = [row[0] for row in cursor.fetchall()]
        if days:
            cursor.execute(_TAKE, {**values, "days": days})
            # What changes later in this very transaction has to be noted again.
            cursor.execute("SELECT set_config('dashboards.noted', '', true)")
    return days


def write(team_id: UUID, blocks: Iterable[Block], *, zone: str) -> None:
    """Put these days in the place of what was kept of them."""
    rows = [_row(team_id, block, zone) for block in blocks]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.executemany(_WRITE, rows)


_NAMES = ("id", "team_id", "day", "timezone", "leads", "active_at", "keys", *COLUMNS)
_LIST = ", ".join(f'"{name}"' for name in _NAMES)
_WRITE = (
    f"INSERT INTO dashboards_keptday ({_LIST}) VALUES ({', '.join(['%s'] * len(_NAMES))}) "  # noqa: S608
    "ON CONFLICT (team_id, day) DO UPDATE SET "
    + ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in _NAMES[3:])
)


def _row(team_id: UUID, block: Block, zone: str) -> list[Any]:
    columns = [block.columns[name] for name in COLUMNS]
    keys = json.dumps(block.keys)
    return [uuid7(), team_id, block.day, zone, block.leads, block.active_at, keys, *columns]
