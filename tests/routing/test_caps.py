"""Caps: what counts within a window, and when it frees, by the calendar and rolling."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.routing.caps import Caps, day_of, hour_of, month_of, week_of
from apps.routing.decide import choose
from apps.routing.facts import CapWindow, SeatFacts, Skip
from tests.routing.makers import NOON, pool, seat

BERLIN, LORD_HOWE = "Europe/Berlin", "Australia/Lord_Howe"
ZONES = [BERLIN, "America/New_York", LORD_HOWE, "Asia/Kolkata", "America/Sao_Paulo"]
SKIPS = [Skip.CAP_HOUR, Skip.CAP_DAY, Skip.CAP_WEEK, Skip.CAP_MONTH]
LENGTHS = {
    Skip.CAP_HOUR: timedelta(hours=1), Skip.CAP_DAY: timedelta(hours=24),
    Skip.CAP_WEEK: timedelta(days=7), Skip.CAP_MONTH: timedelta(days=30),
}  # fmt: skip


def at(text: str, zone: str = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def skip_of(
    now: datetime,
    window: CapWindow,
    placed: Sequence[datetime],
    zone: str = BERLIN,
    **caps: Any,
) -> tuple[Skip | None, datetime | None]:
    placed_at = tuple(sorted(placed, reverse=True))
    only = pool(seat(1, placed_at=placed_at, **caps), cap_window=window, timezone=zone)
    candidate = choose(only, now=now).candidates[0]
    return candidate.skip, candidate.skip_until


@pytest.mark.parametrize(
    ("cap", "now", "placed", "frees"),
    [
        ("hour", "2026-03-18T12:59", "2026-03-18T12:00", "2026-03-18T13:00"),
        ("day", "2026-03-18T23:59", "2026-03-18T00:00", "2026-03-19T00:00"),
        ("week", "2026-03-22T23:59", "2026-03-16T00:00", "2026-03-23T00:00"),
        ("month", "2026-03-31T23:59", "2026-03-01T00:00", "2026-04-01T00:00"),
        ("month", "2026-12-31T23:59", "2026-12-01T00:00", "2027-01-01T00:00"),
        ("month", "2026-01-31T12:00", "2026-01-30T12:00", "2026-02-01T00:00"),
        # The clock goes forward on 29 March and back on 25 October.
        ("day", "2026-03-29T23:00", "2026-03-29T00:30", "2026-03-30T00:00"),
        ("day", "2026-10-25T23:30", "2026-10-25T00:10", "2026-10-26T00:00"),
        ("week", "2026-03-29T23:00", "2026-03-23T00:00", "2026-03-30T00:00"),
        ("week", "2026-10-25T23:00", "2026-10-19T00:00", "2026-10-26T00:00"),
        ("hour", "2026-03-29T01:30", "2026-03-29T01:00", "2026-03-29T03:00"),
    ],
)
def test_a_calendar_cap_counts_from_the_border_and_frees_at_the_next(
    cap: str, now: str, placed: str, frees: str
) -> None:
    caps: dict[str, Any] = {f"cap_{cap}": 1}
    border = at(placed)

    reached = skip_of(at(now), CapWindow.CALENDAR, [border], **caps)

    assert reached == (Skip(f"cap_{cap}"), at(frees))
    assert skip_of(at(frees), CapWindow.CALENDAR, [border], **caps) == (None, None)


@pytest.mark.parametrize(
    ("cap", "now", "before"),
    [
        ("hour", "2026-03-18T12:00", "2026-03-18T11:59"),
        ("day", "2026-03-18T00:00", "2026-03-17T23:59"),
        ("week", "2026-03-23T00:00", "2026-03-22T23:59"),
        ("month", "2026-04-01T00:00", "2026-03-31T23:59"),
    ],
)
def test_what_was_placed_before_the_border_does_not_count_by_the_calendar(
    cap: str, now: str, before: str
) -> None:
    caps: dict[str, Any] = {f"cap_{cap}": 1}

    assert skip_of(at(now), CapWindow.CALENDAR, [at(before)], **caps) == (None, None)
    assert skip_of(at(now), CapWindow.ROLLING, [at(before)], **caps)[0] == Skip(f"cap_{cap}")


def test_the_repeated_hour_is_two_hours() -> None:
    first, second = at("2026-10-25T02:30"), at("2026-10-25T02:10", fold=1)

    assert skip_of(first, CapWindow.CALENDAR, [first], cap_hour=1) == (
        Skip.CAP_HOUR,
        datetime(2026, 10, 25, 1, 0, tzinfo=UTC),
    )
    assert skip_of(second, CapWindow.CALENDAR, [first], cap_hour=1) == (None, None)


def test_half_an_hour_repeated_ends_the_hour_where_the_clock_changes() -> None:
    # Lord Howe goes back from 02:00 to 01:30 on 5 April, and from 02:00 to 02:30 on 4 October.
    before, after = at("2026-04-05T01:45", LORD_HOWE), at("2026-04-05T01:45", LORD_HOWE, fold=1)
    change = datetime(2026, 4, 4, 15, 0, tzinfo=UTC)
    zone = ZoneInfo(LORD_HOWE)

    assert hour_of(before, zone) == (at("2026-04-05T01:00", LORD_HOWE), change)
    assert hour_of(after, zone) == (change, at("2026-04-05T02:00", LORD_HOWE))
    assert hour_of(at("2026-10-04T02:45", LORD_HOWE), zone) == (
        datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
        at("2026-10-04T03:00", LORD_HOWE),
    )


def test_hours_of_a_zone_with_half_an_hour_begin_on_its_own_clock() -> None:
    now = at("2026-03-18T12:20", "Asia/Kolkata")

    assert skip_of(now, CapWindow.CALENDAR, [now], "Asia/Kolkata", cap_hour=1) == (
        Skip.CAP_HOUR,
        at("2026-03-18T13:00", "Asia/Kolkata"),
    )


def test_a_day_whose_midnight_is_left_out_begins_when_the_clock_changes() -> None:
    # In São Paulo, 4 November 2018 began at 01:00.
    assert day_of(at("2018-11-04T12:00", "America/Sao_Paulo"), ZoneInfo("America/Sao_Paulo")) == (
        datetime(2018, 11, 4, 3, 0, tzinfo=UTC),
        datetime(2018, 11, 5, 2, 0, tzinfo=UTC),
    )


@pytest.mark.parametrize("skip", SKIPS)
def test_a_rolling_cap_counts_the_last_so_long_to_the_second(skip: Skip) -> None:
    caps: dict[str, Any] = {skip.value: 2}
    last = NOON - LENGTHS[skip]
    placed = [NOON - timedelta(minutes=1), last]
    second = timedelta(seconds=1)

    assert skip_of(NOON - second, CapWindow.ROLLING, placed, **caps) == (skip, NOON)
    assert skip_of(NOON, CapWindow.ROLLING, placed, **caps) == (None, None)


@pytest.mark.parametrize("window", list(CapWindow))
@pytest.mark.parametrize("skip", SKIPS)
def test_a_cap_of_none_at_all_never_frees(skip: Skip, window: CapWindow) -> None:
    assert skip_of(NOON, window, [], BERLIN, **{skip.value: 0}) == (skip, None)


def test_the_shortest_cap_that_is_reached_is_told() -> None:
    caps: dict[str, Any] = {skip.value: 1 for skip in SKIPS}

    assert skip_of(NOON, CapWindow.ROLLING, [NOON - timedelta(minutes=5)], **caps)[0] == SKIPS[0]
    assert skip_of(NOON, CapWindow.ROLLING, [NOON - timedelta(hours=5)], **caps)[0] == SKIPS[1]
    assert skip_of(NOON, CapWindow.ROLLING, [NOON - timedelta(days=5)], **caps)[0] == SKIPS[2]
    assert skip_of(NOON, CapWindow.ROLLING, [NOON - timedelta(days=25)], **caps)[0] == SKIPS[3]


def test_a_page_can_ask_how_many_count() -> None:
    hours_ago = tuple(NOON - timedelta(hours=hours) for hours in (1, 5, 11, 13, 30))
    member = seat(1, placed_at=hours_ago)

    assert Caps(NOON, CapWindow.CALENDAR, "UTC").count(member, Skip.CAP_DAY) == 3
    assert Caps(NOON, CapWindow.ROLLING, "UTC").count(member, Skip.CAP_DAY) == 4


moments = st.datetimes(
    datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)  # noqa: DTZ001
)  # fmt: skip
BORDERS = {
    Skip.CAP_HOUR: hour_of, Skip.CAP_DAY: day_of, Skip.CAP_WEEK: week_of, Skip.CAP_MONTH: month_of,
}  # fmt: skip


def naive_key(at: datetime, skip: Skip, zone: str) -> tuple[object, ...]:
    """The hour, day, week or month that a calendar on the wall would show."""
    local = at.astimezone(ZoneInfo(zone))
    match skip:
        case Skip.CAP_HOUR:
            return local.date(), local.hour, local.utcoffset()
        case Skip.CAP_DAY:
            return (local.date(),)
        case Skip.CAP_WEEK:
            return tuple(local.isocalendar()[:2])
    return local.year, local.month


@given(
    moments,
    st.lists(st.integers(0, 40 * 24 * 60), max_size=12),
    st.sampled_from(SKIPS),
    st.sampled_from(ZONES),
    st.sampled_from(list(CapWindow)),
    st.integers(1, 4),
)
def test_caps_agree_with_counting_and_are_free_when_they_say(
    now: datetime, minutes: list[int], skip: Skip, zone: str, window: CapWindow, cap: int
) -> None:
    placed = tuple(sorted((now - timedelta(minutes=m) for m in minutes), reverse=True))
    member: SeatFacts = seat(1, placed_at=placed, **{skip.value: cap})

    def counted(at: datetime) -> int:
        if window is CapWindow.ROLLING:
            return sum(at - LENGTHS[skip] < each for each in placed)
        return sum(naive_key(each, skip, zone) == naive_key(at, skip, zone) for each in placed)

    reached = Caps(now, window, zone).reached(member)

    assert (reached is not None) == (counted(now) >= cap)
    if reached:
        frees = reached[1]
        assert frees is not None
        assert counted(frees - timedelta(microseconds=1)) >= cap > counted(frees)


@given(moments, st.sampled_from(SKIPS), st.sampled_from(ZONES))
def test_windows_follow_each_other_without_a_gap(now: datetime, skip: Skip, zone: str) -> None:
    start, end = BORDERS[skip](now, ZoneInfo(zone))

    assert start <= now < end
    assert BORDERS[skip](end, ZoneInfo(zone))[0] == end
    assert BORDERS[skip](start - timedelta(seconds=1), ZoneInfo(zone))[1] == start
