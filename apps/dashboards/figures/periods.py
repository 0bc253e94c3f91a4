"""The spans that figures are counted over, in whole local days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

DAYS = {"today": 1, "7": 7, "28": 28, "quarter": 91}
LABELS = {"today": _("Today"), "7": _("7 days"), "28": _("28 days"), "quarter": _("Quarter")}
DEFAULT = "28"
DAYS_OF_CHOICE = "days"  # the key of a period between any two days
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From midnight of the first local day until its end or now; and the span before it.

    The span before ends at the same time of day, so that a day that is not over yet is
    compared with as much of an earlier one.
    """

    key: str
    start: datetime
    end: datetime
    previous_start: datetime
    previous_end: datetime
    timezone: str

    @classmethod
    def ending(cls, now: datetime, *, key: str, timezone: str) -> Period:
        """The period of this key (another becomes the default) in the team's time zone."""
        key = key if key in DAYS else DEFAULT
        zone, length = ZoneInfo(timezone), timedelta(days=DAYS[key])
        local = now.astimezone(zone)
        start = datetime.combine(local.date() - length + timedelta(days=1), time(), zone)
        return cls(
            key=key,
            start=start,
            end=now,
            previous_start=datetime.combine(start.date() - length, time(), zone),
            previous_end=local - length,
            timezone=timezone,
        )

    @classmethod
    def of_days(
        cls, first: date, last: date, *, before: date, now: datetime, timezone: str
    ) -> Period:
        """Whole local days, as far as they have passed, against those from `before` until `first`.

        While the last day is not over, the days before are counted to the same day and hour.
        """
        zone = ZoneInfo(timezone)
        start = datetime.combine(first, time(), zone)
        end = datetime.combine(last + timedelta(days=1), time(), zone) - _INSTANT
        previous_end = start
        if end > now:
            local, end = now.astimezone(zone), max(now, start)
            passed = before + (local.date() - first)
            previous_end = min(start, datetime.combine(passed, local.time(), zone))
        previous_start = datetime.combine(before, time(), zone)
        return cls(DAYS_OF_CHOICE, start, end, previous_start, previous_end, timezone)

    @property
    def first_day(self) -> date:
        return self.start.date()

    @property
    def last_day(self) -> date:
        return self.end.astimezone(ZoneInfo(self.timezone)).date()

    @property
    def days(self) -> list[date]:
        length = (self.last_day - self.first_day).days + 1
        return [self.first_day + timedelta(days=n) for n in range(length)]
