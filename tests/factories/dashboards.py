"""What leads cost."""

from datetime import date

import factory

from apps.dashboards.models import Cost
from tests.factories.teams import NOW, OfTeam


class CostFactory(OfTeam):
    class Meta:
        model = Cost

    campaign = factory.Sequence(lambda n: f"Campaign {n}")
    starts_on = date(2026, 2, 1)
    ends_on = date(2026, 2, 28)
    amount_minor = 100_000
    currency = "EUR"
    created_at = NOW
    via = "membership"
