"""Statements: what each recipient got in a period, what came back, and what it costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, Min, QuerySet, Sum

from apps.deliveries.billing import counts
from apps.deliveries.billing.periods import BillingPeriod
from apps.deliveries.log import rows as log
from apps.deliveries.models import Delivery, Dispute
from apps.rules.models import Recipient
from apps.teams.access import Access

Key = tuple[UUID, str]  # recipient, currency


@dataclass(slots=True)
class Figures:
    """Numbers of leads and their prices in minor units. A sum of rows is one too."""

    delivered: int = 0
    returned: int = 0
    open_returns: int = 0
    charged_minor: int = 0
    credited_minor: int = 0

    @property
    def billable(self) -> int:
        """Below zero where more came back in the period than arrived."""
        return self.delivered - self.returned

    @property
    def cost_minor(self) -> int:
        return self.charged_minor - self.credited_minor

    def add(self, other: Figures) -> None:
        self.delivered += other.delivered
        self.returned += other.returned
        self.open_returns += other.open_returns
        self.charged_minor += other.charged_minor
        self.credited_minor += other.credited_minor


@dataclass(slots=True)
class StatementRow:
    """One recipient in one currency; its price now may be another than its leads had."""

    recipient: Recipient
    currency: str
    figures: Figures
    lowest_minor: int | None = None
    highest_minor: int | None = None

    @property
    def has_one_price(self) -> bool:
        return self.lowest_minor == self.highest_minor


@dataclass(frozen=True, slots=True)
class Statement:
    period: BillingPeriod
    rows: Sequence[StatementRow]
    totals: Sequence[tuple[str, Figures]] = field(default_factory=tuple)  # by currency


def of(by: Access, period: BillingPeriod, *, recipient: UUID | None = None) -> Statement:
    """The statement of a team, or of one of its recipients; four queries whatever its size."""
    found: dict[Key, Figures] = defaultdict(Figures)
    prices = _arrived(by, period, recipient, found)
    _returned(by, period, recipient, found)
    _waiting(by, period, recipient, found)
    known = Recipient.objects.visible_to(by).filter(pk__in={pk for pk, _currency in found})
    named = {each.pk: each for each in known}
    rows = [
        StatementRow(named[pk], currency, figures, *prices.get((pk, currency), (None, None)))
        for (pk, currency), figures in found.items()
        if pk in named
    ]
    rows.sort(key=lambda row: (row.recipient.name.casefold(), row.currency, str(row.recipient.pk)))
    return Statement(period, rows, _totals(rows))


def _arrived(
    by: Access, period: BillingPeriod, recipient: UUID | None, found: dict[Key, Figures]
) -> dict[Key, tuple[int, int]]:
    rows = _narrowed(_with_arrival(by), "recipient", recipient)
    rows = rows.filter(counts.arrived(period.start, period.end)).order_by()
    counted = rows.values_list("recipient", "currency").annotate(
        Count("pk"), Sum("price_minor"), Min("price_minor"), Max("price_minor")
    )
    prices = {}
    for pk, currency, number, charged, low, high in counted:
        figures = found[pk, currency]
        figures.delivered, figures.charged_minor = number, charged
        prices[pk, currency] = (low, high)
    return prices


def _returned(
    by: Access, period: BillingPeriod, recipient: UUID | None, found: dict[Key, Figures]
) -> None:
    accepted = Dispute.objects.visible_to(by).filter(
        state=Dispute.State.ACCEPTED,
        decided_at__gte=period.start,
        decided_at__lt=period.end,
    )
    rows = _narrowed(accepted, "recipient", recipient).order_by()
    currency = F("delivery__currency")
    counted = rows.values_list("recipient", currency).annotate(
        Count("pk"), Sum("delivery__price_minor")
    )
    for pk, of_currency, number, credited in counted:
        figures = found[pk, of_currency]
        figures.returned, figures.credited_minor = number, credited


def _waiting(
    by: Access, period: BillingPeriod, recipient: UUID | None, found: dict[Key, Figures]
) -> None:
    rows = _narrowed(_with_arrival(by), "recipient", recipient)
    rows = rows.filter(counts.open_returns(period.start, period.end)).order_by()
    for pk, currency, number in rows.values_list("recipient", "currency").annotate(Count("pk")):
        found[pk, currency].open_returns = number


def _with_arrival(by: Access) -> QuerySet[Delivery]:
    return Delivery.objects.visible_to(by).annotate(arrived_at=counts.ARRIVED_AT)


def _narrowed(rows: QuerySet[Any], name: str, pk: UUID | None) -> QuerySet[Any]:
    return rows.filter(**{name: pk}) if pk else rows


def _totals(rows: Sequence[StatementRow]) -> list[tuple[str, Figures]]:
    totals: dict[str, Figures] = defaultdict(Figures)
    for row in rows:
        totals[row.currency].add(row.figures)
    return sorted(totals.items())


COLUMNS = (
    "date", "entry", "recipient", "delivery", "lead", "company", "channel", "campaign", "reason",
    "amount", "currency",
)  # fmt: skip


def file(by: Access, period: BillingPeriod, *, recipient: UUID | None = None) -> Iterator[str]:
    """The statement as CSV: a line for each lead that arrived, and one for each credit.

    The amounts add up to the cost on the page.
    """
    return log.lines(COLUMNS, _entries(by, period, recipient))


def _entries(by: Access, period: BillingPeriod, recipient: UUID | None) -> Iterator[Sequence[Any]]:
    rows = _narrowed(log.listed(_with_arrival(by)), "recipient", recipient)
    arrived = rows.filter(counts.arrived(period.start, period.end)).order_by("arrived_at", "id")
    for each in arrived.iterator(chunk_size=log.AT_ONCE):
        yield _entry(each, by, "delivered", counts.arrived_at(each), each.price_minor)
    back = rows.filter(counts.returned(period.start, period.end))
    for each in back.order_by("dispute__decided_at", "id").iterator(chunk_size=log.AT_ONCE):
        yield _entry(each, by, "returned", each.dispute.decided_at, -each.price_minor)


def _entry(delivery: Delivery, by: Access, entry: str, at: Any, minor: int) -> Sequence[Any]:
    shown = log.row(delivery, by)
    reason = delivery.dispute.get_reason_display() if entry == "returned" else ""
    return [
        log.moment(at), entry, delivery.recipient.name, delivery.pk, shown.card.name,
        shown.card.company, delivery.channel, delivery.campaign, reason,
        counts.amount(minor, delivery.currency), delivery.currency,
    ]  # fmt: skip
