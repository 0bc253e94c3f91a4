"""Caps: how many leads a seat takes within an hour, a day, a week and a month."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.routing import calendar
from apps.routing.facts import CapWindow, SeatFacts, Skip

Window = tuple[datetime, datetime]

HOUR = timedelta(hours=1)
ROLLING = {
    Skip.CAP_HOUR: HOUR,
    Skip.CAP_DAY: timedelta(days=1),
    Skip.CAP_WEEK: timedelta(days=7),
    Skip.CAP_MONTH: timedelta(days=30),
}


class Caps:
    """A pool's caps at one moment; what they count is worked out once, when it is needed."""

    def __init__(self, now: datetime, window: CapWindow, timezone: str) -> None:
        self._now = now
        self._is_rolling = window == CapWindow.ROLLING
        self._timezone = timezone
        self._windows: dict[Skip, Window] = {}

    def reached(self, seat: SeatFacts) -> tuple[Skip, datetime | None, int] | None:
        """The first cap that a seat has reached, when it frees, and how many it allows."""
        for skip, cap in (
            (Skip.CAP_HOUR, seat.cap_hour),
            (Skip.CAP_DAY, seat.cap_day),
            (Skip.CAP_WEEK, seat.cap_week),
            (Skip.CAP_MONTH, seat.cap_month),
        ):
            if cap is not None and self.has_reached(seat, skip, cap):
                return skip, self._frees(seat, skip, cap), cap
        return None

    def has_reached(self, seat: SeatFacts, skip: Skip, cap: int) -> bool:
        """Whether at least `cap` leads were placed within the cap's window."""
        if cap <= 0:
            return True
        if len(seat.placed_at) < cap:
            return False
        counts_from = self._window(skip)[0]
        last = seat.placed_at[cap - 1]
        return last > counts_from if self._is_rolling else last >= counts_from

    def count(self, seat: SeatFacts, skip: Skip) -> int:
        """How many leads were placed within a cap's window, as far as is known."""
        return sum(self.has_reached(seat, skip, n + 1) for n in range(len(seat.placed_at)))

    def _frees(self, seat: SeatFacts, skip: Skip, cap: int) -> datetime | None:
        """When the cap is open again; a cap of 0 never is."""
        if cap <= 0:
            return None
        return (
            seat.placed_at[cap - 1] + ROLLING[skip] if self._is_rolling else self._window(skip)[1]
        )

    def _window(self, skip: Skip) -> Window:
        window = self._windows.get(skip)
        if window is None:
            if self._is_rolling:
                window = self._now - ROLLING[skip], self._now
            else:
                window = CALENDAR[skip](self._now, ZoneInfo(self._timezone))
            self._windows[skip] = window
        return window


def hour_of(now: datetime, zone: ZoneInfo) -> Window:
    """The hour that the clock shows; a change of the clock ends it and begins another."""
    local = now.astimezone(zone)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    moment = now.astimezone(UTC)
    start, end = moment - past, moment - past + HOUR
    offset = local.utcoffset()
    if start.astimezone(zone).utcoffset() != offset:
        start = calendar.change_between(start, moment, zone)
    if end.astimezone(zone).utcoffset() != offset:
        end = calendar.change_between(moment, end, zone)
    return start, end


def day_of(now: datetime, zone: ZoneInfo) -> Window:
    """From local midnight to the next."""
    today = now.astimezone(zone).date()
    return _midnight(today, zone), _midnight(today + timedelta(days=1), zone)


def week_of(now: datetime, zone: ZoneInfo) -> Window:
    """From Monday to Monday."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    return _midnight(monday, zone), _midnight(monday + timedelta(days=7), zone)


def month_of(now: datetime, zone: ZoneInfo) -> Window:
    """From the 1st to the next month's."""
    first = now.astimezone(zone).date().replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return _midnight(first, zone), _midnight(following, zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return calendar.moment_of(day, calendar.MIDNIGHT, zone)


CALENDAR: dict[Skip, Callable[[datetime, ZoneInfo], Window]] = {
    Skip.CAP_HOUR: hour_of,
    Skip.CAP_DAY: day_of,
    Skip.CAP_WEEK: week_of,
    Skip.CAP_MONTH: month_of,
}
