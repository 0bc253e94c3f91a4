"""What happens to leads that rules may ask for: written beside the change, handled once.

Whoever changes a lead emits in the same transaction; `assignments.triggers` asks the rule sets.
What a rule changes emits nothing, so that rules cannot set each other off for ever.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import F

from apps.leads.models import Lead, LeadEvent
from apps.teams.access import Access, Via

REPLIED, OPENED_CONTENT, CAME_AGAIN = "replied", "opened_content", "came_again"
EVENTS = (REPLIED, OPENED_CONTENT, CAME_AGAIN)


def changed(
    lead: Lead,
    fields: Collection[str],
    *,
    by: Access,
    now: datetime,
    score: tuple[int | None, int | None] | None = None,
) -> None:
    """Fields of the lead changed: registry keys, "status", "score" or "groups"."""
    data: dict[str, Any] = {"fields": sorted(fields)}
    if score is not None:
        data["score"] = list(score)
    emit(lead, LeadEvent.Kind.CHANGED, data, by=by, now=now)


def heard(lead: Lead, event: str, *, by: Access, now: datetime) -> None:
    """The lead did something: it replied, opened what was sent, or came again.

    ValueError for anything else. Its silence begins anew.
    """
    if event not in EVENTS:
        raise ValueError(f"“{event}” is no event; use one of {', '.join(EVENTS)}.")
    moved: dict[str, Any] = {"last_heard_at": now}
    if event == OPENED_CONTENT and lead.opened_content_at is None:
        moved["opened_content_at"] = now
    Lead.objects.filter(pk=lead.pk).update(**moved)
    if event == CAME_AGAIN:
        Lead.objects.filter(pk=lead.pk).update(came_again=F("came_again") + 1)
    emit(lead, LeadEvent.Kind.ACTIVITY, {"event": event}, by=by, now=now)


def emit(
    lead: Lead, kind: LeadEvent.Kind, data: dict[str, Any], *, by: Access, now: datetime
) -> None:
    """Write the event down, unless a rule caused it."""
    for event in unsaved(lead, kind, data, by=by, now=now):
        event.save(force_insert=True)


def unsaved(
    lead: Lead, kind: LeadEvent.Kind, data: dict[str, Any], *, by: Access, now: datetime
) -> list[LeadEvent]:
    """The event, to be written in one statement with the change; none if a rule caused it."""
    if by.via is Via.RULE:
        return []
    return [LeadEvent(team_id=lead.team_id, lead=lead, kind=kind, data=data, at=now)]
