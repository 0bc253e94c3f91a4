"""Numbers for committed alerts: per user, without gaps, in the order they become visible.

A sequence would not do: a late commit could slip below a number that a page has already
passed. So rows are numbered after their commit, under the lock of the user's counter.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.alerts.models import Alert

USERS_AT_ONCE = 200
# With many waiting users each still gets a few, so that no backlog holds up the others.
FAIR_SHARE = 20

_WAITING = """
    SELECT waiting.user_id, counter.user_id IS NULL
    FROM (SELECT DISTINCT user_id FROM alerts_alert WHERE seq IS NULL
          ORDER BY user_id LIMIT %s) waiting
    LEFT JOIN alerts_alertcounter counter USING (user_id)
"""
_ADD_COUNTERS = """
    INSERT INTO alerts_alertcounter (user_id, last_seq)
    SELECT user_id, 0 FROM unnest(%s::uuid[]) user_id ORDER BY user_id
    ON CONFLICT DO NOTHING
"""
_LOCK = """
    SELECT 1 FROM alerts_alertcounter WHERE user_id = ANY(%s) ORDER BY user_id FOR UPDATE
"""
_NUMBER = """
    WITH pending AS (
        SELECT id, user_id,
               row_number() OVER (PARTITION BY user_id ORDER BY created_at, id) AS place
        FROM alerts_alert WHERE seq IS NULL AND user_id = ANY(%(users)s)
    ), taken AS (
        SELECT * FROM pending WHERE place <= %(each)s
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
    users = _waiting_users()
    if not users:
        return []
    each = max(FAIR_SHARE, limit // len(users))
    with transaction.atomic(), connection.cursor() as cursor:
        # Sorted, so that two announcers never wait for each other. The statement after the lock
        # has a fresh snapshot: what the other one numbered is no longer waiting.
        cursor.execute(_LOCK, [users])
        cursor.execute(_NUMBER, {"users": users, "each": each})
        rows = cursor.fetchall()
    return sorted((_numbered(row) for row in rows), key=lambda alert: (alert.user_id, alert.seq))


def _waiting_users() -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [USERS_AT_ONCE])
        waiting = cursor.fetchall()
        newcomers = [user_id for user_id, is_new in waiting if is_new]
        if newcomers:
            # Committed at once: held beside locks, it could deadlock with another announcer.
            cursor.execute(_ADD_COUNTERS, [newcomers])
    return [user_id for user_id, _ in waiting]


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
