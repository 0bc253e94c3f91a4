"""Rules for leads that are on their way or owned: what happened, and which rule sets it concerns.

An event is won like a deadline (timers), once. The sets of its trigger are asked in their order,
until one of them moves the lead.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.assignments import sending
from apps.assignments.models import Decision, Door
from apps.leads.models import Lead, LeadEvent
from apps.rules import compiled
from apps.rules.compiled import TriggeredSet
from apps.teams.access import Access

DOORS = {
    LeadEvent.Kind.CHANGED: Door.CHANGED,
    LeadEvent.Kind.ACTIVITY: Door.ACTIVITY,
    LeadEvent.Kind.SILENT: Door.SILENT,
}


def handle(event_id: UUID, now: datetime) -> None:
    """Ask the rule sets about one event, inside the transaction that won it."""
    event = LeadEvent.objects.select_related("team").get(pk=event_id)
    by = Access.rule(event.team)
    for each in compiled.triggered(event.team, event.kind):
        if not concerns(each, event):
            continue
        try:
            placed = sending.send_through(
                event.lead_id, each.rules, door=DOORS[LeadEvent.Kind(event.kind)], by=by, now=now
            )
        except Lead.DoesNotExist:
            return  # deleted or merged meanwhile
        if placed is not None and placed.outcome != Decision.Outcome.KEPT:
            return


def concerns(asked: TriggeredSet, event: LeadEvent) -> bool:
    """Whether the set is about this kind of change, deed or silence."""
    match event.kind:
        case LeadEvent.Kind.CHANGED:
            return _is_watched(asked.settings, event.data)
        case LeadEvent.Kind.ACTIVITY:
            watched = asked.settings.get("events") or []
            return not watched or event.data.get("event") in watched
    return event.data.get("rule_set") == str(asked.rule_set_id)


def _is_watched(settings: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    watched = settings.get("changes") or []
    return not watched or bool(set(watched) & set(data.get("fields", [])))
