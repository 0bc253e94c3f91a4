"""The figures of many teams at once, for those who look after them. Read-only."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.dashboards.metrics import Group, Untouched, percentiles, share
from apps.dashboards.periods import Period
from apps.dashboards.spans import Span, span_of
from apps.leads.speed import Clock
from apps.rules import hours
from apps.teams.models import Team


@dataclass(frozen=True, slots=True)
class Day:
    """One local day of a client, for a line beside its name."""

    date: date
    received: int = 0
    attempted: int = 0
    contacted: int = 0
    won: int = 0


@dataclass(frozen=True, slots=True)
class ClientFigures:
    """What an agency sees of one client: this period, the one before, and this moment.

    Days are the client's own, in its time zone. `last_received` and `last_activity` (the last
    attempt or lead, whichever is later) look at any time, not only at the period.
    """

    team_id: UUID
    now: Group = field(default_factory=Group)
    before: Group = field(default_factory=Group)
    untouched: Untouched = field(default_factory=Untouched)
    days: Sequence[Day] = field(default_factory=tuple)  # every day of the period, oldest first
    last_received: datetime | None = None
    last_activity: datetime | None = None

    @property
    def attempt_rate(self) -> float | None:
        return share(self.now.attempted, self.now.received)


_SPANS = """
WITH spans AS (
  SELECT * FROM unnest(
    %(teams)s::uuid[], %(zones)s::text[], %(targets)s::float8[], %(starts)s::timestamptz[],
    %(ends)s::timestamptz[], %(previous_starts)s::timestamptz[],
    %(previous_ends)s::timestamptz[], %(due_before)s::timestamptz[]
  ) AS s(team_id, zone, target, starts, ends, previous_starts, previous_ends, due_before)
),
cohort AS (
  SELECT s.*, l.received_at, l.status_kind, l.first_contact_at IS NOT NULL AS contacted,
    l.received_at >= s.starts AS is_now, (l.received_at AT TIME ZONE s.zone)::date AS day,
    coalesce(date_part('epoch', l.first_attempt_at - l.received_at), 'Infinity') AS wait,
    date_part('epoch', l.assigned_at - l.received_at) AS routing,
    date_part('epoch', l.claimed_at - l.offered_at) AS claim,
    greatest(l.received_at, l.first_attempt_at, l.first_contact_at, l.closed_at) AS active_at
  FROM spans s JOIN leads_lead l ON l.team_id = s.team_id
  WHERE l.deleted_at IS NULL AND NOT l.is_spam AND NOT l.is_test
    AND (l.received_at BETWEEN s.starts AND s.ends
      OR (l.received_at >= s.previous_starts AND l.received_at < s.previous_ends))
)
"""

_TOTALS = (
    _SPANS
    + """
SELECT team_id, is_now, jsonb_build_object(
  'received', count(*),
  'percentiles', percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY wait),
  'attempted', count(*) FILTER (WHERE wait < 'Infinity'),
  'within', count(*) FILTER (WHERE wait <= target),
  'judged', count(*) FILTER (WHERE wait < 'Infinity' OR received_at <= due_before),
  'contacted', count(*) FILTER (WHERE contacted),
  'qualified', count(*) FILTER (WHERE status_kind = 'qualified'),
  'won', count(*) FILTER (WHERE status_kind = 'won'),
  'lost', count(*) FILTER (WHERE status_kind = 'lost'),
  'disqualified', count(*) FILTER (WHERE status_kind = 'disqualified'),
  'new', count(*) FILTER (WHERE status_kind = 'new'),
  'working', count(*) FILTER (WHERE status_kind = 'working'),
  'routing_delay', percentile_disc(0.5) WITHIN GROUP (ORDER BY routing),
  'claim_time', percentile_disc(0.5) WITHIN GROUP (ORDER BY claim)
), max(active_at)
FROM cohort GROUP BY team_id, is_now
"""
)

_DAYS = (
    _SPANS
    + """
