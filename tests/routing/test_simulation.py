"""Simulations: the same choices as live, the same luck for the same seed, nothing forgotten."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.routing import calendar
from apps.routing.calendar import Schedule
from apps.routing.facts import Absent, CapWindow, Mode, Ranking
from apps.routing.simulation import (
    Behaviour,
    Chance,
    Spread,
)
from apps.routing.simulation.chance import Draw
from apps.routing.simulation.hours import Hours
from tests.routing.makers import NOON, seat, seats
from tests.routing.worlds import (
    Stage,
    arrivals,
    at,
    owners,
    plan,
)

OFFICE = Schedule("Europe/Berlin", {day: ((time(9), time(18)),) for day in range(5)})
LATE = Schedule(
    "America/New_York",
    {day: ((time(14), time(2)),) for day in range(7)},
    frozenset({date(2026, 4, 3)}),
)
NEVER = Schedule("UTC", {})
DAY = 86_400.0


# Turns


def test_turns_go_round() -> None:
    assert owners(Stage([plan(*seats(1, 1, 1))]).world(), arrivals(6)) == [1, 2, 3, 1, 2, 3]


def test_weights_decide_the_share() -> None:
    got = owners(Stage([plan(*seats(3, 1))]).world(), arrivals(8))

    assert (got.count(1), got.count(2)) == (6, 2)


def test_nobody_is_a_turn_away_from_what_is_due() -> None:
    world = Stage([plan(*seats(1, 1, 1, 1, 1))]).world()
    owners(world, arrivals(503))

    gaps = world.finish().gaps()

    assert all(abs(gap) < 1 for gap in gaps.values())
    assert sum(gaps.values()) == pytest.approx(0, abs=1e-6)


def test_what_is_due_is_shared_out_to_the_last_nano_turn() -> None:
    world = Stage([plan(*seats(5, 3, 1))]).world()
    owners(world, arrivals(100))

    figures = world.finish().seats

    assert sum(each.due for each in figures) == 100 * 10**9
    assert sum(each.received for each in figures) == 100


# The shorter way is the live way


@st.composite
def pools(draw: Any) -> Any:
    """A pool of any kind that the shorter way takes, with members who come and go."""
    caps = st.one_of(st.none(), st.integers(1, 4))
    seated = [
        seat(
            number,
            weight=draw(st.integers(1, 5)),
            capacity=draw(st.one_of(st.none(), st.integers(1, 6))),
            seat_capacity=draw(st.one_of(st.none(), st.integers(1, 6))),
            cap_hour=draw(caps),
            cap_day=draw(caps),
            skills={"solar": draw(st.integers(0, 3))},
            is_paused=draw(st.booleans()),
            paused_until=draw(st.sampled_from([at(1_000), at(20_000)])),
            schedule=draw(st.sampled_from([None, OFFICE, LATE])),
            time_off=draw(st.sampled_from([(), ((at(500), at(9_000)),)])),
        )
        for number in range(1, draw(st.integers(1, 7)) + 1)
    ]
    mode = draw(st.sampled_from([Mode.ASSIGN, Mode.OFFER, Mode.CLAIM, Mode.HOPPER]))
    chosen = [Ranking.TURN, Ranking.LOAD, Ranking.FIXED]
    prefer = draw(st.lists(st.sampled_from(chosen), max_size=2)) if not mode.is_open else []
    skill = {"match": "all", "items": [{"kind": "skill", "skill": "Solar", "level": 1}]}
    return plan(
        *seated,
        mode=mode,
        ranking=Ranking.NONE if mode.is_open else draw(st.sampled_from(chosen)),
        prefer=tuple(prefer),
        filters=draw(st.sampled_from([{}, skill])),
        schedule=draw(st.sampled_from([None, OFFICE])),
        respects_hours=draw(st.booleans()),
        timezone="Europe/Berlin",
        cap_window=draw(st.sampled_from(list(CapWindow))),
        absent=draw(st.sampled_from(list(Absent))),
        empty_policy=draw(st.sampled_from(["hold", "overflow", "next_rule"])),
        response_seconds=draw(st.sampled_from([None, 120])),
        max_unworked=draw(st.sampled_from([None, 2])),
        load_kinds=draw(st.sampled_from([frozenset(), frozenset({"new"}), frozenset({"working"})])),
        behaviour=Behaviour(closes_after=Spread((600.0, 7_200.0)), closes=0.7),
    )


@settings(max_examples=60, deadline=None)
@given(pools(), st.integers(0, 2**32), st.sampled_from([30.0, 600.0, 4_000.0]))
def test_the_shorter_way_chooses_as_the_live_one(tried: Any, seed: int, every: float) -> None:
    stage = Stage([tried], settings={"response_seconds": 900})
    leads = arrivals(25, every)
    short, live = stage.world(seed), stage.world(seed, traced=range(100))

    got, expected = owners(short, leads), owners(live, leads)

    assert got == expected
    assert [each.end for each in short.results] == [each.end for each in live.results]
    assert [each.waited for each in short.results] == [each.waited for each in live.results]
    one, other = short.finish(), live.finish()
    assert one.gaps() == pytest.approx(other.gaps())
    assert [each.skips for each in one.seats] == [each.skips for each in other.seats]
    assert [each.capped for each in one.pools] == [each.capped for each in other.pools]


# Chance


def test_chance_answers_the_same_question_alike() -> None:
    one, other = Chance(42), Chance(42)
    other.of(9, 9, Draw.CLOSES)  # asked in between: it changes nothing

    assert one.of(1, 0, Draw.ACCEPTS) == other.of(1, 0, Draw.ACCEPTS)
    assert one.of(1, 0, Draw.ACCEPTS) != Chance(43).of(1, 0, Draw.ACCEPTS)


def test_chance_is_even() -> None:
    drawn = [Chance(1).of(number, 0, Draw.ACCEPTS) for number in range(4_000)]

    assert all(0 <= each < 1 for each in drawn)
    assert sum(each < 0.62 for each in drawn) / len(drawn) == pytest.approx(0.62, abs=0.03)


def test_the_same_seed_gives_the_same_run_and_another_one_another() -> None:
    unsure = Behaviour(accepts=0.5, declines=0.2)
    stage = Stage([plan(*seats(1, 1, 1), mode=Mode.OFFER, behaviour=unsure)])

    first, again, other = (owners(stage.world(seed), arrivals(60)) for seed in (5, 5, 6))

    assert first == again
    assert first != other


# Hours, worked out beforehand


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 40 * 86_400),
    st.integers(1, 30 * 86_400),
    st.sampled_from([(OFFICE,), (OFFICE, LATE), (LATE, None), (NEVER,), (NEVER, OFFICE), (None,)]),
)
def test_hours_agree_with_the_calendar(after: int, seconds: int, schedules: Any) -> None:
    hours, now = Hours(NOON, at(30 * DAY)), at(after)

    assert hours.add(now, seconds, schedules) == calendar.add_business(now, seconds, schedules)
    if after < 30 * DAY:
        for each in schedules:
            assert hours.is_open(each, now) == calendar.is_open(each, now)
