"""What the public page of a copy may show, by the state of its delivery."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from apps.deliveries import erasure
from apps.deliveries.models import ENDED, Delivery, Dispute
from apps.deliveries.plans import offers


class Shown(StrEnum):
    """Which page it is."""

    COPY = "copy"
    OFFER = "offer"
    OFFER_GONE = "offer_gone"  # nothing personal: it was never theirs
    RETURNED = "returned"  # nothing personal any more: the sender took it back
    GONE = "gone"


def shown(delivery: Delivery, *, now: datetime) -> Shown:
    """Needs `lead` loaded; one query where a copy is shown."""
    is_offer = delivery.offered_until is not None and delivery.accepted_at is None
    is_deleted = erasure.is_deleted(delivery.lead)
    if is_offer and not is_deleted and offers.is_open(delivery, now=now):
        return Shown.OFFER
    if is_offer and not (is_deleted and delivery.state == Delivery.State.OFFERED):
        return Shown.OFFER_GONE
    if delivery.state in ENDED or is_deleted:
        return Shown.GONE
    if Dispute.objects.filter(delivery=delivery, state=Dispute.State.ACCEPTED).exists():
        return Shown.RETURNED
    return Shown.COPY
