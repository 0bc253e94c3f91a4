"""Two leads to merge, for tests."""

from __future__ import annotations

from typing import Any

from apps.assignments.moves import merging
from apps.assignments.moves.merging import Wishes
from apps.leads.models import Lead
from apps.teams.access import Access
from apps.teams.models import Membership
from tests.assignments.world import NOW, World


def owned(world: World, member: Membership, **fields: Any) -> Lead:
    """A lead that was routed straight to this member."""
    world.rules(world.pool(member))
    lead = world.routed(**fields)
    lead.refresh_from_db()
    return lead


def merge(lead: Lead, other: Lead, by: Access, **wishes: Any) -> Lead:
    return merging.merge(lead, other, wishes=Wishes(**wishes), by=by, now=NOW)


def place_of(member: Membership) -> int:
    return Membership.objects.get(pk=member.pk).open_leads
