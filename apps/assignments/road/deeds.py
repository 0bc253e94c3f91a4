"""What rules do to a lead on its way, besides sending it: groups, priority, people told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.alerts.models import Kind
from apps.alerts.services import NewAlert
from apps.assignments.road.telling import tell, users
from apps.leads import groups
from apps.leads.models import Activity, Lead
from apps.leads.services import activity
from apps.rules.sets.compiled import Target
from apps.teams.access import Access
from apps.teams.models import Membership


@dataclass(frozen=True, slots=True)
class Deeds:
    """What several rules do together: the groups of them all, the last one's priority."""

    lead: dict[str, Any]
    line: Activity | None
    alerts: list[NewAlert]


def of(
    acting: Sequence[Target], lead: Lead, *, decision_id: UUID, by: Access, now: datetime
) -> Deeds:
    """What is to be written. No query unless somebody is to be told.

    A group that was merged is the one that it was merged into; one that is gone is left out.
    """
    known = groups.known(by.team)
    asked = known.current(group for target in acting for group in target.group_ids)
    added = [group for group in asked if group in known.chips and group not in lead.group_ids]
    changes: dict[str, Any] = {"group_ids": [*lead.group_ids, *added]} if added else {}
    priority = next((t.priority for t in reversed(acting) if t.priority is not None), None)
    if priority is not None and priority != lead.priority:
        changes["priority"] = priority
    told = _told(acting, by)
    if not (changes or told):
        return Deeds({}, None, [])
    data = {
        "decision": str(decision_id),
        "rule": acting[-1].name or None,
        "n": acting[-1].number or None,
        "groups": [known.chips[group].name for group in added],
        "priority": changes.get("priority"),
        "told": [str(member) for member in told],
    }
    line = activity(lead, Activity.Kind.RULE, by=by, now=now, data=data)
    notices = tell(users(told), Kind.NOTICE, lead, rule=acting[-1].name)
    return Deeds(changes, line, notices)


def _told(acting: Sequence[Target], by: Access) -> list[Membership]:
    named = {member for target in acting for member in target.notify}
    if not named:
        return []
    members = Membership.objects.active().filter(pk__in=named, team=by.team)
    return list(members.select_related("user"))
