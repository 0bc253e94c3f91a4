"""The figures of many teams at once, for those who look after them. Read-only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection

from apps.dashboards.figures.metrics import Group, Untouched, share
from apps.dashboards.figures.periods import Period
from apps.dashboards.kept.columns import CONTACTED, KIND, KINDS, Array, Block, microseconds
from apps.dashboards.kept.rollups import LATEST, Leads, Part, fetch_binary, read
from apps.dashboards.kept.spans import Span, span_of
from apps.dashboards.kept.tallies import Tally, wait_column
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

    Days are the client's own, in its time zone. `last_received` looks at any time; `last_activity`
    is that, or the last attempt, contact or closing of a lead of these two periods.
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


# The columns of all days of a team as one; the days that they are made of beside them.
_KEPT = """
SELECT team_id, array_agg(day ORDER BY day), array_agg(leads ORDER BY day), max(active_at),
  string_agg(received, '' ORDER BY day), string_agg({wait}, '' ORDER BY day),
  string_agg(state, '' ORDER BY day), string_agg(routing, '' ORDER BY day),
  string_agg(claim, '' ORDER BY day)
FROM dashboards_keptday k
  JOIN unnest(%s::uuid[], %s::text[], %s::date[], %s::date[])
    AS t(of_team, zone, first_day, last_day)
    ON k.team_id = t.of_team AND k.day BETWEEN t.first_day AND t.last_day AND k.timezone = t.zone
GROUP BY team_id
"""
_COLUMNS = ("received", "wait", "state", "routing", "claim")

# A day that is neither kept nor noted has no leads: leads note their day in their transaction.
_NOTED = """
SELECT of_team, received_from, received_to,
  date_part('epoch', clock_timestamp() - min(touched_at))
FROM dashboards_touchedspan WHERE of_team = ANY(%(teams)s)
GROUP BY of_team, received_from, received_to
"""

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


@dataclass(frozen=True, slots=True)
class _Client:
    """One team's leads of both periods in columns, and how they are parted into days."""

    leads: Leads
    days: Sequence[date]
    sizes: Sequence[int]
    active_at: datetime | None


def clients(
    team_ids: Collection[UUID], *, period: Period, now: datetime, clock: str = Clock.REAL
) -> Mapping[UUID, ClientFigures]:
    """The figures of each of these teams, whoever asks: the caller may see them all.

    A team without leads is there too, with nothing counted. What changed less than
    `rollups.LATEST` seconds ago may be missing; what changed before never is.
    """
    teams = list(Team.objects.filter(pk__in=team_ids).order_by())
    spans = {team.pk: span_of(period, timezone=team.timezone, now=now) for team in teams}
    known = _columns(teams, spans, clock=clock)
    values = {"teams": [team.pk for team in teams]}
    untouched = {row[0]: Untouched(row[1], row[2]) for row in _rows(_UNTOUCHED, values)}
    received = dict(_rows(_LAST, values))
    return {
        team.pk: _figures(
            team,
            spans[team.pk],
            known.get(team.pk),
            Moment(now, clock),
            untouched=untouched.get(team.pk, Untouched()),
            last_received=received.get(team.pk),
        )
        for team in teams
    }


@dataclass(frozen=True, slots=True)
class Moment:
    """When it is asked, and on which clock."""

    now: datetime
    clock: str


def _figures(
    team: Team,
    span: Span,
    client: _Client | None,
    asked: Moment,
    *,
    untouched: Untouched,
    last_received: datetime | None,
) -> ClientFigures:
    if client is None:
        days = tuple(Day(day) for day in span.days)
        return ClientFigures(team.pk, untouched=untouched, days=days, last_received=last_received,
                             last_activity=last_received)  # fmt: skip
    due_before = _due_before(team, clock=asked.clock, now=asked.now)
    tally = Tally(client.leads, asked.clock, float(team.response_seconds), due_before)
    received = client.leads.column("received")
    is_now = (received >= microseconds(span.start)) & (received <= microseconds(span.end))
    before = (received >= microseconds(span.previous_start)) & (
        received < microseconds(span.previous_end)
    )
    last = max(filter(None, (client.active_at, last_received)), default=None)
    return ClientFigures(
        team_id=team.pk,
        now=_group(tally, is_now),
        before=_group(tally, before),
        untouched=untouched,
        days=_days(client, tally, is_now, span),
        last_received=last_received,
        last_activity=last,
    )


