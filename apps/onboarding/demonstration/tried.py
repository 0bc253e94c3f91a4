"""A simulation that somebody ran: the large firms’ pool, if it gave leads out in a fixed order."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.onboarding.demonstration.company import SENIORS, Company
from apps.rules.models import Mode, Pool, Ranking
from apps.simulator import running, services

DAYS = 30


def add(company: Company, *, now: datetime) -> None:
    """Asked for and run, as a worker would have."""
    pool = Pool.objects.get(team=company.team, name=SENIORS)
    simulation = services.ask_for(
        version=None, pools={pool.pk: {"ranking": Ranking.FIXED.value, "mode": Mode.ASSIGN.value}},
        starts_at=now - timedelta(days=DAYS), ends_at=now, by=company.manager, now=now,
    )  # fmt: skip
    running.run(simulation.pk, clock=lambda: now)
