"""Head start: some seats of a pool may claim an open lead before the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.utils.translation import ngettext

from apps.assignments.models import Offer
from apps.assignments.seats.limits import ClaimRefused
from apps.rules.models import Seat
from apps.teams.models import Membership

LEFT = (
    "SELECT extract(epoch FROM %s::timestamptz - clock_timestamp()), "
    "coalesce(bool_or(membership_id = %s), false), count(*) FROM rules_seat "
    "WHERE pool_id = %s AND is_active AND has_head_start AND membership_id = ANY(%s)"
)


def refuse_early(offer: Offer, member: Membership) -> None:
    """ClaimRefused while those with a head start may claim alone, by the database's clock.

    No query where the pool gives none. Without anybody who has one, everyone may claim at once.
    """
    if not offer.pool.head_start_seconds:
        return
    ends = _ends(offer)
    with connection.cursor() as cursor:
        cursor.execute(LEFT, [ends, member.pk, offer.pool_id, offer.candidates])
        seconds, is_first, first = cursor.fetchone()
    if seconds <= 0 or is_first or not first:
        return
    left = math.ceil(seconds)
    words = ngettext(
        "Colleagues have a head start. It opens for you in %(n)d second.",
        "Colleagues have a head start. It opens for you in %(n)d seconds.",
        left,
    )
    raise ClaimRefused("head_start", words % {"n": left})


def opening(offers: Sequence[Offer], member_id: UUID | None, now: datetime) -> dict[UUID, datetime]:
    """When each of these open offers opens for the member, where that is still ahead."""
    waiting = {
        offer.pk: offer
        for offer in offers
        if offer.pool.head_start_seconds and not offer.is_exclusive and _ends(offer) > now
    }
    if not waiting:
        return {}
    pools = {offer.pool_id for offer in waiting.values()}
    seats = Seat.objects.filter(pool__in=pools, is_active=True, has_head_start=True)
    first: dict[UUID, set[UUID]] = {}
    for pool_id, membership_id in seats.values_list("pool_id", "membership_id"):
        first.setdefault(pool_id, set()).add(membership_id)
    return {
        offer.pk: _ends(offer)
        for offer in waiting.values()
        if (early := first.get(offer.pool_id, set()) & set(offer.candidates))
        and member_id not in early
    }


def _ends(offer: Offer) -> datetime:
    return offer.opened_at + timedelta(seconds=offer.pool.head_start_seconds)
