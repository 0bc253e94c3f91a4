"""An offer that nobody accepted: one of those it was put to gets the lead all the same, by turn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.alerts import services as alerts
from apps.assignments.road import together
from apps.deliveries import erasure
from apps.deliveries.models import Delivery
from apps.deliveries.plans import campaigns, choosing, counting
from apps.deliveries.plans.choosing import Table
from apps.leads.models import Lead
from apps.routing.decide import Choice
from apps.rules.facts import lead_facts
from apps.rules.models import Recipient, RecipientPool, RecipientSeat
from apps.rules.recipients.facts import opens_at
from apps.rules.registry import registry


def give(offered: Sequence[Delivery], pool: RecipientPool, *, now: datetime) -> Delivery | None:
    """Queue the copy of the one whose turn it is; None if none of them may have it now.

    Inside the caller's transaction, which holds the deliveries. Locks the pool, then those of the
    recipients that are counted. Whoever declined is not among `offered`.
    """
    if not offered:
        return None
    lead = Lead.objects.select_related("source", "team").get(pk=offered[0].lead_id)
    if erasure.is_deleted(lead):
        return None
    table = _table(offered, pool, lead, now)
    pool = table.pools[pool.pk]
    open_to = [
        each for each in table.recipients.values() if table.consider(each, ()).skip is None
    ]  # fmt: skip
    facts = lead_facts(lead, registry(lead.team), now=now)
    choice = table.by_turn(pool, open_to, facts) if open_to else None
    if choice is None or choice.winner is None:
        return None
    delivery = next(each for each in offered if each.recipient_id == choice.winner.member)
    _queue(delivery, table, choice, lead, now)
    return delivery


def _table(
    offered: Sequence[Delivery], pool: RecipientPool, lead: Lead, now: datetime
) -> Table:  # fmt: skip
    """The pool and its seats, locked in hand: an offer alone would not need that."""
    locked = RecipientPool.objects.select_for_update(no_key=True).get(pk=pool.pk)
    table = choosing.table(
        lead.team,
        recipient_ids=[each.recipient_id for each in offered],
        pool_ids=[],
        path=offered[0].path,
        now=now,
    )
    seats = RecipientSeat.objects.filter(pool=locked, is_active=True)
    table.pools = {locked.pk: locked}
    table.seats = {locked.pk: list(seats.order_by("position", "id"))}
    return table


def _queue(delivery: Delivery, table: Table, choice: Choice, lead: Lead, now: datetime) -> None:
    pool = table.pools[next(iter(table.pools))]
    recipient = table.recipients[delivery.recipient_id]
    turn = counting.take_turn(table, pool, choice, lead, now)
    told = campaigns.alerts_of(
        [(recipient, what) for what in counting.count(recipient, now)], team=lead.team, now=now
    )
    counted: list[Recipient] = [recipient] if recipient.is_counted else []
    updates = [*counting.save_turns(table, [pool.pk]), *counting.save_counts(counted)]
    together.write([turn, *told], updates)
    if told:
        alerts.announce_on_commit()
    delivery.state, delivery.turn = Delivery.State.QUEUED, turn
    # Counted like one that was accepted: a return frees this moment.
    delivery.accepted_at = now
    delivery.next_attempt_at = opens_at(recipient, lead.team, now=now)
    delivery.save(update_fields=["state", "turn", "accepted_at", "next_attempt_at"])
