"""The figures of the dashboard once more, in one statement over the tables: what pages must say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet

from apps.dashboards.figures.questions import Json, Question, Section, named
from apps.leads.filters import ever_qualified
from apps.leads.models import Lead
from apps.leads.speed import BINS, MINUTE, Clock, Seconds, seconds
from apps.rules import hours
from apps.teams.access import Access

# What is measured of any group of leads. The cohort's `wait` is infinite without an attempt.
_MEASURES = """
  count(*)::int AS received,
  percentile_disc(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (ORDER BY wait) AS percentiles,
  count(*) FILTER (WHERE wait < 'Infinity')::int AS attempted,
  count(*) FILTER (WHERE wait <= %(target)s)::int AS within,
  count(*) FILTER (WHERE wait < 'Infinity' OR received_at <= %(due_before)s)::int AS judged,
  count(*) FILTER (WHERE contacted)::int AS contacted,
  count(*) FILTER (WHERE ever_qualified)::int AS ever_qualified,
  count(*) FILTER (WHERE status_kind = 'qualified')::int AS qualified,
  count(*) FILTER (WHERE status_kind = 'won')::int AS won,
  count(*) FILTER (WHERE status_kind = 'lost')::int AS lost,
  count(*) FILTER (WHERE status_kind = 'disqualified')::int AS disqualified,
  count(*) FILTER (WHERE status_kind = 'new')::int AS new,
  count(*) FILTER (WHERE status_kind = 'working')::int AS working,
  percentile_disc(0.5) WITHIN GROUP (ORDER BY routing) AS routing_delay,
  percentile_disc(0.5) WITHIN GROUP (ORDER BY claim) AS claim_time
"""

_BIN = " ".join(
    f"WHEN wait <= {band.high * MINUTE} THEN {number}"
    for number, band in enumerate(BINS)
    if band.high is not None
)
_NEVER, _LATEST = len(BINS) - 1, len(BINS) - 2

_STATEMENT = f"""
WITH leads AS MATERIALIZED ({{leads}}),
cohort AS (
  SELECT *, coalesce(waited, 'Infinity') AS wait, received_at >= %(start)s AS is_now FROM leads
),
current AS MATERIALIZED (
  SELECT *, received_at AT TIME ZONE %(zone)s AS local,
    date_trunc(%(slot)s, received_at AT TIME ZONE %(zone)s) AS slot
  FROM cohort WHERE is_now
),
served AS (
  SELECT a.member_id, a.lead_id, a.end_reason,
    c.owner_id = a.member_id AND c.contacted AS contacted,
    c.owner_id = a.member_id AND c.status_kind = 'won' AS won,
    date_part('epoch', a.responded_at - a.started_at) AS took,
    a.responded_at <= coalesce(a.respond_by, a.started_at + %(target_length)s) AS in_time,
    coalesce(a.respond_by, a.started_at + %(target_length)s) < %(now)s AS is_due
  FROM current c JOIN assignments_assignment a ON a.lead_id = c.id
),
timed AS (
  SELECT *, took IS NOT NULL OR end_reason IN ('', 'timeout') AS counts,
    took IS NOT NULL OR end_reason = 'timeout' OR (end_reason = '' AND is_due) AS is_judged
  FROM served
)
SELECT 'total' AS section, jsonb_build_object('is_now', is_now) AS key, to_jsonb(m) AS figures
  FROM (SELECT is_now, {_MEASURES} FROM cohort GROUP BY is_now) m
UNION ALL
SELECT 'source', jsonb_build_object('source', source_id), to_jsonb(m)
  FROM (SELECT source_id, {_MEASURES} FROM current GROUP BY source_id) m
UNION ALL
SELECT 'slot', jsonb_build_object('slot', slot), to_jsonb(m)
  FROM (SELECT slot, count(*)::int AS received,
      percentile_disc(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (ORDER BY wait) AS percentiles
    FROM current GROUP BY slot) m
UNION ALL
SELECT 'volume', jsonb_build_object('slot', slot, 'source', source_id), to_jsonb(m)
  FROM (SELECT slot, source_id, count(*)::int AS received FROM current GROUP BY 1, 2) m
UNION ALL
SELECT 'hour', jsonb_build_object('weekday', weekday, 'hour', hour), to_jsonb(m)
  FROM (SELECT date_part('isodow', local)::int - 1 AS weekday,
      date_part('hour', local)::int AS hour, count(*)::int AS received
    FROM current GROUP BY 1, 2) m
UNION ALL
SELECT 'bin', jsonb_build_object('bin', bin), to_jsonb(m)
  FROM (SELECT CASE {_BIN} WHEN wait < 'Infinity' THEN {_LATEST} ELSE {_NEVER} END AS bin,
      count(*)::int AS received FROM current GROUP BY 1) m
UNION ALL
SELECT 'member', jsonb_build_object('member', member_id), to_jsonb(m)
  FROM (SELECT member_id, count(*)::int AS received,
      percentile_disc(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (ORDER BY coalesce(took, 'Infinity'))
        FILTER (WHERE counts) AS percentiles,
      count(*) FILTER (WHERE counts)::int AS timed,
      count(*) FILTER (WHERE in_time)::int AS within,
      count(*) FILTER (WHERE is_judged)::int AS judged,
      count(DISTINCT lead_id) FILTER (WHERE contacted)::int AS contacted,
      count(DISTINCT lead_id) FILTER (WHERE won)::int AS won
    FROM timed GROUP BY member_id) m
UNION ALL
SELECT 'assigned', jsonb_build_object(), to_jsonb(m)
  FROM (SELECT count(DISTINCT lead_id)::int AS leads, count(*)::int AS hops,
      count(DISTINCT lead_id) FILTER (WHERE end_reason = 'timeout')::int AS taken_back
    FROM timed) m
UNION ALL
SELECT 'untouched', jsonb_build_object('owner', owner_id, 'source', source_id,
      'by', CASE WHEN GROUPING(owner_id) = 0 THEN 'owner'
        WHEN GROUPING(source_id) = 0 THEN 'source' ELSE 'all' END),
    jsonb_build_object('leads', count(*)::int, 'oldest', min(received_at))
  FROM ({{untouched}}) u GROUP BY GROUPING SETS ((), (owner_id), (source_id))
"""

_TURNS = """
WITH turns AS MATERIALIZED (
  SELECT winner_id, CASE reason WHEN 'turn' THEN 1 ELSE -1 END AS taken, deltas
  FROM rules_turnentry
  WHERE team_id = %(team)s AND at >= %(start)s AND at <= %(end)s
    AND reason IN ('turn', 'give_back')
),
balances AS (
  SELECT d.key AS seat, sum(d.value::bigint) AS balance
  FROM turns CROSS JOIN LATERAL jsonb_each_text(deltas) d GROUP BY d.key
),
taken AS (SELECT winner_id, sum(taken) AS taken FROM turns GROUP BY winner_id)
SELECT s.membership_id, sum(b.balance), coalesce(sum(t.taken), 0)
FROM balances b JOIN rules_seat s ON s.id = b.seat::uuid LEFT JOIN taken t ON t.winner_id = s.id
GROUP BY s.membership_id
"""


def count(question: Question, *, access: Access) -> list[Section]:
    """Every group of leads that `access` may see, with its measures. One statement."""
    leads, lead_values = named(_leads(question, access), "l")
    untouched, untouched_values = named(_untouched(question, access), "u")
    target = timedelta(seconds=access.team.response_seconds)
    values: Json = {
        **lead_values,
        **untouched_values,
        "start": question.period.start,
        "zone": question.period.timezone,
        "slot": question.slot,
        "now": question.now,
        "target": target.total_seconds(),
        "target_length": target,
        "due_before": due_before(question, access),
    }
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT.format(leads=leads, untouched=untouched), values)
        return [Section(name, _json(key), _json(figures)) for name, key, figures in cursor]


def turns(question: Question, *, access: Access) -> Iterator[tuple[UUID, float, int]]:
    """By member: the share of turns due while eligible, and the turns taken.

    In each turn every eligible seat gains its share and the winner pays one turn, so what a
    member is due is her balance over the period plus the turns that she took.
    """
    period = question.period
    values: Json = {"team": access.team.pk, "start": period.start, "end": period.end}
    with connection.cursor() as cursor:
        cursor.execute(_TURNS, values)
        for member_id, balance, taken in cursor:
            yield member_id, float(balance) / 1e9 + float(taken), int(taken)


def _leads(question: Question, access: Access) -> QuerySet[Lead, Any]:
    return (
        within_periods(_scoped(question, access), question)
        .annotate(
            waited=seconds(question.clock),
            contacted=Q(first_contact_at__isnull=False),
            ever_qualified=ever_qualified(),
            routing=Seconds(F("assigned_at") - F("received_at")),
            claim=Seconds(F("claimed_at") - F("offered_at")),
        )
        .values(
            "id", "received_at", "source_id", "owner_id", "status_kind",
            "waited", "contacted", "ever_qualified", "routing", "claim",
        )
    )  # fmt: skip


def within_periods(rows: Any, question: Question) -> Any:
    """Those received in the period or in the one before it."""
    period = question.period
    now = Q(received_at__gte=period.start, received_at__lte=period.end)
    before = Q(received_at__gte=period.previous_start, received_at__lt=period.previous_end)
    return rows.filter(now | before)


def _untouched(question: Question, access: Access) -> QuerySet[Lead, Any]:
    rows = _scoped(question, access).open().filter(first_attempt_at__isnull=True)
    return rows.values("owner_id", "source_id", "received_at")


def _scoped(question: Question, access: Access) -> Any:
    rows = Lead.objects.behind_figures(access).counted().order_by()
    return rows.filter(source_id=question.source_id) if question.source_id else rows


def due_before(question: Question, access: Access) -> datetime:
    """Leads received until then have had the time that the target gives."""
    length = access.team.response_seconds
    if question.clock != Clock.BUSINESS:
        return question.now - timedelta(seconds=length)
    return hours.moment_before(question.now, seconds=length, team=access.team)


def _json(value: Any) -> Json:
    return json.loads(value) if isinstance(value, str) else value
