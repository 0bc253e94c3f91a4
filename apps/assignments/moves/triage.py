"""What waits for a manager, and what she does with it: assign, judge, hopper, route again.

Two managers at once are safe: each deed names the lead's generation as it was seen, and whoever
comes second learns what became of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.alerts import services as alerts
from apps.alerts.models import Kind
from apps.assignments.models import Assignment, Decision, Door, HopperEntry
from apps.assignments.moves import sending
from apps.assignments.moves.leaving import Grip, grip, leave
from apps.assignments.moves.ownership import assign_by_hand
from apps.assignments.road.placing import Placement, route
from apps.assignments.road.telling import managers, tell, users
from apps.assignments.work import qualifying
from apps.leads.models import Lead
from apps.rules.models import Destination
from apps.rules.sets.compiled import Target
from apps.teams.access import Access
from apps.teams.models import Membership, Team
from apps.teams.permissions import Permission

SHOWN = 100
OF_LEAD = ("source", "status", "owner__user", "merge_suggestion__owner__user")


class WentOn(Exception):
    """The lead is no longer where it was when the page was drawn: somebody was quicker."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lead in the queue. `since` is when its clock started, `due_at` the team's target."""

    lead: Lead
    since: datetime
    due_at: datetime
    in_hopper_since: datetime | None = None

    @property
    def place(self) -> tuple[Any, ...]:
        """Where it stands: what is pressing first, then whoever waits longest."""
        return (-self.lead.priority, self.since, self.lead.pk)

    @property
    def words(self) -> str:
        """Why it waits, in a few words."""
        if self.in_hopper_since is not None:
            return _("Long in the hopper")
        words = {
            Lead.Stage.HELD: _("Held: nobody can take it"),
            Lead.Stage.MANAGER: _("Needs a decision"),
            Lead.Stage.OUT: _("On no road"),
            Lead.Stage.NEW: _("Not routed yet"),
        }
        return words.get(Lead.Stage(self.lead.stage), str(self.lead.get_stage_display()))


def queue(access: Access, now: datetime) -> list[Waiting]:
    """What waits, the most pressing first; at most a hundred. Two queries."""
    leads = (
        Lead.objects.visible_to(access)
        .unplaced()
        .select_related("source")
        .order_by("-priority", "received_at")[:SHOWN]
    )
    entries = long_in_hopper(access.team, now).select_related("lead__source")
    found = [_waiting(lead, access.team) for lead in leads]
    found += [
        _waiting(entry.lead, access.team, entry.entered_at)
        for entry in entries.order_by("entered_at")[:SHOWN]
    ]
    return sorted(found, key=lambda each: each.place)[:SHOWN]


def long_in_hopper(team: Team, now: datetime) -> QuerySet[HopperEntry]:
    """Stays of unowned leads that are past half of what the team allows."""
    half = now - timedelta(days=team.hopper_days) / 2
    entries: QuerySet[HopperEntry] = HopperEntry.objects.waiting().filter(
        team=team, entered_at__lt=half, lead__owner=None, lead__deleted_at=None
    )
    return entries


def following(waiting: Iterable[Waiting], lead: Lead, team: Team) -> Waiting | None:
    """The one to look at after this lead: the next in the queue, else the first."""
    others = [each for each in waiting if each.lead.pk != lead.pk]
    place = _waiting(lead, team).place
    return next((each for each in others if each.place > place), others[0] if others else None)


def _waiting(lead: Lead, team: Team, in_hopper_since: datetime | None = None) -> Waiting:
    since = lead.clock_starts_at or lead.received_at
    due_at = since + timedelta(seconds=team.response_seconds)
    return Waiting(lead, since, due_at, in_hopper_since)


@transaction.atomic
def assign(
    lead_id: UUID, *, member: Membership, generation: int | None, by: Access, now: datetime
) -> Placement:
    """Give the lead to a member. Raises WentOn, or Lead.DoesNotExist if it is deleted."""
    held = _held(lead_id, generation, by)
    placed = assign_by_hand(held.lead, member=member, by=by, now=now, door=Door.TRIAGE)
    _tell_other_managers(held.lead, by, now)
    return placed


@transaction.atomic
def into_hopper(lead_id: UUID, *, generation: int | None, by: Access, now: datetime) -> Placement:
    """Let members pick the lead. Raises as `assign`."""
    held = _held(lead_id, generation, by)
    target = Target.by_hand(Destination.HOPPER)
    placed = sending.send(held.lead.pk, target, door=Door.TRIAGE, by=by, now=now)
    _tell_other_managers(held.lead, by, now)
    return placed


@transaction.atomic
def route_again(lead_id: UUID, *, generation: int | None, by: Access, now: datetime) -> Placement:
    """Ask the rules once more; the lead may come back. Raises as `assign`."""
    held = _held(lead_id, generation, by)
    left = leave(held, reason=Assignment.Ended.RELEASED, now=now)
    placed = route(left.lead, door=Door.TRIAGE, by=by, now=now, freeing=left.freeing)
    if placed.outcome not in (Decision.Outcome.MANAGER, Decision.Outcome.HELD):
        _tell_other_managers(left.lead, by, now)
    return placed


@transaction.atomic
def qualify(lead_id: UUID, *, generation: int | None, by: Access, now: datetime) -> Lead:
    """Say that it is worth working; it goes on waiting. Raises as `assign`."""
    return qualifying.qualify(_held(lead_id, generation, by).lead, by=by, now=now)


@transaction.atomic
def disqualify(
    lead_id: UUID, *, generation: int | None, why: str, text: str, by: Access, now: datetime
) -> Lead:
    """Close it with a reason. Raises as `assign`, or qualifying.Unreasoned."""
    lead = _held(lead_id, generation, by).lead
    closed = qualifying.disqualify(lead, why=why, text=text, by=by, now=now)
    _tell_other_managers(closed, by, now)
    return closed


def _held(lead_id: UUID, generation: int | None, by: Access) -> Grip:
    """The lead under lock, if it is still as it was seen."""
    by.require(Permission.REASSIGN)
    held = grip(lead_id, by)
    lead = held.lead
    if lead.generation != generation or lead.owner_id is not None or not lead.is_open:
        raise WentOn
    return held


def _tell_other_managers(lead: Lead, by: Access, now: datetime) -> None:
    """So that the lead leaves their screens; it is nothing to read."""
    others = [one for one in managers(by.team) if one.pk != by.member_id]
    told = tell(users(others), Kind.WITHDRAWN, lead, reason="triage")
    if told:
        alerts.raise_alerts(told, team=by.team, now=now)
