"""What a recipient got lately: leads a day, how many arrived and came back, how fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, Q
from django.db.models.functions import Coalesce, TruncDate

from apps.deliveries.billing import counts
from apps.deliveries.models import ARRIVED, WAITING, Delivery, Dispute
from apps.deliveries.recipients.sparklines import DAYS
from apps.rules.models import Recipient
from apps.teams.access import Access

State = Delivery.State


class Median(Aggregate):
    """The middle of a group's durations; half took longer."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True, slots=True)
class RecipientFigures:
    """Copies of the leads of the last 28 days; offers that went to another are no copies."""

    first_day: date
    last_day: date
    sent_out: int
    arrived: int
    waiting: int
    lost: int  # given up or refused
    returned: int
    open_returns: int
    median_seconds: float | None

    @property
    def arrived_percent(self) -> int | None:
        return _percent(self.arrived, self.sent_out)

    @property
    def lost_percent(self) -> int | None:
        return _percent(self.lost, self.sent_out)

    @property
    def returned_percent(self) -> int | None:
        return _percent(self.returned, self.arrived)

    @property
    def days_query(self) -> str:
        return f"from={self.first_day:%Y-%m-%d}&to={self.last_day:%Y-%m-%d}"


def of(recipient: Recipient, *, by: Access, now: datetime) -> RecipientFigures:
    """One query."""
    start, last_day = _span(by, now)
    rows = Delivery.objects.visible_to(by).filter(recipient=recipient, queued_at__gte=start)
    took = ExpressionWrapper(
        counts.ARRIVED_AT - Coalesce("accepted_at", "queued_at"), output_field=DurationField()
    )
    arrived = Q(state__in=ARRIVED)
    counted = rows.aggregate(
        all=Count("pk", filter=~Q(state__in=[State.OFFERED, State.WITHDRAWN])),
        arrived=Count("pk", filter=arrived),
        waiting=Count("pk", filter=Q(state__in=WAITING)),
        lost=Count("pk", filter=Q(state__in=[State.DEAD, State.REFUSED])),
        returned=Count("pk", filter=arrived & Q(dispute__state=Dispute.State.ACCEPTED)),
        open_returns=Count("pk", filter=arrived & Q(dispute__state=Dispute.State.OPEN)),
        median=Median(took, filter=arrived),
    )
    return _figures(counted, start.date(), last_day)


def a_day(recipient: Recipient, *, by: Access, now: datetime) -> Mapping[date, int]:
    """Copies that arrived on each day of the team's calendar; days without any are left out."""
    start, _last = _span(by, now)
    zone = ZoneInfo(by.team.timezone)
    rows = Delivery.objects.visible_to(by).annotate(arrived_at=counts.ARRIVED_AT)
    rows = rows.filter(counts.arrived(start, now), recipient=recipient)
    by_day = rows.order_by().annotate(day=TruncDate("arrived_at", tzinfo=zone))
    return dict(by_day.values_list("day").annotate(Count("pk")))


def _span(by: Access, now: datetime) -> tuple[datetime, date]:
    zone = ZoneInfo(by.team.timezone)
    last_day = now.astimezone(zone).date()
    first_day = last_day - timedelta(days=DAYS - 1)
    return datetime.combine(first_day, time(), zone), last_day


def _figures(counted: Mapping[str, Any], first_day: date, last_day: date) -> RecipientFigures:
    median = counted["median"]
    return RecipientFigures(
        first_day=first_day,
        last_day=last_day,
        sent_out=counted["all"],
        arrived=counted["arrived"],
        waiting=counted["waiting"],
        lost=counted["lost"],
        returned=counted["returned"],
        open_returns=counted["open_returns"],
        median_seconds=median.total_seconds() if median is not None else None,
    )


def _percent(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole else None
