"""Copies and offers as channels get them, with few words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.deliveries.models import Delivery
from apps.deliveries.sending.outcomes import Copy
from tests import factories

LEAD: dict[str, Any] = {
    "name": "Rosa Steiner",
    "company": "Steiner Bau",
    "email": "rosa@steiner-bau.at",
    "phone": "+43 316 8790 0",
    "city": "Graz",
    "country": "AT",
    "product": "Solar roof, 12 kW",
    "campaign": "Autumn roofs",
    "source": "Website",
    "message": "Call me after five, please.",
    "received_at": "2026-03-04T10:00:00+00:00",
}


def a_copy(*, is_offer: bool = False, payload: dict[str, Any] | None = None, **of: Any) -> Copy:
    """For partner@example.com; `of` is the recipient's columns, `delivery__…` the delivery's."""
    own = {key[10:]: of.pop(key) for key in list(of) if key.startswith("delivery__")}
    recipient = of.pop("recipient", None) or factories.RecipientFactory(
        **{"kind": "email", "timezone": "Europe/Vienna", **of}
    )
    if is_offer:
        own = {"state": Delivery.State.OFFERED, "offered_until": in_a_quarter(), **own}
    delivery = factories.DeliveryFactory(
        team=recipient.team, recipient=recipient, payload=LEAD if payload is None else payload,
        **own,
    )  # fmt: skip
    return Copy(delivery, recipient, recipient.team, is_offer)


def in_a_quarter() -> Any:
    return timezone.now() + timedelta(minutes=15)
