"""A closed lead whose person came again: open once more, with its owner or on its road."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.assignments.models import Assignment, Door
from apps.assignments.moves.leaving import Grip, grip, leave
from apps.assignments.road import deadlines, rows, together
from apps.assignments.road.placing import route
from apps.leads import events
from apps.leads.models import Activity, Lead, StatusKind
from apps.leads.services import activity
from apps.teams.access import Access
from apps.teams.models import Membership


@transaction.atomic
def reopen(lead_id: UUID, *, door: Door, by: Access, now: datetime) -> bool:
    """Open a closed lead again; False if it is open, deleted or merged.

    Its owner keeps it; if she never tried, her time to respond begins anew. Without an owner at
    work it goes on its road.
    """
    try:
        held = grip(lead_id, by)
    except Lead.DoesNotExist:
        return False
    if held.lead.is_open:
        return False
    owner = _owner_at_work(held)
    if owner is None:
        leave(held, reason=Assignment.Ended.RELEASED, now=now)
    _set_status(held.lead, by, now)
    if owner is None:
        route(held.lead, door=door, by=by, now=now)
    elif held.assignment is not None:
        _go_on(held.assignment, owner, by, now)
    return True


def _owner_at_work(held: Grip) -> Membership | None:
    if held.assignment is None:
        return None
    members = Membership.objects.active().select_related("user")
    return members.filter(pk=held.assignment.member_id).first()


def _set_status(lead: Lead, by: Access, now: datetime) -> None:
    status, before = rows.first_status(by.team, StatusKind.NEW), lead.status_kind
    lead.status, lead.status_kind = status, status.kind
    lead.closed_at, lead.disqualified_reason = None, ""
    lead.version += 1
    lead.save(
        update_fields=["status", "status_kind", "closed_at", "disqualified_reason", "version"]
    )
    data = {"to": status.name, "kind": status.kind, "from_kind": before, "reopened": True}
    activity(lead, Activity.Kind.STATUS, by=by, now=now, data=data).save(force_insert=True)
    events.changed(lead, ["status"], by=by, now=now)


def _go_on(live: Assignment, owner: Membership, by: Access, now: datetime) -> None:
    """The owner's clock and her place, as if the lead were given to her now."""
    live.stopped_at = None
    if live.responded_at is None:
        seconds = deadlines.response_seconds(None, live.pool, by.team)
        due = deadlines.respond_by(now, seconds=seconds, team=by.team, pool=live.pool, member=owner)
        live.respond_by, live.warn_at = due, deadlines.warn_at(now, due, now)
    live.save(update_fields=["stopped_at", "respond_by", "warn_at"])
    together.write([], [rows.take_place(owner.pk)])
