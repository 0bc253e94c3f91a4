"""The leads that nobody has tried yet, the oldest first, with the clocks that run for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery

from apps.assignments.models import Assignment, Offer
from apps.assignments.moves import nudging
from apps.assignments.moves.nudging import Reminder
from apps.leads import masking
from apps.leads.models import Lead
from apps.teams.access import Access
from apps.teams.permissions import Permission


@dataclass(frozen=True, slots=True)
class WaitingLead:
    """A lead in the list. Its clock runs from when it was received to when it was due."""

    lead: Lead
    name: str
    origin: str
    owner: str
    waited: float  # seconds
    due_at: datetime
    reminder: Reminder | None

    @property
    def start_at(self) -> datetime:
        return self.lead.received_at

    @property
    def version(self) -> str:
        """Changes with whatever its row shows."""
        reminded = self.reminder.at.timestamp() if self.reminder else ""
        return f"{self.lead.generation} {self.lead.stage} {self.due_at.timestamp()} {reminded}"


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """An offer that somebody may still take."""

    offer: Offer
    name: str
    to: str  # the member; "" if many may take it
    left: float  # seconds

    @property
    def candidates(self) -> int:
        return len(self.offer.candidates)


def name_of(lead: Lead, access: Access) -> str:
    """What to call a lead in front of everybody: its name, masked where it must be.

    Never its phone number or e-mail, which other pages show of a lead without a name.
    """
    name = lead.name.strip()
    if not name:
        return masking.headline(lead)
    return masking.masked_name(name) if masking.is_masked(lead, by=access) else name


def waiting_leads(
    access: Access, *, now: datetime, most: int, source_id: UUID | None = None
) -> Sequence[WaitingLead]:
    """The oldest open leads without an attempt that this actor may look at. One query.

    What `Untouched now` counts, as far as she may see leads and not only figures.
    """
    rows = Lead.objects.visible_to(access).counted().open().filter(first_attempt_at=None)
    if source_id:
        rows = rows.filter(source_id=source_id)
    live = Assignment.objects.live().filter(lead=OuterRef("pk"))
    reminded = nudging.reminders_within(now).filter(lead=OuterRef("pk")).order_by("-at")
    rows = rows.select_related("source", "owner__user").annotate(
        respond_by=Subquery(live.values("respond_by")[:1]),
        reminded_at=Subquery(reminded.values("at")[:1]),
        reminded_by=Subquery(reminded.values("data__by")[:1]),
    )
    return [_waiting(lead, access, now) for lead in rows.order_by("received_at", "pk")[:most]]


def _waiting(lead: Any, access: Access, now: datetime) -> WaitingLead:
    target = timedelta(seconds=access.team.response_seconds)
    reminded_at = lead.reminded_at
    return WaitingLead(
        lead=lead,
        name=name_of(lead, access),
        origin=masking.headline(lead),
        owner=str(lead.owner.user) if lead.owner else "",
        waited=(now - lead.received_at).total_seconds(),
        due_at=lead.respond_by or (lead.clock_starts_at or lead.received_at) + target,
        reminder=Reminder(reminded_at, lead.reminded_by or "") if reminded_at else None,
    )


def open_offers(access: Access, *, now: datetime, most: int) -> tuple[Sequence[OpenOffer], int]:
    """Offers that may be taken, the soonest to end first, and how many there are. Two queries."""
    rows = Offer.objects.filter(
        team=access.team, state=Offer.State.OPEN, expires_at__gt=now, lead__deleted_at=None
    )
    count = rows.count()
    if not count or not access.can(Permission.SEE_OTHERS):
        return [], count
    offers = rows.select_related("lead__source", "member__user").order_by("expires_at", "pk")
    shown = [
        OpenOffer(
            offer,
            name_of(offer.lead, access),
            str(offer.member or ""),
            (offer.expires_at - now).total_seconds(),
        )
        for offer in offers[:most]
    ]
    return shown, count
