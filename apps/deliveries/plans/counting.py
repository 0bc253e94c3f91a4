"""What a copy counts for: turns, caps and campaigns, kept on rows that the caller has locked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.assignments.road.together import Fragment
from apps.deliveries.models import Delivery
from apps.deliveries.plans.choosing import Table
from apps.leads.models import Lead
from apps.routing.decide import Choice
from apps.rules.models import Recipient, RecipientPool, RecipientSeat, RecipientTurn

# Shares of a campaign's quota at which its managers are told, in percent.
WARN_AT = (80, 100)

_SAVE_POOLS = (
    "UPDATE rules_recipientpool SET turn_no = new.turn_no "
    "FROM unnest(%s::uuid[], %s::bigint[]) AS new (id, turn_no) "
    "WHERE rules_recipientpool.id = new.id"
)
_SAVE_SEATS = (
    "UPDATE rules_recipientseat SET credit = new.credit, last_turn_no = new.last_turn_no "
    "FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) AS new (id, credit, last_turn_no) "
    "WHERE rules_recipientseat.id = new.id"
)
_SAVE_COUNTS = (
    "UPDATE rules_recipient SET placed_at = %s::timestamptz[], campaign_count = %s, "
    "warned = %s::varchar[] WHERE id = %s"
)


def take_turn(
    table: Table, pool: RecipientPool, choice: Choice, lead: Lead, now: datetime
) -> RecipientTurn:
    """Move the credits of a turn on the rows in hand; the ledger's line, unsaved."""
    assert choice.winner is not None  # a turn has a winner
    assert choice.turn_no is not None
    pool.turn_no = choice.turn_no
    for seat in table.seats[pool.pk]:
        seat.credit += choice.deltas.get(seat.pk, 0)
        if seat.pk == choice.winner.seat:
            seat.last_turn_no = choice.turn_no
    return RecipientTurn(
        team_id=pool.team_id,
        pool_id=pool.pk,
        turn_no=choice.turn_no,
        at=now,
        lead_id=lead.pk,
        winner_id=choice.winner.seat,
        deltas={str(seat): delta for seat, delta in choice.deltas.items()},
    )


def count(recipient: Recipient, now: datetime) -> list[str]:
    """Count one copy on the row in hand; what is to be told about its campaign now."""
    if not recipient.is_counted:
        return []
    recipient.placed_at = [now, *recipient.placed_at][: recipient.greatest_cap]
    recipient.campaign_count += 1
    return _reached(recipient)


def uncount(recipient: Recipient, delivery: Delivery) -> bool:
    """Free what one copy took on the row in hand; whether it took anything."""
    if not recipient.is_counted:
        return False
    moment = delivery.accepted_at or delivery.queued_at
    kept = [each for each in recipient.placed_at if each != moment]
    is_of_campaign = recipient.campaign_since is None or recipient.campaign_since <= moment
    freed = len(kept) < len(recipient.placed_at)
    recipient.placed_at = kept
    if is_of_campaign and recipient.campaign_count:
        recipient.campaign_count -= 1
        freed = True
    return freed


def _reached(recipient: Recipient) -> list[str]:
    if not recipient.quota:
        return []
    percent = recipient.campaign_count * 100 // recipient.quota
    said = [f"quota_{each}" for each in WARN_AT if percent >= each]
    new = [each for each in said if each not in recipient.warned]
    recipient.warned = [*recipient.warned, *new]
    return new[-1:]  # a small quota may cross two at once: the last says it all


def save_turns(table: Table, pools: Iterable[UUID]) -> list[Fragment]:
    """The counters of these pools and the credits of their seats, as they stand in hand."""
    moved = sorted(set(pools))
    if not moved:
        return []
    seats = [seat for pool in moved for seat in table.seats[pool]]
    return [
        (
            _SAVE_POOLS,
            [moved, [table.pools[pool].turn_no for pool in moved]],
        ),
        save_seats(seats),
    ]


def save_seats(seats: Iterable[RecipientSeat]) -> Fragment:
    listed = list(seats)
    return (
        _SAVE_SEATS,
        [
            [seat.pk for seat in listed],
            [seat.credit for seat in listed],
            [seat.last_turn_no for seat in listed],
        ],
    )


def save_counts(recipients: Iterable[Recipient]) -> list[Fragment]:
    """The counters of these recipients, as they stand in hand."""
    return [
        (_SAVE_COUNTS, [each.placed_at, each.campaign_count, each.warned, each.pk])
        for each in recipients
    ]
