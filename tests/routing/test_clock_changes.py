"""Business time through the 24 hours around every change of the clock, minute by minute.

What is right is counted by a second, slow way: each minute of real time is asked what the clock
on the wall shows. A shift begins with the first minute that shows its start or later, and ends
with the last one that shows less than its end; so it is one piece when an hour comes twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

import pytest

from apps.routing.calendar import (
    Schedule,
    add_business,
    business_seconds,
    is_open,
    next_opening,
)

MINUTE = timedelta(minutes=1)
DAY = 24 * 60

# The day on which the clock changes in 2026, and one on which it does not where it never does.
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),  # 02:00 → 03:00
    ("Europe/Berlin", date(2026, 10, 25)),  # 03:00 → 02:00
    ("America/New_York", date(2026, 3, 8)),  # 02:00 → 03:00
    ("America/New_York", date(2026, 11, 1)),  # 02:00 → 01:00
    ("Australia/Lord_Howe", date(2026, 10, 4)),  # 02:00 → 02:30
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # 02:00 → 01:30
    ("Asia/Kolkata", date(2026, 3, 29)),
]
HOURS: dict[str, list[tuple[str, str]]] = {
    "office": [("09:00", "18:00")],
    "split": [("08:30", "12:15"), ("13:00", "17:45")],
    "night": [("22:00", "06:00")],
    "whole day": [("00:00", "00:00")],
    "through the change": [("01:15", "02:45")],
    "from within the change": [("02:10", "07:00")],
    "until within the change": [("20:00", "02:20")],
    "within the change alone": [("02:05", "02:25")],
    "after midnight": [("00:00", "01:40"), ("23:30", "00:00")],
}
OFF = ["none", "the day itself", "the day before"]


def schedule(zone: str, hours: str, day: date, off: str) -> Schedule:
    shifts = tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in HOURS[hours])
    closed = {"none": [], "the day itself": [day], "the day before": [day - timedelta(days=1)]}
    return Schedule(zone, dict.fromkeys(range(7), shifts), frozenset(closed[off]))


@dataclass(frozen=True)
class Around:
    """The minutes of real time around a change, and which of them are open."""

    planned: Schedule
    minutes: list[datetime]
    is_open: list[bool]


@cache
def around(zone: str, day: date, hours: str, off: str) -> Around:
    """From noon on the eve for two days; the shifts of the days before are counted in."""
    planned = schedule(zone, hours, day, off)
    noon = datetime.combine(day - timedelta(days=1), time(12), ZoneInfo(zone)).astimezone(UTC)
    every = [noon + number * MINUTE for number in range(-2 * DAY, 3 * DAY)]
    shown = [at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for at in every]
    opened = [False] * len(every)
    for number in range(-2, 3):
        for first, last in shifts_of(planned, day + timedelta(days=number)):
            begins = next((n for n, at in enumerate(shown) if at >= first), len(shown))
            ends = max((n for n, at in enumerate(shown) if at < last), default=-1)
            opened[begins : ends + 1] = [True] * (ends + 1 - begins)
    return Around(planned, every[2 * DAY : 4 * DAY], opened[2 * DAY : 4 * DAY])


def shifts_of(planned: Schedule, day: date) -> Iterator[tuple[datetime, datetime]]:
    """The shifts that begin on a day, as the clock on the wall shows them."""
    tomorrow = day + timedelta(days=1)
    for opens, closes in planned.weekly[0] if day not in planned.holidays else ():
        begins = datetime.combine(day, opens)
        if opens < closes:
            yield begins, datetime.combine(day, closes)
        else:
            is_cut = tomorrow in planned.holidays
            yield begins, datetime.combine(tomorrow, time(0) if is_cut else closes)


@pytest.fixture(params=[f"{zone} {day}" for zone, day in CHANGES])
def change(request: pytest.FixtureRequest) -> tuple[str, date]:
    zone, day = request.param.split()
    return zone, date.fromisoformat(day)


@pytest.mark.parametrize("off", OFF)
@pytest.mark.parametrize("hours", list(HOURS))
def test_every_minute_around_the_change_is_open_or_closed_as_it_should(
    change: tuple[str, date], hours: str, off: str
) -> None:
    found = around(*change, hours, off)

    opened = [is_open(found.planned, at) for at in found.minutes]

    assert opened == found.is_open


@pytest.mark.parametrize("off", OFF)
@pytest.mark.parametrize("hours", list(HOURS))
def test_business_time_and_deadlines_count_the_open_minutes(
    change: tuple[str, date], hours: str, off: str
) -> None:
    found = around(*change, hours, off)
    planned, minutes = found.planned, found.minutes
    opened = list(accumulate(found.is_open, initial=0))

    for first in range(0, DAY, 47):
        for last in (first + 13, first + 6 * 60 + 1, first + DAY - 1):
            counted = business_seconds(minutes[first], minutes[last], planned)
            assert counted == (opened[last] - opened[first]) * 60, (minutes[first], minutes[last])
        for wanted in (1, 30, 200):
            due = add_business(minutes[first], wanted * 60, [planned])
            reached = (n for n in range(first, len(minutes)) if opened[n] - opened[first] == wanted)
            expected = next(reached, None)
            assert expected is None or due == minutes[expected], (minutes[first], wanted)


@pytest.mark.parametrize("off", OFF)
@pytest.mark.parametrize("hours", list(HOURS))
def test_the_next_opening_is_the_first_open_minute(
    change: tuple[str, date], hours: str, off: str
) -> None:
    found = around(*change, hours, off)

    for first in range(0, DAY, 31):
        ahead = zip(found.minutes[first:], found.is_open[first:], strict=True)
        opens = next((at for at, is_open_then in ahead if is_open_then), None)
        assert opens is None or next_opening(found.planned, found.minutes[first]) == opens


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23), ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23), ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5), ("Asia/Kolkata", date(2026, 3, 29), 24),
    ],
)  # fmt: skip
def test_the_day_of_the_change_is_as_long_as_it_is(zone: str, day: date, length: float) -> None:
    midnights = [
        datetime.combine(day + timedelta(days=n), time(0), ZoneInfo(zone)).astimezone(UTC)
        for n in range(2)
    ]
    whole = schedule(zone, "whole day", day, "none")

    assert business_seconds(midnights[0], midnights[1], whole) == length * 3600
    assert all(
        business_seconds(a, b, whole) == 3600
        for a, b in pairwise(midnights[0] + timedelta(hours=n) for n in range(23))
    )
