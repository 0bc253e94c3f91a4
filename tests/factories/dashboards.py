"""What leads cost, and the columns of days."""

from datetime import date
from typing import Any

import factory

from apps.dashboards.kept.columns import COLUMNS
from apps.dashboards.models import Cost, KeptDay, WeeklyMail
from tests.factories.teams import NOW, OfTeam, of_same_team


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


class KeptDayFactory(OfTeam):
    """A day without leads."""

    class Meta:
        model = KeptDay

    day = date(2026, 2, 1)
    timezone = "UTC"
    leads = 0

    @classmethod
    def _create(cls, model_class: type[KeptDay], *args: Any, **kwargs: Any) -> KeptDay:
        columns = dict.fromkeys(COLUMNS, b"")
        return model_class.objects.create(*args, **{**columns, **kwargs})


class WeeklyMailFactory(OfTeam):
    class Meta:
        model = WeeklyMail

    membership = of_same_team("tests.factories.teams.MembershipFactory")
    week = date(2026, 2, 2)
    try_at = NOW
