"""The demo's interest groups, and what was looked up of its past leads."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from apps.leads import groups, likeness
from apps.leads.models import Lead, LeadEvent
from apps.onboarding.demonstration.company import Company

LATEST = 300
# Group → its colour, and the products whose leads belong to it.
GROUPS = {
    "Depots and fleets": ("#2f5bd0", ("Depot charging",)),
    "Company parking": ("#0f7b78", ("Workplace charging",)),
    "Public sites": ("#a86200", ("Public charging", "Load management")),
}


def add(company: Company, *, now: datetime) -> None:
    """Make the groups and put the leads of their products in; suggest who may be the same."""
    for name, (colour, products) in GROUPS.items():
        group = groups.create(name=name, colour=colour, by=company.manager, now=now)
        leads = Lead.objects.filter(team=company.team, facts__product__in=products)
        leads.update(group_ids=[group.pk])
    mine = Lead.objects.filter(team=company.team)
    likeness.suggest(mine.open().order_by("-received_at")[:LATEST])
    # What happened in the past was looked up, and its rules were asked, then.
    mine.update(look_up_at=None, enriched_at=F("received_at"))
    LeadEvent.objects.filter(team=company.team, handled_at=None).update(handled_at=F("at"))
