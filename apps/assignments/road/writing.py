"""What one decision writes: rows, updates and alerts that go out in one statement."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models

from apps.alerts import services as alerts
from apps.alerts.services import NewAlert
from apps.assignments.models import Assignment, HopperEntry, Offer
from apps.assignments.road import deadlines, rows, together
from apps.assignments.road.together import Fragment
from apps.leads.models import Lead
from apps.teams.access import Access
from apps.teams.models import Membership, Team


@dataclass(slots=True)
class Writing:
    """What one decision writes, gathered so that it goes out in one statement."""

    rows: list[models.Model] = field(default_factory=list)
    updates: list[Fragment] = field(default_factory=list)
    alerts: list[NewAlert] = field(default_factory=list)
    lead: dict[str, Any] = field(default_factory=dict)
    owner: Membership | None = None
    offer_id: UUID | None = None
    seats: Collection[UUID] = ()  # whose credit moves
    nothing_came_of: Offer | None = None

    def send(self, lead: Lead, team: Team, now: datetime, *, moves: bool = True) -> None:
        """Write it all in one statement; only an offer that came to nothing needs some more."""
        if moves:
            self.lead["generation"] = lead.generation
        for name, value in self.lead.items():
            setattr(lead, name, value)
        told = alerts.unsaved(self.alerts, team=team, now=now)
        offer = self.nothing_came_of
        counted = rows.counted_seat(offer) if offer else None
        if offer and counted:
            rows.lock_seats({counted, *self.seats}, member_id=offer.member_id)
        changed = [rows.update_lead(lead, self.lead)] if self.lead else []
        together.write([*self.rows, *told], [*self.updates, *changed])
        if offer and counted:
            rows.uncount(counted, offer)
        if told:
            alerts.announce_on_commit()

    @property
    def deadline(self) -> datetime | None:
        """By when somebody has to act on what is written."""
        for row in self.rows:
            if isinstance(row, Offer | HopperEntry):
                return row.expires_at
            if isinstance(row, Assignment):
                return row.respond_by
        return None


def own(writing: Writing, assignment: Assignment, member: Membership, now: datetime) -> None:
    """Make the member the lead's owner in this writing."""
    writing.rows.append(assignment)
    writing.owner = member
    writing.lead |= {"stage": Lead.Stage.OWNED, "owner_id": member.pk, "assigned_at": now}


def new_assignment(
    lead: Lead,
    member: Membership,
    *,
    decision_id: UUID,
    how: Assignment.How,
    by: Access,
    now: datetime,
    seconds: int | None,
    pool: Any = None,
    offer: Offer | None = None,
) -> Assignment:
    """An unsaved period of ownership, with its response deadline; a closed lead has none."""
    seconds = seconds if lead.is_open else None
    due = deadlines.respond_by(now, seconds=seconds, team=by.team, pool=pool, member=member)
    return Assignment(
        team_id=lead.team_id,
        lead_id=lead.pk,
        member_id=member.pk,
        pool_id=pool.pk if pool else None,
        decision_id=decision_id,
        offer_id=offer.pk if offer else None,
        how=how,
        generation=lead.generation,
        started_at=now,
        respond_by=due,
        warn_at=deadlines.warn_at(now, due, now, hours=deadlines.hours_of(by.team, pool, member)),
        stopped_at=None if lead.is_open else now,
        **rows.deed(by),
    )
