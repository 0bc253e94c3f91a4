"""How people, clocks and amounts are put into words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.teams import presentation
from apps.teams.presentation import Clock

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def clock(waited: float, allowed: float | None = 300) -> Clock:
    deadline = None if allowed is None else NOON + timedelta(seconds=allowed)
    return Clock(start_at=NOON, deadline_at=deadline, now=NOON + timedelta(seconds=waited))


@pytest.mark.parametrize(
    ("waited", "state"),
    [(0, "calm"), (149, "calm"), (150, "soon"), (239, "soon"), (240, "urgent"), (300, "breached")],
)
def test_a_clock_turns_from_calm_to_breached_as_its_time_is_used(waited: float, state: str) -> None:
    assert clock(waited).state == state


def test_the_ring_shows_the_share_of_time_that_is_left() -> None:
    assert clock(75).arc == 75
    assert clock(400).arc == 0


def test_a_clock_without_a_deadline_stays_calm_and_full() -> None:
    endless = clock(99_999, allowed=None)

    assert (endless.state, endless.arc, endless.left) == ("calm", 100, None)


def test_a_stopped_clock_no_longer_moves() -> None:
    called_at = NOON + timedelta(seconds=102)
    stopped = Clock(NOON, NOON + timedelta(seconds=300), NOON + timedelta(days=3), called_at)

    assert (stopped.waited, stopped.state) == (102, "calm")


def test_a_late_clock_says_by_how_much() -> None:
    assert presentation.words_left(clock(252)) == "0:48 left"
    assert presentation.words_left(clock(380)) == "1:20 late"


@pytest.mark.parametrize(
    ("seconds", "face"),
    [
        (34, "0:34"),
        (252.9, "4:12"),
        (5700, "1 h 35"),
        (79_200, "22 h"),
        (3 * 86_400, "3 d"),
        (-5, "0:00"),
    ],
)
def test_a_clock_face_has_the_unit_that_fits_its_length(seconds: float, face: str) -> None:
    assert presentation.clock_face(seconds) == face


def test_times_are_told_from_now() -> None:
    assert presentation.relative(NOON + timedelta(seconds=20), now=NOON) == "just now"
    assert presentation.relative(NOON - timedelta(minutes=5), now=NOON) == "5 min ago"
    assert presentation.relative(NOON + timedelta(minutes=145), now=NOON) == "in 2 h 25"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Mia Brandt", "MB"), ("Dr. Hannah von Weiss", "DW"), ("ödön", "Ö"), ("", "?"), ("• •", "?")],
)
def test_initials_are_the_ends_of_a_name(name: str, letters: str) -> None:
    assert presentation.initials(name) == letters


def test_an_avatar_keeps_its_colour() -> None:
    colours = {presentation.avatar_colour(f"Member {number}") for number in range(60)}

    assert presentation.avatar_colour("Mia Brandt") == presentation.avatar_colour(" mia brandt ")
    assert colours == {1, 2, 3, 4, 5, 6}


def test_a_phone_number_is_grouped_and_what_is_none_stays() -> None:
    assert presentation.phone("+493012345678") == "+49 30 12345678"
    assert presentation.phone("ask reception") == "ask reception"


def test_money_shows_minor_units_only_when_there_are_some() -> None:
    assert presentation.money(18_000_000, "EUR") == "€180,000"
    assert presentation.money(1_999, "EUR") == "€19.99"
    assert presentation.money(1_999, "CHF") == "CHF 19.99"
    assert presentation.money(500, "JPY") == "¥500"
