"""What counts for a statement, and when: the one definition for pages, links and files.

A lead counts in the period in which it arrived. An accepted return is a credit in the period in
which it was accepted. So a period that is over never changes, and periods add up to the cent.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db.models import Q
from django.db.models.functions import Least

from apps.deliveries.models import ARRIVED, Delivery, Dispute
from apps.teams.presentation import minor_digits

# Handed over: accepted by the other side, or by the mail server that takes it on.
ARRIVED_AT = Least("delivered_at", "sent_at")


def arrived(start: datetime, end: datetime) -> Q:
    """Deliveries that arrived in a period; for rows `with_arrival`."""
    return Q(state__in=ARRIVED, arrived_at__gte=start, arrived_at__lt=end)


def returned(start: datetime, end: datetime) -> Q:
    """Deliveries whose return was accepted in a period."""
    return Q(
        dispute__state=Dispute.State.ACCEPTED,
        dispute__decided_at__gte=start,
        dispute__decided_at__lt=end,
    )


def open_returns(start: datetime, end: datetime) -> Q:
    """Deliveries that arrived in a period and whose return still waits."""
    return arrived(start, end) & Q(dispute__state=Dispute.State.OPEN)


def arrived_at(delivery: Delivery) -> datetime | None:
    """When the copy was handed over; None if it was not."""
    if delivery.state not in ARRIVED:
        return None
    moments = [at for at in (delivery.delivered_at, delivery.sent_at) if at is not None]
    return min(moments, default=None)


def amount(minor: int, currency: str) -> Decimal:
    """An amount in major units, exact: 1250 EUR is 12.50."""
    return Decimal(minor).scaleb(-minor_digits(currency))
