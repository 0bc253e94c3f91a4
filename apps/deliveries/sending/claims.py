"""Which copies are due, and taking them by lease, by the database's clock.

Copies of one recipient are taken as a run: some of them under one lease, sent one after the other.
A recipient has at most MOST_RUNS at a time, over all processes, for only one claims at a time.
Copies for teams are no business of ours: apps/capture/copies.py takes them in. Offers to them are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Greatest

from apps.deliveries.models import WAITING, Delivery
from apps.deliveries.sending import progress
from apps.deliveries.sending.lanes import Due
from apps.deliveries.sending.waiting import Wait
from apps.rules.models import Recipient

MOST_RUNS = 2  # of one recipient at a time
# Longer than a run may take with its last send: who holds a lease is at work or dead.
LEASE_SECONDS = 60
HEAD = 32  # copies of a recipient that are looked at; more than its runs hold
AT_ONCE = 1000
_ALONE = 6_012_040_404  # names the lock of who claims

_WAITS = "state IN ('offered', 'queued', 'failed') AND next_attempt_at IS NOT NULL"
_IS_OURS = "(channel <> 'team' OR state = 'offered')"
_IS_DUE = f"{_WAITS} AND next_attempt_at <= statement_timestamp() AND {_IS_OURS}"
_IS_FREE = "(locked_until IS NULL OR locked_until <= statement_timestamp())"
# Recipients with something to do are found by jumps in the index, however much each waits for.
# BETWEEN and the order keep the server to the index of recipients: by the one of moments alone it
# would read all that waits for others.
_DUE = f"""
WITH RECURSIVE waiting AS (
  (SELECT recipient_id FROM deliveries_delivery WHERE {_WAITS} ORDER BY recipient_id LIMIT 1)
  UNION ALL
  SELECT (SELECT recipient_id FROM deliveries_delivery
          WHERE {_WAITS} AND recipient_id > waiting.recipient_id ORDER BY recipient_id LIMIT 1)
  FROM waiting WHERE waiting.recipient_id IS NOT NULL
)
SELECT waiting.recipient_id, runs
FROM waiting CROSS JOIN LATERAL (
  SELECT min(next_attempt_at) FILTER (WHERE {_IS_FREE}) AS since,
         count(DISTINCT locked_until) FILTER (WHERE NOT {_IS_FREE}) AS runs
  FROM (SELECT next_attempt_at, locked_until FROM deliveries_delivery
        WHERE recipient_id BETWEEN waiting.recipient_id AND waiting.recipient_id AND {_IS_DUE}
        ORDER BY recipient_id, next_attempt_at LIMIT {HEAD}) AS head
) AS work
WHERE since IS NOT NULL AND runs < {MOST_RUNS}
ORDER BY since, waiting.recipient_id
"""  # noqa: S608  (constants)
_PICKED = f"""
WITH picked AS MATERIALIZED (
SELECT id FROM deliveries_delivery
WHERE recipient_id BETWEEN %s AND %s AND {_IS_DUE} AND {_IS_FREE}
ORDER BY recipient_id, next_attempt_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
)
"""  # noqa: S608  (constants)
_TAKE = f"""{_PICKED}
UPDATE deliveries_delivery SET locked_until = statement_timestamp() + make_interval(secs => %s)
FROM picked WHERE deliveries_delivery.id = picked.id
RETURNING deliveries_delivery.id, next_attempt_at, locked_until
"""  # noqa: S608  (constants)
_POSTPONE = f"""{_PICKED}
UPDATE deliveries_delivery SET next_attempt_at = %s, reason = %s
FROM picked WHERE deliveries_delivery.id = picked.id
"""  # noqa: S608  (constants)


@dataclass(frozen=True, slots=True)
class Run:
    """Copies of one recipient, the oldest first, ours until then."""

    recipient: Recipient
    deliveries: tuple[UUID, ...]
    until: datetime


def wait_for_turn() -> None:
    """From here to the end of the transaction nobody else claims."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ALONE])


def due() -> list[Due]:
    """Who may be sent something now: whoever waits longest comes first."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE)
        return [Due(recipient, runs) for recipient, runs in cursor.fetchall()]


def recipients(ids: list[UUID]) -> dict[UUID, Recipient]:
    """With all that decides whether copies may go out, and that channels read."""
    rows = Recipient.objects.select_related("team", "agreement__to", "membership__user")
    return rows.in_bulk(ids)


def take(recipient: Recipient, limit: int) -> Run | None:
    """Take up to `limit` due copies of this recipient; None if there is none any more."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [recipient.pk, recipient.pk, limit, LEASE_SECONDS])
        rows = sorted(cursor.fetchall(), key=lambda row: (row[1], row[0]))
    if not rows:
        return None
    return Run(recipient, tuple(row[0] for row in rows), rows[0][2])


def held(pk: UUID, run: Run) -> Delivery | None:
    """A copy of our run as it is now; None if it was ended or taken over meanwhile."""
    rows = Delivery.objects.filter(pk=pk, locked_until=run.until, state__in=WAITING)
    delivery = rows.select_related("lead").first()
    if delivery is not None:
        delivery.recipient, delivery.team = run.recipient, run.recipient.team
    return delivery


def release(run: Run) -> None:
    """Let go of what was not sent: it is due as before."""
    rows = Delivery.objects.filter(pk__in=run.deliveries, locked_until=run.until)
    rows.update(locked_until=None)


def postpone(recipient: Recipient, wait: Wait, *, now: datetime) -> None:
    """Move what is due for this recipient to when it may go out, and say why.

    What has waited longer than there is patience for is given up.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _POSTPONE,
            [
                recipient.pk,
                recipient.pk,
                AT_ONCE,
                wait.until,
                wait.reason[: progress.LONGEST_WORDS],
            ],
        )
    if wait.patience is not None:
        _give_up_old(recipient, wait, now - wait.patience, now)


def _give_up_old(recipient: Recipient, wait: Wait, before: datetime, now: datetime) -> None:
    waiting = Q(state__in=(Delivery.State.QUEUED, Delivery.State.FAILED), locked_until=None)
    rows = Delivery.objects.filter(waiting, recipient=recipient, next_attempt_at__isnull=False)
    since = Greatest("queued_at", Coalesce("accepted_at", "queued_at"),
                     Coalesce("replayed_at", "queued_at"))  # fmt: skip
    old = rows.annotate(since=since).filter(since__lte=before).exclude(channel="team")
    for delivery in old.select_related("team", "recipient").order_by("queued_at")[:AT_ONCE]:
        progress.give_up(delivery, wait.reason, now=now)
