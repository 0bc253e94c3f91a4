"""Which days a report covers, and which it compares them with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from apps.agency.reports.spans import Span

TODAY = date(2026, 3, 31)
VIENNA = ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize(
    ("asked", "first", "last", "before", "words"),
    [
        ({}, "2026-02-01", "2026-02-28", "2026-01-01", "February 2026"),
        ({"kind": "month", "day": "2026-01-17"}, "2026-01-01", "2026-01-31", "2025-12-01",
         "January 2026"),
        ({"kind": "week"}, "2026-03-23", "2026-03-29", "2026-03-16", "23 to 29 March 2026"),
        ({"kind": "week", "day": "2026-01-01"}, "2025-12-29", "2026-01-04", "2025-12-22",
         "29 December 2025 to 4 January 2026"),
        ({"kind": "quarter"}, "2025-10-01", "2025-12-31", "2025-07-01", "Quarter 4 of 2025"),
        ({"kind": "days", "from": "2026-03-02", "to": "2026-03-04"}, "2026-03-02", "2026-03-04",
         "2026-02-27", "2 to 4 March 2026"),
        ({"kind": "days", "from": "2026-03-04", "to": "2026-03-04"}, "2026-03-04", "2026-03-04",
         "2026-03-03", "4 March 2026"),
    ],
)  # fmt: skip
def test_an_address_says_which_days(
    asked: dict[str, str], first: str, last: str, before: str, words: str
) -> None:
    span = Span.read(asked, today=TODAY)

    assert [str(span.first), str(span.last), str(span.before)] == [first, last, before]
    assert span.words == words
    again = dict(part.split("=") for part in span.query.split("&"))
    assert Span.read(again, today=TODAY) == span


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "year"},
        {"kind": "\x00"},
        {"kind": "days", "from": "2026-03-04", "to": "2026-03-01"},
        {"kind": "days", "from": "0001-01-01", "to": "9999-12-31"},
        {"kind": "days", "from": "2024-01-01", "to": "2026-01-01"},
        {"kind": "days", "from": "2026-03-01", "to": "2026-04-01"},
        {"kind": "days", "from": "x" * 9999, "to": "٢٠٢٦-٠١-٠١"},
        {"kind": "month", "day": "2026-13-01"},
        {"kind": "month", "day": "9999-12-31"},
        {"kind": "month", "day": "0001-01-01"},
    ],
    ids=range(10),
)
def test_what_is_no_span_is_the_last_month(asked: dict[str, str]) -> None:
    assert Span.read(asked, today=TODAY) == Span.around(date(2026, 2, 3), "month")


def test_a_month_over_the_change_of_clocks_has_all_its_hours() -> None:
    span = Span.around(date(2026, 3, 5), "month")
    period = span.period(timezone="Europe/Vienna", now=datetime(2026, 5, 1, tzinfo=UTC))

    assert period.start == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert period.end == datetime(2026, 3, 31, 21, 59, 59, 999999, tzinfo=UTC)
    assert period.previous_start == datetime(2026, 1, 31, 23, tzinfo=UTC)
    assert period.previous_end == period.start
    assert len(period.days) == 31


def test_a_month_that_runs_is_compared_with_as_much_of_the_one_before() -> None:
    now = datetime(2026, 3, 10, 14, 30, tzinfo=VIENNA)
    period = Span.around(now.date(), "month").period(timezone="Europe/Vienna", now=now)

    assert (period.end, period.last_day) == (now, now.date())
    assert period.previous_end == datetime(2026, 2, 10, 14, 30, tzinfo=VIENNA)


def test_the_last_days_of_a_long_month_are_compared_with_all_of_a_short_one() -> None:
    now = datetime(2026, 3, 31, 14, 30, tzinfo=VIENNA)
    period = Span.around(now.date(), "month").period(timezone="Europe/Vienna", now=now)

    assert period.previous_end == period.start


def test_one_steps_from_span_to_span_until_today() -> None:
    span = Span.around(date(2026, 1, 5), "quarter")

    assert span.earlier() == Span.around(date(2025, 11, 1), "quarter")
    assert span.earlier().later(today=TODAY) == span
    assert span.later(today=TODAY) is None
    days = Span.between(date(2026, 3, 20), date(2026, 3, 29))
    assert days.later(today=TODAY) == Span.between(date(2026, 3, 30), TODAY)
