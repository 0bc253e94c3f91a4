"""What a lead, a contacted lead and a won lead cost, by source and by campaign. Read-only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

import numpy as np

from apps.dashboards.kept import counting
from apps.dashboards.kept.columns import CONTACTED, KIND, KINDS
from apps.dashboards.kept.rollups import Part, read
from apps.dashboards.models import Cost
from apps.leads.models import Source
from apps.teams.access import Access


@dataclass(frozen=True, slots=True)
class Counted:
    """Leads received in a span, and what became of them until now."""

    received: int = 0
    contacted: int = 0
    won: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One source or campaign: its leads and its money, in minor units of the team's currency."""

    name: str
    counted: Counted
    spent: Decimal = Decimal(0)
    source: Source | None = None

    @property
    def spent_minor(self) -> int:
        return whole(self.spent)

    @property
    def per_lead(self) -> int | None:
        return self._per(self.counted.received)

    @property
    def per_contacted(self) -> int | None:
        return self._per(self.counted.contacted)

    @property
    def per_won(self) -> int | None:
        return self._per(self.counted.won)

    def _per(self, number: int) -> int | None:
        """Nothing spent says nothing about a price."""
        return whole(self.spent / number) if number and self.spent else None


@dataclass(frozen=True, slots=True)
class Spending:
    """Costs and leads of a span of local days. `total` has every cost and every lead once."""

    first_day: date
    last_day: date
    total: Line
    sources: Sequence[Line] = field(default_factory=tuple)
    campaigns: Sequence[Line] = field(default_factory=tuple)


def spending(access: Access, *, first_day: date, last_day: date) -> Spending:
    """A cost is spread evenly over its days, and counts for those within.

    Costs of a source count for the source, whatever their campaign; costs of a campaign for the
    campaign, whatever their source. Leads are those of the dashboard's cohort.
    """
    by_source, by_campaign, in_all = _spent(access, first_day, last_day)
    counting.require(access)
    leads = _counted(access, first_day, last_day)
    sources = {each.pk: each for each in Source.objects.visible_to(access)}
    return Spending(
        first_day,
        last_day,
        Line("", _sum(leads.values()), in_all),
        _lines_of_sources(sources, by_source, leads),
        _lines_of_campaigns(by_campaign, leads),
    )


Leads = Mapping[tuple[UUID, str], Counted]


def _spent(
    access: Access, first_day: date, last_day: date
) -> tuple[dict[UUID, Decimal], dict[str, Decimal], Decimal]:
    by_source: dict[UUID, Decimal] = {}
    by_campaign: dict[str, Decimal] = {}
    in_all = Decimal(0)
    rows = Cost.objects.visible_to(access)
    for cost in rows.filter(starts_on__lte=last_day, ends_on__gte=first_day):
        part = part_of(cost, first_day, last_day)
        in_all += part
        if cost.source_id:
            by_source[cost.source_id] = by_source.get(cost.source_id, Decimal(0)) + part
        if cost.campaign:
            by_campaign[cost.campaign] = by_campaign.get(cost.campaign, Decimal(0)) + part
    return by_source, by_campaign, in_all


def part_of(cost: Cost, first_day: date, last_day: date) -> Decimal:
    """What of a cost falls into the span."""
    length = (cost.ends_on - cost.starts_on).days + 1
    within = (min(cost.ends_on, last_day) - max(cost.starts_on, first_day)).days + 1
    return Decimal(cost.amount_minor) * within / length


def _counted(access: Access, first_day: date, last_day: date) -> Leads:
    """Leads by source and campaign, out of kept days."""
    days = [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]
    (leads,) = read(access.team, Part(days, ("state", "source", "campaign")))
    sources, source = leads.codes("source")
    campaigns, campaign = leads.codes("campaign")
    state = leads.column("state")
    both = source.astype(np.int64) * len(campaigns) + campaign
    numbers, places = np.unique(both, return_inverse=True)
    counted = [
        np.bincount(places[which], minlength=len(numbers)).tolist()
        for which in (slice(None), (state & CONTACTED) != 0, (state & KIND) == KINDS.index("won"))
    ]
    return {
        (UUID(sources[number // len(campaigns)]), campaigns[number % len(campaigns)] or ""):
            Counted(*of_these)
        for number, *of_these in zip(numbers.tolist(), *counted, strict=True)
    }  # fmt: skip


def _lines_of_sources(
    sources: Mapping[UUID, Source], spent: Mapping[UUID, Decimal], leads: Leads
) -> list[Line]:
    """Every source that cost something or brought leads; the dearest first."""
    of_source: dict[UUID, list[Counted]] = {}
    for (source, _campaign), counted in leads.items():
        of_source.setdefault(source, []).append(counted)
    lines = [
        Line(source.name, _sum(of_source.get(pk, [])), spent.get(pk, Decimal(0)), source)
        for pk, source in sources.items()
        if pk in of_source or pk in spent
    ]
    return sorted(lines, key=_dearest)


def _lines_of_campaigns(spent: Mapping[str, Decimal], leads: Leads) -> list[Line]:
    of_campaign: dict[str, list[Counted]] = {}
    for (_source, campaign), counted in leads.items():
        if campaign:
            of_campaign.setdefault(campaign, []).append(counted)
    names = of_campaign.keys() | spent.keys()
    lines = [
        Line(name, _sum(of_campaign.get(name, [])), spent.get(name, Decimal(0))) for name in names
    ]
    return sorted(lines, key=_dearest)


def _dearest(line: Line) -> tuple[Decimal, int, str]:
    return -line.spent, -line.counted.received, line.name


def _sum(parts: Iterable[Counted]) -> Counted:
    listed = list(parts)
    return Counted(
        sum(part.received for part in listed),
        sum(part.contacted for part in listed),
        sum(part.won for part in listed),
    )


def whole(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
