"""The time that a statement is of: a month of the team's calendar, or any days in a row."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _

FIRST_YEAR, LAST_YEAR = 2000, 2100
MOST_DAYS = 366 * 3


@dataclass(frozen=True, slots=True)
class BillingPeriod:
    """Whole days of the team's zone, both ends included."""

    first_day: date
    last_day: date
    timezone: str
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, asked: Mapping[str, str], *, now: datetime, timezone: str) -> BillingPeriod:
        """From `month` (2026-11) or `from` and `to`; this month without them or if they err."""
        today = now.astimezone(ZoneInfo(timezone)).date()
        if asked.get("from") or asked.get("to"):
            first, last = _day(asked.get("from", "")), _day(asked.get("to", ""))
            problem = _problem(first, last)
            if not problem and first and last:
                return cls(first, last, timezone)
            return cls.month_of(today, timezone, errors={"from": problem})
        month = _day(f"{asked.get('month', '')}-01")
        if asked.get("month") and month is None:
            words = {"month": _("Give a month as 2026-11.")}
            return cls.month_of(today, timezone, errors=words)
        return cls.month_of(month or today, timezone)

    @classmethod
    def month_of(
        cls, day: date, timezone: str, *, errors: Mapping[str, str] | None = None
    ) -> BillingPeriod:
        last = monthrange(day.year, day.month)[1]
        return cls(day.replace(day=1), day.replace(day=last), timezone, errors or {})

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first_day, time(), ZoneInfo(self.timezone))

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        after = self.last_day + timedelta(days=1)
        return datetime.combine(after, time(), ZoneInfo(self.timezone))

    @property
    def is_month(self) -> bool:
        return self == BillingPeriod.month_of(self.first_day, self.timezone, errors=self.errors)

    @property
    def month(self) -> str:
        return f"{self.first_day:%Y-%m}"

    @property
    def month_before(self) -> str:
        return f"{self.first_day.replace(day=1) - timedelta(days=1):%Y-%m}"

    @property
    def month_after(self) -> str:
        return f"{self.first_day.replace(day=28) + timedelta(days=4):%Y-%m}"

    @property
    def words(self) -> str:
        """ "November 2026" or "3 to 17 November 2026"."""
        if self.is_month:
            return date_format(self.first_day, "F Y")
        ends = {"first": _shown(self.first_day), "last": _shown(self.last_day)}
        return _("%(first)s to %(last)s") % ends

    def is_over(self, now: datetime) -> bool:
        return self.end <= now


def _problem(first: date | None, last: date | None) -> str:
    if first is None or last is None:
        return _("Give both days as 2026-11-21.")
    if last < first:
        return _("The last day is before the first.")
    if (last - first).days > MOST_DAYS:
        return _("Choose at most three years.")
    return ""


def _day(text: str) -> date | None:
    try:
        day = parse_date(text.strip())
    except ValueError:
        return None
    return day if day and FIRST_YEAR <= day.year <= LAST_YEAR else None


def _shown(day: date) -> str:
    return date_format(day, "j F Y")
