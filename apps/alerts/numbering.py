"""Numbers for committed alerts: per user, without gaps, in the order they become visible.

A sequence would not do: a late commit could slip below a number that a page has already
passed. So rows are numbered after their commit, under the lock of the user's counter.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from apps.alerts.models import Alert

USERS_AT_ONCE = 200
# With many waiting users each still gets a few, so that no backlog holds up the others.
FAIR_SHARE = 20

_ADD_COUNTERS = """
    INSERT INTO alerts_alertcounter (user_id, last_seq)
    SELECT DISTINCT user_id, 0 FROM alerts_alert WHERE seq IS NULL ORDER BY user_id
    ON CONFLICT DO NOTHING
"""
# Two statements in one message to the server: one transaction, one journey there and back. The
# second has a snapshot of its own, taken under the locks of the first, so what another announcer
# has just numbered is no longer waiting. Sorted locks: two announcers never wait crosswise.
_NUMBER = """
    SELECT set_config('leadrelay.locked', coalesce(array_agg(user_id)::text, '{}'), true)
    FROM (
        SELECT user_id FROM alerts_alertcounter WHERE user_id IN (
            SELECT DISTINCT user_id FROM alerts_alert WHERE seq IS NULL
            ORDER BY user_id LIMIT %(users)s
        ) ORDER BY user_id FOR UPDATE
    ) locked;
    WITH pending AS (
        SELECT id, user_id,
               row_number() OVER (PARTITION BY user_id ORDER BY created_at, id) AS place
        FROM alerts_alert
        WHERE seq IS NULL AND user_id = ANY(current_setting('leadrelay.locked')::uuid[])
    ), taken AS (
        SELECT * FROM pending WHERE place <= greatest(
            %(fair)s, %(limit)s / cardinality(current_setting('leadrelay.locked')::uuid[])
        )
    ), counted AS (
        UPDATE alerts_alertcounter counter SET last_seq = counter.last_seq + new.many
        FROM (SELECT user_id, count(*) AS many FROM taken GROUP BY user_id) new
        WHERE counter.user_id = new.user_id
        RETURNING counter.user_id, counter.last_seq - new.many AS base
    )
    UPDATE alerts_alert alert SET seq = counted.base + taken.place
    FROM taken JOIN counted USING (user_id), teams_team team
    WHERE alert.id = taken.id AND team.id = alert.team_id
    RETURNING alert.id, alert.user_id, alert.team_id, team.slug, alert.kind, alert.lead_id,
              alert.offer_id, alert.data, alert.created_at, alert.seq
"""


@dataclass(frozen=True, slots=True)
class Numbered:
    """An alert with its number, as it goes over the wire."""

    user_id: UUID
    team_id: UUID
    seq: int
    frame: str


def number_waiting(limit: int) -> list[Numbered]:
    """Number about `limit` committed alerts, in order for each user; each once, whoever calls."""
    rows = _number(limit)
    # A counter is committed before it is locked: made under locks, it could deadlock.
    if not rows and _add_counters():
        rows = _number(limit)
    return sorted((_numbered(row) for row in rows), key=lambda alert: (alert.user_id, alert.seq))


def _number(limit: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER, {"users": USERS_AT_ONCE, "fair": FAIR_SHARE, "limit": limit})
        cursor.nextset()
        return cursor.fetchall()


def _add_counters() -> int:
    """Counters for people who never had an alert; how many."""
    with connection.cursor() as cursor:
        cursor.execute(_ADD_COUNTERS)
        return int(cursor.rowcount)


def _numbered(row: tuple[Any, ...]) -> Numbered:
    key, user_id, team_id, slug, kind, lead_id, offer_id, data, created_at, seq = row
    alert = Alert(
        id=key,
        user_id=user_id,
        team_id=team_id,
        kind=kind,
        lead_id=lead_id,
        offer_id=offer_id,
        data=json.loads(data),
        created_at=created_at,
        seq=seq,
    )
    return Numbered(user_id, team_id, seq, json.dumps(alert.frame(slug), ensure_ascii=False))
