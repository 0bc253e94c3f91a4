"""A copy for a team as it is taken: its row under lock, with all that decides about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.deliveries.models import Delivery
from apps.leads.models import Lead
from apps.rules.models import Agreement, Recipient
from apps.teams.fixed import Fixed, Row, columns, instance, prepared, through
from apps.teams.models import Team

State = Delivery.State

_LOCK = """
SELECT id FROM deliveries_delivery
WHERE id = %s AND channel = 'team' AND state IN ('queued', 'failed', 'offered')
  AND next_attempt_at <= statement_timestamp()
  AND (locked_until IS NULL OR locked_until <= statement_timestamp())
FOR NO KEY UPDATE SKIP LOCKED
"""
DELIVERY, TEAM, RECIPIENT = columns(Delivery), columns(Team), columns(Recipient)
AGREEMENT = columns(Agreement)
_OF_LEAD = {"id", "team_id", "stage", "deleted_at", "merged_into_id", "do_not_contact"}
LEAD = [name for name in columns(Lead) if name in _OF_LEAD]  # in the order of the model
_PARTS = (DELIVERY, TEAM, LEAD, RECIPIENT, AGREEMENT)


def locked(delivery_id: UUID) -> Delivery | None:
    """The copy with its team, lead and recipient; None if it is not due or somebody has it.

    An offer is only taken once its agreement is over.
    """
    with prepared() as cursor:
        cursor.execute(_LOCK, [delivery_id])
        if cursor.fetchone() is None:
            return None
    found = _loaded.rows(pk=delivery_id)
    delivery = _delivery(found[0]) if found else None
    if delivery is None or (delivery.state == State.OFFERED and _is_agreed(delivery.recipient)):
        return None
    return delivery


def _is_agreed(recipient: Recipient) -> bool:
    agreement = recipient.agreement
    return agreement is not None and agreement.state == Agreement.State.ACCEPTED


def _with_all(*, pk: UUID) -> QuerySet[Delivery, Any]:
    rows: QuerySet[Delivery, Any] = Delivery.objects.filter(pk=pk).order_by()
    return rows.values_list(
        *DELIVERY,
        *through("team", TEAM),
        *through("lead", LEAD),
        *through("recipient", RECIPIENT),
        *through("recipient__agreement", AGREEMENT),
    )


_loaded = Fixed(_with_all, pk=UUID(int=1))


def _delivery(row: Row) -> Delivery:
    parts, start = [], 0
    for names in _PARTS:
        parts.append(row[start : start + len(names)])
        start += len(names)
    delivery = instance(Delivery, DELIVERY, parts[0])
    delivery.team = instance(Team, TEAM, parts[1])
    delivery.lead = instance(Lead, LEAD, parts[2])
    delivery.recipient = instance(Recipient, RECIPIENT, parts[3])
    delivery.recipient.team = delivery.team
    if parts[4][0] is not None:
        delivery.recipient.agreement = instance(Agreement, AGREEMENT, parts[4])
    return delivery
