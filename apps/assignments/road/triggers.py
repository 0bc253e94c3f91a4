"""Rules for leads that are on their way or owned: what happened, and which rule sets it concerns.

An event is won like a deadline (timers), once. The sets of its trigger are asked in their order,
until one of them moves the lead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.assignments.models import Decision, Door
from apps.assignments.moves import sending
from apps.assignments.moves.leaving import grip
from apps.leads.models import Lead, LeadEvent
from apps.rules.scoring import points, rescoring
from apps.rules.sets import compiled
from apps.rules.sets.compiled import TriggeredSet
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
    try:
        _count_again(event, now)
    except Lead.DoesNotExist:
        return  # deleted or merged meanwhile
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


def _count_again(event: LeadEvent, now: datetime) -> None:
    """Count the lead's score anew, so that rules see it as the change left it."""
    if points.table(event.team) is None:
        return
    is_change = event.kind == LeadEvent.Kind.CHANGED
    # What a rule changes is no event of its own: the score goes with the change that moved it.
    by = Access.rule(event.team) if is_change else Access.system(event.team)
    lead = grip(event.lead_id, by).lead  # first, in the order of locks
    before = lead.score
    if rescoring.rescore(lead, by=by, now=now) and is_change:
        fields = {*event.data.get("fields", []), "score", "band"}
        event.data |= {"fields": sorted(fields), "score": [before, lead.score]}


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
    watched, fields = settings.get("changes") or [], set(data.get("fields", []))
    if not _crosses(settings.get("score_crosses"), data.get("score")):
        fields -= {"score", "band"}
    return bool(fields & set(watched) if watched else fields)


def _crosses(value: int | None, score: Sequence[int | None] | None) -> bool:
    """Whether the score went from one side of the value to the other; without a value, at all."""
    if value is None or score is None:
        return value is None
    before, after = ((each if each is not None else 0) >= value for each in score)
    return before is not after
