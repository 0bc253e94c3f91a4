"""What the public page of a copy may show, by the state of its delivery."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from apps.deliveries import offers
from apps.deliveries.models import ENDED, Delivery, Dispute
from apps.leads.models import Lead


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
    if is_offer and offers.is_open(delivery, now=now):
        return Shown.OFFER
    if is_offer or delivery.state == Delivery.State.OFFERED:
        return Shown.OFFER_GONE
    if delivery.state in ENDED or _is_erased(delivery.lead):
        return Shown.GONE
    if Dispute.objects.filter(delivery=delivery, state=Dispute.State.ACCEPTED).exists():
        return Shown.RETURNED
    return Shown.COPY


def _is_erased(lead: Lead) -> bool:
    """A lead that its sender keeps out of the team counts as deleted there, and only there."""
    return lead.deleted_at is not None and lead.stage != Lead.Stage.AWAY
