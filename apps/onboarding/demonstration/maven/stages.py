"""What became of the deals: the file's stages as the team's statuses, through the services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import transaction

from apps.assignments import services as assignments
from apps.leads import services as leads
from apps.leads.models import Lead, Status, StatusKind
from apps.onboarding.demonstration.maven.files import Opportunity
from apps.teams.access import Access
from apps.teams.models import Membership, Team

KINDS: Mapping[str, StatusKind] = {
    "Prospecting": StatusKind.NEW,
    "Engaging": StatusKind.WORKING,
    "Won": StatusKind.WON,
    "Lost": StatusKind.LOST,
}
_BATCH = 200
_CENTS = 100


def apply(opportunities: Sequence[Opportunity], *, team: Team, now: datetime) -> int:
    """Give each lead the stage of its deal, by its owner; how many were changed."""
    owners = {
        member.pk: Access.of(member)
        for member in Membership.objects.filter(team=team).select_related("team", "user")
    }
    statuses = {status.kind: status for status in Status.objects.filter(team=team)}
    waiting = iter(opportunities)
    changed = 0
    while batch := {each.id: each for each in islice(waiting, _BATCH)}:
        with transaction.atomic():
            for lead in Lead.objects.filter(team=team, provider_id__in=batch):
                deal = batch[lead.provider_id]
                changed += _settle(lead, deal, statuses[KINDS[deal.stage]], owners, now)
    return changed


def _settle(
    lead: Lead, deal: Opportunity, status: Status, owners: Mapping[UUID, Access], now: datetime
) -> bool:
    if lead.status_id == status.pk or lead.owner_id is None:
        return False
    by = owners[lead.owner_id]
    if status.kind == StatusKind.WON:
        worth = {"deal_value": (deal.value or 0) * _CENTS, "deal_value_currency": "USD"}
        leads.edit(lead, changes={"custom": {**lead.custom, **worth}}, by=by, now=now)
    assignments.change_status(lead, status=status, by=by, now=now)
    return True