def _group(tally: Tally, chosen: Array) -> Group:
    places = np.flatnonzero(chosen)
    return Group.of(tally.measures(places)) if len(places) else Group()


def _days(client: _Client, tally: Tally, chosen: Array, span: Span) -> tuple[Day, ...]:
    """Every day of the period, whether or not it had leads."""
    day = np.repeat(np.arange(len(client.days)), client.sizes)
    state = client.leads.column("state")
    won = (state & KIND) == KINDS.index("won")
    counted = [
        np.bincount(day[chosen & which], minlength=len(client.days)).tolist()
        for which in (chosen, np.isfinite(tally.wait), (state & CONTACTED) != 0, won)
    ]
    known = dict(zip(client.days, zip(*counted, strict=True), strict=True))
    return tuple(Day(day, *known.get(day, ())) for day in span.days)


def _columns(
    teams: Sequence[Team], spans: Mapping[UUID, Span], *, clock: str
) -> dict[UUID, _Client]:
    """Kept columns; a team with a day that is not kept or kept for too long is read by itself."""
    names = [name if name != "wait" else wait_column(clock) for name in _COLUMNS]
    noted = _noted(teams)
    known = {row[0]: _client(row, names) for row in _kept(teams, spans, names)}
    for team in teams:
        notes = noted.get(team.pk)
        if notes and not _is_fresh(team, spans[team.pk], known.get(team.pk), notes):
            known[team.pk] = _read(team, spans[team.pk], names)
    return known


def _noted(teams: Sequence[Team]) -> dict[UUID, list[Any]]:
    noted: dict[UUID, list[Any]] = {}
    for team_id, *note in _rows(_NOTED, {"teams": [team.pk for team in teams]}):
        noted.setdefault(team_id, []).append(note)
    return noted


def _is_fresh(team: Team, span: Span, client: _Client | None, notes: Sequence[Any]) -> bool:
    """Whether what changed is kept all the same, as it was a moment ago."""
    zone = ZoneInfo(team.timezone)
    kept = set(client.days) if client else set()
    for first, last, seconds in notes:
        if first is None:
            return False
        days = {first.astimezone(zone).date(), last.astimezone(zone).date()}
        asked = {day for day in days if span.first_day <= day <= span.days[-1]}
        if asked and (seconds >= LATEST or not asked <= kept):
            return False
    return True


def _kept(teams: Sequence[Team], spans: Mapping[UUID, Span], names: Sequence[str]) -> list[Any]:
    values = [
        [team.pk for team in teams],
        [team.timezone for team in teams],
        [spans[team.pk].first_day for team in teams],
        [spans[team.pk].days[-1] for team in teams],
    ]
    return fetch_binary(_KEPT.format(wait=names[1]), values)


def _client(row: Sequence[Any], names: Sequence[str]) -> _Client:
    _team_id, days, sizes, active_at, *data = row
    block = Block(days[0], sum(sizes), {}, dict(zip(names, data, strict=True)), active_at)
    return _Client(Leads([block]), days, sizes, active_at)


def _read(team: Team, span: Span, names: Sequence[str]) -> _Client:
    length = (span.days[-1] - span.first_day).days + 1
    days = [span.first_day + timedelta(days=n) for n in range(length)]
    (leads,) = read(team, Part(days, names))
    active = max((b.active_at for b in leads.blocks if b.active_at), default=None)
    return _Client(leads, days, [block.leads for block in leads.blocks], active)


def _due_before(team: Team, *, clock: str, now: datetime) -> datetime:
    if clock != Clock.BUSINESS:
        return now - timedelta(seconds=team.response_seconds)
    return hours.moment_before(now, seconds=float(team.response_seconds), team=team)


def _rows(statement: str, values: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
