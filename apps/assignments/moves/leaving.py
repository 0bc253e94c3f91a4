"""Ending what a lead is in the middle of: its open offer, assignment, hold or hopper stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from apps.assignments.models import Assignment, Hold, HopperEntry, Offer
from apps.assignments.moves.claiming import locked
from apps.leads.models import Lead
from apps.teams.access import Access
from apps.teams.models import Membership


@dataclass(frozen=True, slots=True)
class Grip:
    """A lead under lock with everything that is open about it, under lock too."""

    lead: Lead
    offer: Offer | None
    assignment: Assignment | None
    hold: Hold | None
    entry: HopperEntry | None

    @property
    def open_rows(self) -> set[UUID]:
        rows = (self.offer, self.assignment, self.hold, self.entry)
        return {row.pk for row in rows if row is not None}


@dataclass(frozen=True, slots=True)
class Left:
    """What was ended: the lead under lock, who had or was offered it, whose place comes free."""

    lead: Lead
    owner: Membership | None
    pool_id: UUID | None
    offered_to: tuple[Membership, ...]
    freeing: UUID | None
    withdrawn: Offer | None = None  # from one member alone: it does not count against her caps


class _Moved(Exception):
    """While we waited for a lock the lead went on: what we hold is not what is open now."""


def grip(lead_id: UUID, by: Access) -> Grip:
    """Lock a lead and all that is open about it; Lead.DoesNotExist if it is gone or deleted.

    The rows are taken in the order of locks (what is open, then the lead), so that this and a
    claim or an expiry can't wait for each other. Whoever held one of them may have opened
    another before it let go: then everything is let go and taken again.
    """
    while True:
        try:
            with transaction.atomic():
                return _grip(lead_id, by)
        except _Moved:
            continue


def _grip(lead_id: UUID, by: Access) -> Grip:
    held = Grip(
        offer=_lock(Offer, lead_id, state=Offer.State.OPEN),
        assignment=_lock(Assignment, lead_id, ended_at=None),
        hold=_lock(Hold, lead_id, released_at=None),
        entry=_lock(HopperEntry, lead_id, left_at=None),
        lead=locked(lead_id, by),
    )
    if held.lead.deleted_at is not None:
        raise Lead.DoesNotExist
    if _open_rows(lead_id) != held.open_rows:
        raise _Moved
    return held


def _lock(model: Any, lead_id: UUID, **is_open: Any) -> Any:
    return model.objects.select_for_update(no_key=True).filter(lead_id=lead_id, **is_open).first()


def _open_rows(lead_id: UUID) -> set[UUID]:
    """What is open now, by a snapshot from after the lead was locked."""
    ids = Offer.objects.filter(lead_id=lead_id, state=Offer.State.OPEN).values_list("pk")
    return {
        pk
        for (pk,) in ids.order_by().union(
            Assignment.objects.filter(lead_id=lead_id, ended_at=None).order_by().values_list("pk"),
            Hold.objects.filter(lead_id=lead_id, released_at=None).order_by().values_list("pk"),
            HopperEntry.objects.filter(lead_id=lead_id, left_at=None).order_by().values_list("pk"),
        )
    }


def leave(held: Grip, *, reason: Assignment.Ended, now: datetime) -> Left:
    """Withdraw the lead from everyone who has it or may take it. Writes no timeline."""
    offer, assignment = held.offer, held.assignment
    if offer is not None:
        Offer.objects.filter(pk=offer.pk).update(state=Offer.State.WITHDRAWN, closed_at=Now())
    if assignment is not None:
        Assignment.objects.filter(pk=assignment.pk).update(ended_at=Now(), end_reason=reason)
    if held.hold is not None:
        Hold.objects.filter(pk=held.hold.pk).update(released_at=Now())
    if held.entry is not None:
        HopperEntry.objects.filter(pk=held.entry.pk).update(left_at=Now())
    holder = assignment.member_id if assignment and held.lead.is_open else None
    if offer is not None and offer.is_exclusive:
        holder = offer.member_id
    return Left(
        lead=held.lead,
        owner=_owner(assignment),
        pool_id=assignment.pool_id if assignment else None,
        offered_to=tuple(_members(offer)),
        freeing=holder,
        withdrawn=offer if offer is not None and offer.is_exclusive else None,
    )


def _owner(assignment: Assignment | None) -> Membership | None:
    if assignment is None:
        return None
    return Membership.objects.select_related("user").get(pk=assignment.member_id)


def _members(offer: Offer | None) -> list[Membership]:
    if offer is None:
        return []
    return list(Membership.objects.filter(pk__in=offer.candidates, is_active=True))
