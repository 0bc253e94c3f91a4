"""What many teams spent at once, for those who look after them. Read-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from apps.dashboards.costs.spending import part_of, whole
from apps.dashboards.models import Cost

Days = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Spent:
    """Money of one team in one currency; amounts in its minor unit."""

    amount: Decimal
    currency: str

    def per(self, number: int) -> int | None:
        """What one of so many cost. Nothing spent says nothing about a price."""
        return whole(self.amount / number) if number and self.amount else None


def spent(days: Mapping[UUID, Days]) -> Mapping[UUID, Spent]:
    """What each team spent on the days beside it: one statement for all.

    A team without costs is missing, and so is one with costs in several currencies: these are
    never added.
    """
    if not days:
        return {}
    amounts: dict[UUID, dict[str, Decimal]] = {}
    rows = Cost.objects.filter(
        team__in=days,
        starts_on__lte=max(last for _first, last in days.values()),
        ends_on__gte=min(first for first, _last in days.values()),
    )
    for cost in rows:
        first, last = days[cost.team_id]
        if cost.starts_on <= last and cost.ends_on >= first:
            of_team = amounts.setdefault(cost.team_id, {})
            before = of_team.get(cost.currency, Decimal(0))
            of_team[cost.currency] = before + part_of(cost, first, last)
    return {
        team: Spent(amount, currency)
        for team, of_team in amounts.items()
        if len(of_team) == 1
        for currency, amount in of_team.items()
    }
