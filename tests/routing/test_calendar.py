"""Business time: shifts, nights, holidays, clock changes, and hours in common."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.routing.calendar import (
    ALWAYS_OPEN,
    Schedule,
    add_business,
    business_seconds,
    is_open,
    next_common_opening,
    next_opening,
)

HOUR = 3600
WEEKDAYS = {str(day): [["09:00", "18:00"]] for day in range(5)}
BERLIN = Schedule.from_json(WEEKDAYS, "Europe/Berlin")
NIGHTS = Schedule.from_json({str(day): [["22:00", "06:00"]] for day in range(7)}, "Europe/Berlin")
WHOLE_WEEK = Schedule.from_json(
    {str(day): [["00:00", "24:00"]] for day in range(7)}, "Europe/Berlin"
)
CLOSED = Schedule("UTC", {})


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"), fold=fold)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-18T08:59:59", False),
        ("2026-03-18T09:00", True),
        ("2026-03-18T17:59:59", True),
        ("2026-03-18T18:00", False),
        ("2026-03-21T12:00", False),
    ],
)
def test_hours_include_their_opening_and_not_their_closing(at: str, expected: bool) -> None:
    assert is_open(BERLIN, berlin(at)) is expected


def test_no_schedule_is_always_open() -> None:
    assert is_open(ALWAYS_OPEN, berlin("2026-03-22T03:00"))
    assert next_opening(ALWAYS_OPEN, berlin("2026-03-22T03:00")) == berlin("2026-03-22T03:00")


def test_a_night_shift_runs_into_the_next_morning() -> None:
    assert is_open(NIGHTS, berlin("2026-03-18T23:30"))
    assert is_open(NIGHTS, berlin("2026-03-19T05:59"))
    assert not is_open(NIGHTS, berlin("2026-03-19T06:00"))
    assert (
        business_seconds(berlin("2026-03-18T12:00"), berlin("2026-03-19T12:00"), NIGHTS) == 8 * HOUR
    )


def test_the_last_night_of_the_week_runs_into_monday() -> None:
    sundays = Schedule.from_json({"6": [["22:00", "06:00"]]}, "Europe/Berlin")

    assert is_open(sundays, berlin("2026-03-23T05:00"))


def test_whole_days_join_without_a_gap() -> None:
    assert (
        business_seconds(berlin("2026-03-16T00:00"), berlin("2026-03-23T00:00"), WHOLE_WEEK)
        == 7 * 24 * HOUR
    )
    assert is_open(WHOLE_WEEK, berlin("2026-03-18T00:00"))


def test_a_holiday_is_closed_from_midnight_to_midnight() -> None:
    christmas = Schedule(NIGHTS.timezone, NIGHTS.weekly, frozenset({date(2026, 12, 25)}))

    assert is_open(christmas, berlin("2026-12-24T23:59"))
    assert not is_open(christmas, berlin("2026-12-25T00:00"))
    assert not is_open(christmas, berlin("2026-12-25T23:00"))
    assert not is_open(christmas, berlin("2026-12-26T03:00"))
    assert is_open(christmas, berlin("2026-12-26T22:00"))


def test_the_next_opening_skips_weekend_and_holiday() -> None:
    easter = Schedule(
        BERLIN.timezone, BERLIN.weekly, frozenset({date(2026, 4, 3), date(2026, 4, 6)})
    )

    assert next_opening(easter, berlin("2026-04-02T18:00")) == berlin("2026-04-07T09:00")


def test_the_next_opening_while_open_is_now() -> None:
    assert next_opening(BERLIN, berlin("2026-03-18T10:30")) == berlin("2026-03-18T10:30")


def test_hours_that_never_open_have_no_next_opening() -> None:
    assert next_opening(CLOSED, berlin("2026-03-18T10:30")) is None


def test_spring_forward_shortens_the_night_shift_by_the_lost_hour() -> None:
    start, end = berlin("2026-03-28T22:00"), berlin("2026-03-29T06:00")

    assert business_seconds(start, end, NIGHTS) == 7 * HOUR


def test_fall_back_lengthens_the_night_shift_by_the_repeated_hour() -> None:
    start, end = berlin("2026-10-24T22:00"), berlin("2026-10-25T06:00")

    assert business_seconds(start, end, NIGHTS) == 9 * HOUR


def test_a_shift_within_the_lost_hour_lasts_no_time() -> None:
    lost = Schedule.from_json({"6": [["02:10", "02:50"]]}, "Europe/Berlin")
    day = berlin("2026-03-29T00:00")

    assert business_seconds(day, day + timedelta(days=1), lost) == 0


def test_a_shift_that_begins_in_the_lost_hour_begins_at_the_change() -> None:
    early = Schedule.from_json({"6": [["02:30", "05:00"]]}, "Europe/Berlin")

    assert next_opening(early, berlin("2026-03-29T00:00")) == datetime(
        2026, 3, 29, 1, 0, tzinfo=UTC
    )


def test_a_shift_over_the_repeated_hour_holds_it_twice() -> None:
    early = Schedule.from_json({"6": [["02:00", "03:00"]]}, "Europe/Berlin")

    assert is_open(early, berlin("2026-10-25T02:30", fold=0))
    assert is_open(early, berlin("2026-10-25T02:30", fold=1))
    assert (
        business_seconds(berlin("2026-10-25T00:00"), berlin("2026-10-25T12:00"), early) == 2 * HOUR
    )


def test_a_shift_that_ends_in_the_repeated_hour_ends_the_second_time() -> None:
    late = Schedule.from_json({"5": [["22:00", "02:30"]]}, "Europe/Berlin")
    day = berlin("2026-10-24T12:00")

    assert business_seconds(day, day + timedelta(days=1), late) == 5.5 * HOUR


def test_nine_to_five_is_nine_to_five_on_both_sides_of_a_clock_change() -> None:
    assert next_opening(BERLIN, berlin("2026-03-27T20:00")) == datetime(
        2026, 3, 30, 7, 0, tzinfo=UTC
    )
    assert next_opening(BERLIN, berlin("2026-03-26T20:00")) == datetime(
        2026, 3, 27, 8, 0, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("start", "seconds", "deadline"),
    [
        ("2026-03-18T10:00", 300, "2026-03-18T10:05"),
        ("2026-03-18T17:58", 300, "2026-03-19T09:03"),
        ("2026-03-18T17:55", 300, "2026-03-18T18:00"),
        ("2026-03-18T22:00", 300, "2026-03-19T09:05"),
        ("2026-03-20T17:59", 120, "2026-03-23T09:01"),
        ("2026-03-18T09:00", 10 * HOUR, "2026-03-19T10:00"),
        ("2026-03-18T22:00", 0, "2026-03-19T09:00"),
    ],
)
def test_a_deadline_counts_open_hours_only(start: str, seconds: int, deadline: str) -> None:
    assert add_business(berlin(start), seconds, [BERLIN]) == berlin(deadline)


def test_without_hours_a_deadline_counts_the_clock() -> None:
    start = berlin("2026-03-28T23:00")

    assert add_business(start, 8 * HOUR, [ALWAYS_OPEN, ALWAYS_OPEN]) == start.astimezone(
        UTC
    ) + timedelta(hours=8)
    assert add_business(start, 60, []) == start.astimezone(UTC) + timedelta(seconds=60)


def test_a_deadline_counts_the_hours_that_pool_and_member_share() -> None:
    afternoons = Schedule.from_json(
        {str(day): [["14:00", "22:00"]] for day in range(5)}, "Europe/Berlin"
    )

    assert add_business(berlin("2026-03-18T10:00"), 300, [BERLIN, afternoons]) == berlin(
        "2026-03-18T14:05"
    )
    assert add_business(berlin("2026-03-18T17:59"), 120, [BERLIN, afternoons]) == berlin(
        "2026-03-19T14:01"
    )


def test_hours_in_common_hold_across_time_zones() -> None:
    new_york = Schedule.from_json(WEEKDAYS, "America/New_York")

    assert next_common_opening([BERLIN, new_york], berlin("2026-01-14T08:00")) == berlin(
        "2026-01-14T15:00"
    )
    assert add_business(berlin("2026-01-14T08:00"), 4 * HOUR, [BERLIN, new_york]) == berlin(
        "2026-01-15T16:00"
    )


@pytest.mark.parametrize("days_off", [8, 300])
def test_without_hours_in_common_for_a_week_the_pools_hours_count(days_off: int) -> None:
    holidays = frozenset(date(2026, 3, 18) + timedelta(days=day) for day in range(days_off))
    on_leave = Schedule(BERLIN.timezone, BERLIN.weekly, holidays)
    late = berlin("2026-03-18T17:59")

    assert add_business(late, 300, [BERLIN, on_leave]) == berlin("2026-03-19T09:04")
    assert add_business(late, 300, [BERLIN, CLOSED]) == berlin("2026-03-19T09:04")
    assert add_business(late, 300, [ALWAYS_OPEN, CLOSED]) == berlin("2026-03-18T18:04")


def test_hours_in_common_within_a_week_still_count() -> None:
    thursdays = Schedule.from_json({"3": [["09:00", "10:00"]]}, "Europe/Berlin")

    assert add_business(berlin("2026-03-19T10:00"), 60, [BERLIN, thursdays]) == berlin(
        "2026-03-26T09:01"
    )


def test_hours_that_never_open_fall_back_to_the_clock() -> None:
    assert add_business(berlin("2026-03-18T10:00"), 300, [CLOSED]) == berlin("2026-03-18T10:05")


def test_overlapping_shifts_are_counted_once() -> None:
    doubled = Schedule.from_json(
        {"2": [["09:00", "12:00"], ["11:00", "13:00"], ["09:30", "10:00"]]}, "UTC"
    )
    day = datetime(2026, 3, 18, tzinfo=UTC)

    assert business_seconds(day, day + timedelta(days=1), doubled) == 4 * HOUR


def test_time_that_runs_backwards_is_no_time() -> None:
    assert business_seconds(berlin("2026-03-18T12:00"), berlin("2026-03-18T11:00"), BERLIN) == 0
    assert (
        business_seconds(berlin("2026-03-18T12:00"), berlin("2026-03-18T11:00"), ALWAYS_OPEN) == 0
    )


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="pass an aware datetime"):
        is_open(BERLIN, datetime(2026, 3, 18, 12, 0))  # noqa: DTZ001


def test_weekly_hours_survive_json() -> None:
    stored = {"0": [["09:00", "12:00"], ["13:00", "24:00"]], "6": [["22:00", "06:00"]]}

    assert Schedule.from_json(stored, "Europe/Berlin").to_json() == stored
    assert Schedule.from_json({"5": []}).to_json() == {}


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ([], "expected hours by weekday"),
        ({"7": []}, "'7' is no weekday; use 0 for Monday to 6 for Sunday"),
        ({"0": "09:00"}, "0: expected a list of shifts"),
        ({"0": [["09:00"]]}, r"0\[0\]: expected a start and an end"),
        (
            {"0": [["09:00", "12:00"], ["nine", "18:00"]]},
            r"0\[1\]: expected a time such as 09:00, got 'nine'",
        ),
        ({"0": [["24:00", "06:00"]]}, r"0\[0\]: expected a time such as 09:00, got '24:00'"),
        ({"0": [["09:00+01:00", "18:00"]]}, r"0\[0\]: expected a time"),
        ({"0": [[None, {}]]}, r"0\[0\]: expected a time"),
    ],
)
def test_hours_that_cannot_be_read_say_where_and_what_would_be_right(
    stored: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Schedule.from_json(stored)


@pytest.mark.parametrize("name", ["Berlin", "", "../etc/passwd"])
def test_an_unknown_time_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="use a name such as Europe/Berlin"):
        Schedule.from_json(WEEKDAYS, name)


hours = st.integers(0, 23).map(time)
weeks = st.dictionaries(
    st.integers(0, 6), st.lists(st.tuples(hours, hours), max_size=3).map(tuple), min_size=1
)
zones = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]
)
schedules = st.builds(
    Schedule,
    zones,
    weeks,
    st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=9),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(timezone.utc))  # noqa: DTZ001, UP017


@given(schedules, moments, st.integers(0, 40 * HOUR))
def test_a_deadline_lies_exactly_its_business_time_ahead(
    schedule: Schedule, start: datetime, seconds: int
) -> None:
    deadline = add_business(start, seconds, [schedule])

    if next_opening(schedule, start) is not None and deadline - start < timedelta(days=399):
        assert business_seconds(start, deadline, schedule) == seconds


@given(schedules, moments)
def test_business_time_agrees_with_asking_every_quarter_of_an_hour(
    schedule: Schedule, start: datetime
) -> None:
    start = start.replace(minute=0, second=0, microsecond=0)
    quarters = [start + timedelta(minutes=15 * number) for number in range(4 * 24 * 4)]

    open_quarters = sum(is_open(schedule, at) for at in quarters)

    assert business_seconds(start, start + timedelta(days=4), schedule) == open_quarters * 900


@given(schedules, schedules, moments)
def test_the_next_common_opening_is_open_for_both_and_none_is_earlier(
    one: Schedule, other: Schedule, at: datetime
) -> None:
    opening = next_common_opening([one, other], at)

    probe = at
    while probe < (opening or at + timedelta(days=10)) and probe < at + timedelta(days=10):
        assert not (is_open(one, probe) and is_open(other, probe))
        probe += timedelta(minutes=29)
    if opening is not None:
        assert is_open(one, opening)
        assert is_open(other, opening)
