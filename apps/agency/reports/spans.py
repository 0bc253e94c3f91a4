"""The days of a report: a week, month, quarter or any days, and those compared with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.dashboards.figures.periods import Period

KINDS = {
    "week": gettext_lazy("Week"),
    "month": gettext_lazy("Month"),
    "quarter": gettext_lazy("Quarter"),
    "days": gettext_lazy("Days"),
}
DEFAULT = "month"
LONGEST = 366  # days
_FIRST, _LAST = date(2000, 1, 1), date(2100, 1, 1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole local days from `first` to `last`; those compared with begin on `before`."""

    kind: str
    first: date
    last: date
    before: date

    @classmethod
    def around(cls, day: date, kind: str) -> Span:
        """The calendar week (from Monday), month or quarter in which this day lies."""
        first = _beginning(day, kind)
        return cls(kind, first, _next(first, kind) - _DAY, _beginning(first - _DAY, kind))

    @classmethod
    def between(cls, first: date, last: date) -> Span:
        """Any days, against as many before them."""
        return cls("days", first, last, first - (last - first) - _DAY)

    @classmethod
    def last_whole(cls, kind: str, *, today: date) -> Span:
        """The latest week, month or quarter that is over."""
        return cls.around(_beginning(today, kind) - _DAY, kind)

    @classmethod
    def read(cls, asked: Mapping[str, str], *, today: date) -> Span:
        """What an address asks for; what it does not say, or not well, is the last whole month."""
        kind = asked.get("kind", "")
        if kind == "days":
            first, last = _day(asked.get("from", "")), _day(asked.get("to", ""))
            is_good = first and last and first <= last <= today and (last - first).days < LONGEST
            return cls.between(first, last) if is_good and first and last else _default(today)
        if kind not in KINDS:
            return _default(today)
        day = _day(asked.get("day", ""))
        return cls.around(day, kind) if day and day <= today else cls.last_whole(kind, today=today)

    def period(self, *, timezone: str, now: datetime) -> Period:
        return Period.of_days(self.first, self.last, before=self.before, now=now, timezone=timezone)

    def earlier(self) -> Span:
        if self.kind == "days":
            return Span.between(self.before, self.first - _DAY)
        return Span.around(self.before, self.kind)

    def later(self, *, today: date) -> Span | None:
        """The span after this one, if it has begun."""
        if self.last >= today:
            return None
        if self.kind == "days":
            last = min(self.last + (self.last - self.first) + _DAY, today)
            return Span.between(self.last + _DAY, last)
        return Span.around(self.last + _DAY, self.kind)

    @property
    def query(self) -> str:
        """The part of an address that asks for this span."""
        if self.kind == "days":
            return f"kind=days&from={self.first}&to={self.last}"
        return f"kind={self.kind}&day={self.first}"

    @property
    def words(self) -> str:
        """ "October 2026", "3rd quarter of 2026", "16 to 22 November 2026" """
        if self.kind == "month":
            return date_format(self.first, "F Y")
        if self.kind == "quarter":
            number = (self.first.month + 2) // 3
            return _("Quarter %(number)d of %(year)d") % {"number": number, "year": self.first.year}
        return between_words(self.first, self.last)

    @property
    def compared_with(self) -> str:
        """What the days before are called in a sentence."""
        if self.kind == "days":
            return _("the days before")
        return {
            "week": _("the week before"),
            "month": _("the month before"),
            "quarter": _("the quarter before"),
        }[self.kind]


def today_in(timezone: str, *, now: datetime) -> date:
    return now.astimezone(ZoneInfo(timezone)).date()


def between_words(first: date, last: date) -> str:
    """ "16 to 22 November 2026", "28 December 2026 to 3 January 2027", "5 March 2026" """
    if first == last:
        return date_format(last, "j F Y")
    if first.year != last.year:
        start = date_format(first, "j F Y")
    else:
        start = date_format(first, "j" if first.month == last.month else "j F")
    return _("%(first)s to %(last)s") % {"first": start, "last": date_format(last, "j F Y")}


def _default(today: date) -> Span:
    return Span.last_whole(DEFAULT, today=today)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _FIRST <= day < _LAST else None


def _beginning(day: date, kind: str) -> date:
    if kind == "week":
        return day - timedelta(days=day.weekday())
    month = day.month if kind == "month" else 3 * ((day.month - 1) // 3) + 1
    return day.replace(month=month, day=1)


def _next(first: date, kind: str) -> date:
    """The beginning of the span after the one that begins here."""
    length = {"week": 7, "month": 31, "quarter": 93}[kind]
    return _beginning(first + timedelta(days=length), kind)
