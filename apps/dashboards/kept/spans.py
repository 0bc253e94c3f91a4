"""A period as it lies in a team's own time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.dashboards.figures.periods import Period


@dataclass(frozen=True, slots=True)
class Span:
    """Whole local days from `start`; the last one until `end`, and the same span before it."""

    start: datetime
    end: datetime
    previous_start: datetime
    previous_end: datetime
    days: tuple[date, ...]

    @property
    def first_day(self) -> date:
        """The first of both spans."""
        return self.days[0] - timedelta(days=len(self.days))


def span_of(period: Period, *, timezone: str, now: datetime) -> Span:
    """The same local days in another time zone.

    A period that lasts until now ends now everywhere, and its last day is today there. The span
    before it ends at the same time of day.
    """
    zone = ZoneInfo(timezone)
    length = timedelta(days=(period.last_day - period.first_day).days + 1)
    midnight = _midnight(period.last_day + timedelta(days=1), ZoneInfo(period.timezone))
    if period.end >= now or period.end < midnight - timedelta(seconds=1):
        local = period.end.astimezone(zone)
        last, end, previous_end = local.date(), period.end, local - length
    else:
        last = period.last_day
        end = _midnight(last + timedelta(days=1), zone) - timedelta(microseconds=1)
        previous_end = end.astimezone(zone) - length
    first = last - length + timedelta(days=1)
    return Span(
        start=_midnight(first, zone),
        end=end,
        previous_start=_midnight(first - length, zone),
        previous_end=previous_end,
        days=tuple(first + timedelta(days=n) for n in range(length.days)),
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