SELECT team_id, day, count(*), count(*) FILTER (WHERE wait < 'Infinity'),
  count(*) FILTER (WHERE contacted), count(*) FILTER (WHERE status_kind = 'won')
FROM cohort WHERE is_now GROUP BY team_id, day
"""
)

_UNTOUCHED = """
SELECT team_id, count(*), min(received_at) FROM leads_lead
WHERE team_id = ANY(%(teams)s) AND first_attempt_at IS NULL AND deleted_at IS NULL
  AND status_kind IN ('new', 'working', 'qualified') AND NOT is_spam AND NOT is_test
GROUP BY team_id
"""

_LAST = """
SELECT t.team_id, last.received_at
FROM unnest(%(teams)s::uuid[]) AS t(team_id) CROSS JOIN LATERAL (
  SELECT received_at FROM leads_lead l
  WHERE l.team_id = t.team_id AND deleted_at IS NULL AND NOT is_spam AND NOT is_test
  ORDER BY received_at DESC, id DESC LIMIT 1
) last
"""


def clients(
    team_ids: Collection[UUID], *, period: Period, now: datetime, clock: str = Clock.REAL
) -> Mapping[UUID, ClientFigures]:
    """The figures of each of these teams, whoever asks: the caller may see them all.

    A team without leads is there too, with nothing counted.
    """
    teams = list(Team.objects.filter(pk__in=team_ids).order_by())
    spans = {team.pk: span_of(period, timezone=team.timezone, now=now) for team in teams}
    values = _values(teams, spans, clock=clock, now=now)
    groups: dict[tuple[UUID, bool], Group] = {}
    active: dict[UUID, datetime] = {}
    for team_id, is_now, figures, active_at in _rows(_TOTALS, values):
        groups[team_id, is_now] = _group(figures)
        active[team_id] = max(active_at, active.get(team_id, active_at))
    days = {(row[0], row[1]): Day(row[1], *row[2:]) for row in _rows(_DAYS, values)}
    untouched = {row[0]: Untouched(row[1], row[2]) for row in _rows(_UNTOUCHED, values)}
    received = dict(_rows(_LAST, values))
    return {
        team.pk: ClientFigures(
            team_id=team.pk,
            now=groups.get((team.pk, True), Group()),
            before=groups.get((team.pk, False), Group()),
            untouched=untouched.get(team.pk, Untouched()),
            days=tuple(days.get((team.pk, day), Day(day)) for day in spans[team.pk].days),
            last_received=received.get(team.pk),
            last_activity=max(
                filter(None, (active.get(team.pk), received.get(team.pk))), default=None
            ),
        )
        for team in teams
    }


def _values(
    teams: Sequence[Team], spans: Mapping[UUID, Span], *, clock: str, now: datetime
) -> dict[str, Any]:
    of = [spans[team.pk] for team in teams]
    return {
        "teams": [team.pk for team in teams],
        "zones": [team.timezone for team in teams],
        "targets": [float(team.response_seconds) for team in teams],
        "starts": [span.start for span in of],
        "ends": [span.end for span in of],
        "previous_starts": [span.previous_start for span in of],
        "previous_ends": [span.previous_end for span in of],
        "due_before": [_due_before(team, clock=clock, now=now) for team in teams],
    }


def _due_before(team: Team, *, clock: str, now: datetime) -> datetime:
    if clock != Clock.BUSINESS:
        return now - timedelta(seconds=team.response_seconds)
    return hours.moment_before(now, seconds=float(team.response_seconds), team=team)


def _group(figures: Any) -> Group:
    figures = json.loads(figures) if isinstance(figures, str) else figures
    median, p90 = percentiles(figures, leads=figures["received"])
    plain = {name: value for name, value in figures.items() if name != "percentiles"}
    return Group(median=median, p90=p90, **plain)


def _rows(statement: str, values: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
