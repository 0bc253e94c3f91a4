"""Somebody known comes again: added to the lead there is, or a new lead linked to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.alerts import services as alerts
from apps.alerts.models import Kind
from apps.alerts.services import NewAlert
from apps.assignments.models import Door
from apps.assignments.road import rows, together
from apps.capture.drafts import Intake, LeadDraft
from apps.capture.models import Capture
from apps.leads import events, groups
from apps.leads.companies import company_keys
from apps.leads.masking import headline
from apps.leads.models import Activity, Lead, LeadEvent, Source
from apps.leads.services import KEYS, activity
from apps.teams.access import Access
from apps.teams.models import Team

MOST_TIMES = 32_000


@dataclass(frozen=True, slots=True)
class Coming:
    """A draft on its way in."""

    draft: LeadDraft
    source: Source
    door: Door
    by: Access
    now: datetime
    capture_id: UUID | None = None


def locked(lead_id: UUID) -> Lead | None:
    """The known lead under lock; None if it was deleted or merged meanwhile.

    One that was kept out is no lead of the team, but whoever sends it twice means the same.
    """
    return (
        # Rows that point to a lead are checked at the commit: a full lock could wait for them.
        Lead.objects.select_for_update(of=("self",), no_key=True)
        .select_related("source", "owner__user")
        .filter(Q(deleted_at__isnull=True) | Q(stage=Lead.Stage.AWAY), pk=lead_id)
        .first()
    )


def attach(
    coming: Coming, lead: Lead, *, suggestion: UUID | None = None, is_reopened: bool = False
) -> Intake:
    """Add what is new to the lead and tell its owner."""
    filled = fill(lead, coming.draft, coming.source.team)
    told = sorted(filled.keys() - KEYS)
    if {"company", "email"} & filled.keys():
        filled["look_up_at"] = coming.now
    if suggestion and lead.merge_suggestion_id is None:
        filled["merge_suggestion_id"] = suggestion
    _write_down(coming, lead, filled, {"filled": told, "reopened": is_reopened}, changed=told)
    return Intake(Capture.Outcome.DUPLICATE, lead, lead.owner)


def link(known: Lead) -> dict[str, Any]:
    """The columns by which a new lead says whose it is."""
    return {"linked_to_id": known.pk, "came_again": _once_more(known)}


def tell_of_link(coming: Coming, known: Lead, lead: Lead) -> None:
    """Write on the older lead that its person came again as a new one; tell its owner."""
    _write_down(coming, known, {}, {"linked": str(lead.pk)})


def fill(lead: Lead, draft: LeadDraft, team: Team) -> dict[str, Any]:
    """Only what the lead does not know yet: nothing that somebody wrote is overwritten."""
    contact = {"name": draft.name, **draft.columns}
    filled = {key: value for key, value in contact.items() if value and not getattr(lead, key)}
    if draft.email.key and not lead.email_key:
        filled |= {"email": draft.email.shown, "email_key": draft.email.key}
    if draft.phone.key and not lead.phone_key:
        filled |= {"phone": draft.phone.shown, "phone_key": draft.phone.key}
    keys = company_keys(filled)
    filled |= {key: value for key, value in keys.items() if value and not getattr(lead, key)}
    group_ids, facts = groups_of(draft, team)
    pairs: tuple[tuple[str, Mapping[str, Any], Mapping[str, Any]], ...] = (
        ("facts", lead.facts, facts),
        ("custom", lead.custom, draft.custom),
    )
    for key, known, given in pairs:
        if given.keys() - known.keys():
            filled[key] = {**given, **known}
    if not set(lead.group_ids).issuperset(group_ids):
        filled["group_ids"] = list(dict.fromkeys([*lead.group_ids, *group_ids]))
    return filled


def groups_of(draft: LeadDraft, team: Team) -> tuple[list[UUID], dict[str, Any]]:
    """The interest groups that the draft names, and its facts with the names that are none yet."""
    facts = dict(draft.facts)
    names = facts.pop(groups.FACT, None)
    if not names:
        return [], facts
    listed = [names] if isinstance(names, str) else [str(name) for name in names]
    found, unknown = groups.known(team).sorted_out(listed)
    if unknown:
        facts[groups.FACT] = unknown
    return found[: groups.MOST_OF_A_LEAD], facts


def _once_more(lead: Lead) -> int:
    return min(lead.came_again + 1, MOST_TIMES)


def _write_down(
    coming: Coming,
    lead: Lead,
    columns: dict[str, Any],
    data: dict[str, Any],
    *,
    changed: Sequence[str] = (),
) -> None:
    """All that one more coming leaves on a lead that is there, in one statement."""
    by, now = coming.by, coming.now
    line = activity(lead, Activity.Kind.ATTACHED, by=by, now=now, data={**_from(coming), **data})
    again = {"event": events.CAME_AGAIN}
    happened = events.unsaved(lead, LeadEvent.Kind.ACTIVITY, again, by=by, now=now)
    if changed:
        fields = {"fields": list(changed)}
        happened += events.unsaved(lead, LeadEvent.Kind.CHANGED, fields, by=by, now=now)
    told = alerts.unsaved(_for_owner(lead), team=by.team, now=now)
    moved = {**columns, "came_again": _once_more(lead), "last_heard_at": now}
    together.write([line, *happened, *told], [rows.update_lead(lead, moved)])
    if told:
        alerts.announce_on_commit()


def _from(coming: Coming) -> dict[str, Any]:
    return {
        "source": coming.source.name,
        "campaign": coming.draft.columns.get("campaign", ""),
        "capture": str(coming.capture_id) if coming.capture_id else None,
        **mark_of(coming.source),
    }


def mark_of(source: Source) -> dict[str, Any]:
    """What the timeline knows a copy by."""
    return {"copy": True} if source.kind == Source.Kind.COPY else {}


def _for_owner(lead: Lead) -> list[NewAlert]:
    if lead.owner is None:
        return []
    data = {"title": headline(lead)}
    return [NewAlert(lead.owner.user_id, Kind.CAME_AGAIN, lead_id=lead.pk, data=data)]
