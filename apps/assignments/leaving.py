"""Ending what a lead is in the middle of: its open offer, assignment, hold or hopper stay.

The rows are taken in the order of locks (offer, assignment, lead), so that this and a claim or
an expiry of the same lead can't wait for each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models.functions import Now

from apps.assignments.claiming import locked
from apps.assignments.models import Assignment, Hold, HopperEntry, Offer
from apps.leads.models import Lead
from apps.teams.access import Access
from apps.teams.models import Membership


@dataclass(frozen=True, slots=True)
class Left:
    """What was ended: the lead under lock, who had or was offered it, whose place comes free."""

    lead: Lead
    owner: Membership | None
    pool_id: UUID | None
    offered_to: tuple[Membership, ...]
    freeing: UUID | None


def leave(lead: Lead, *, reason: Assignment.Ended, by: Access, now: datetime) -> Left:
    """Withdraw the lead from everyone who has it or may take it. Writes no timeline."""
    offer = _withdraw_offer(lead)
    assignment = _end_assignment(lead, reason)
    Hold.objects.filter(lead_id=lead.pk, released_at=None).update(released_at=Now())
    HopperEntry.objects.filter(lead_id=lead.pk, left_at=None).update(left_at=Now())
    fresh = locked(lead.pk, by)
    holder = assignment.member_id if assignment and fresh.is_open else None
    if offer is not None and offer.is_exclusive:
        holder = offer.member_id
    return Left(
        lead=fresh,
        owner=assignment.member if assignment else None,
        pool_id=assignment.pool_id if assignment else None,
        offered_to=tuple(_members(offer)),
        freeing=holder,
    )


def _withdraw_offer(lead: Lead) -> Offer | None:
    offer = (
        Offer.objects.select_for_update(no_key=True).filter(lead_id=lead.pk, state="open").first()
    )
    if offer is not None:
        Offer.objects.filter(pk=offer.pk).update(state=Offer.State.WITHDRAWN, closed_at=Now())
    return offer


def _end_assignment(lead: Lead, reason: Assignment.Ended) -> Assignment | None:
    assignment = (
        Assignment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("member__user")
        .filter(lead_id=lead.pk, ended_at=None)
        .first()
    )
    if assignment is not None:
        Assignment.objects.filter(pk=assignment.pk).update(ended_at=Now(), end_reason=reason)
    return assignment


def _members(offer: Offer | None) -> list[Membership]:
    if offer is None:
        return []
    return list(Membership.objects.filter(pk__in=offer.candidates, is_active=True))
