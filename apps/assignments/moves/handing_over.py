"""A member leaves the team: she is out at once, and her open leads go where an admin says.

The leads go by a distribution (bulk), each with a decision of its own, counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.assignments.models import BulkRun
from apps.assignments.moves import bulk
from apps.assignments.moves.bulk import BulkRefused, Goal
from apps.leads.filters import LeadFilters
from apps.rules.models import Destination, RuleSet
from apps.teams import audit, members
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission


class Heir(StrEnum):
    """Who gets the leads of somebody who leaves."""

    RULES = "rules"
    POOL = "pool"
    MEMBER = "member"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Will:
    """To whom, and which pool or member."""

    heir: Heir
    id: UUID | None = None


def open_leads(member: Membership, *, by: Access, now: datetime) -> int:
    """How many leads would be handed over."""
    return bulk.fitting(_hers(member), by=by, now=now).count()


@transaction.atomic
def leave_team(member: Membership, will: Will, *, by: Access, now: datetime) -> BulkRun | None:
    """Take a member out of the team and send her open leads on; the run, if there is one.

    Also for a member who is out already and still has leads. Raises MemberRefused for the last
    admin, BulkRefused for a destination that is none; nothing has changed then.
    """
    by.require(Permission.EDIT_MEMBERS)
    by.require(Permission.REASSIGN)
    if member.team_id != by.team.pk:
        raise Membership.DoesNotExist
    goal = _goal(member, will)
    members.set_active(member, is_active=False, by=by, now=now)
    if goal is None or not open_leads(member, by=by, now=now):
        return None
    asked = {"owner": str(member.pk), "status": "open"}
    run = bulk.start(_hers(member), goal, asked=asked, by=by, now=now)
    detail = {"leads": len(run.lead_ids), "run": str(run.pk), "to": will.heir.value}
    audit.record(by=by, action="leads.handed_over", target=member, now=now, detail=detail)
    return run


def _hers(member: Membership) -> LeadFilters:
    return LeadFilters(owner=str(member.pk))


def _goal(member: Membership, will: Will) -> Goal | None:
    if will.heir is Heir.NOBODY:
        return None
    if will.heir is Heir.RULES:
        return Goal(Destination.RULE_SET.value, _rules_for_new(member))
    if will.heir is Heir.MEMBER and will.id == member.pk:
        raise BulkRefused(_("Choose somebody else: she is the one who leaves."))
    to = Destination.POOL if will.heir is Heir.POOL else Destination.MEMBER
    return Goal(to.value, will.id)


def _rules_for_new(member: Membership) -> UUID:
    sets = RuleSet.objects.filter(
        team=member.team_id, kind=RuleSet.Kind.ASSIGNMENT, trigger=RuleSet.Trigger.NEW,
        is_active=True, versions__state="published",
    )  # fmt: skip
    found = sets.order_by("position", "pk").values_list("pk", flat=True).first()
    if found is None:
        raise BulkRefused(_("No rules are published: choose a pool or a member."))
    return UUID(str(found))
