"""Who gets the lead, and why the others do not."""

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from apps.routing.calendar import Schedule
from apps.routing.credit import NANO
from apps.routing.decide import Choice, choose
from apps.routing.facts import Mode, Ranking, Skip
from tests.routing.makers import NOON, after, lead, pool, seat, seats, uuid

MORNINGS = Schedule("UTC", {day: ((time(8), time(11)),) for day in range(7)})
AFTERNOONS = Schedule("UTC", {day: ((time(14), time(18)),) for day in range(7)})
LATER = NOON + timedelta(hours=3)
EVERY_KIND = (
    {"kind": "skill", "skill": "Solar", "level": 3},
    {"kind": "territory"},
    {"kind": "language"},
    {"kind": "experience", "field": "employees", "steps": [[0, 0], [500, 5]]},
)
GERMAN = lead({"country": "DE", "language": "de", "employees": 640})


def reasons(choice: Choice) -> dict[int, Skip | None]:
    """Skip reasons by the seat's position."""
    return {each.seat.int: each.skip for each in choice.candidates}


def until(choice: Choice, position: int) -> datetime | None:
    return next(each.skip_until for each in choice.candidates if each.seat.int == position)


@pytest.mark.parametrize(
    ("facts", "skip"),
    [
        ({"is_active": False}, Skip.INACTIVE),
        ({"is_paused": True}, Skip.PAUSED),
        ({"is_paused": True, "paused_until": LATER}, Skip.PAUSED),
        ({"time_off": ((NOON - timedelta(1), LATER),)}, Skip.AWAY),
        ({"schedule": MORNINGS}, Skip.OUTSIDE_HOURS),
        ({"capacity": 3, "open_leads": 3}, Skip.CAPACITY),
        ({"cap_day": 5, "placed_at": (NOON,) * 5}, Skip.CAP_DAY),
        ({"seat_capacity": 3, "load": 3}, Skip.POOL_CAPACITY),
        ({"may_work": False}, Skip.NOT_PERMITTED),
    ],
)
def test_a_member_who_cannot_take_it_is_skipped_with_the_reason(
    facts: dict[str, Any], skip: Skip
) -> None:
    choice = choose(pool(seat(1, **facts), seat(2), respects_hours=True), now=NOON)

    assert reasons(choice) == {1: skip, 2: None}
    assert choice.winner is not None
    assert choice.winner.position == 2


@pytest.mark.parametrize(
    "facts",
    [
        {"is_paused": True, "paused_until": NOON},
        {"paused_until": LATER},
        {"time_off": ((LATER, LATER + timedelta(1)), (NOON - timedelta(1), NOON))},
        {"capacity": 3, "open_leads": 2},
        {"cap_day": 5, "placed_at": (NOON,) * 4},
        {"schedule": Schedule("UTC", {2: ((time(12), time(13)),)})},
    ],
)
def test_a_member_just_inside_every_limit_is_eligible(facts: dict[str, Any]) -> None:
    assert reasons(choose(pool(seat(1, **facts), respects_hours=True), now=NOON)) == {1: None}


def test_tried_declined_and_full_members_are_skipped() -> None:
    choice = choose(
        pool(*seats(1, 1, 1, 1)),
        now=NOON,
        tried=frozenset({uuid(101)}),
        declined=frozenset({uuid(102)}),
        excluded=frozenset({uuid(103)}),
    )

    assert reasons(choice) == {1: Skip.TRIED, 2: Skip.DECLINED, 3: Skip.FULL, 4: None}


def test_of_several_reasons_the_first_in_the_fixed_order_is_told() -> None:
    day_off = Schedule("UTC", {day: ((time(8), time(18)),) for day in range(7)})
    held_back = seat(
        1, is_active=False, may_work=False, is_paused=True, time_off=((NOON, LATER),),
        schedule=replace(day_off, holidays=frozenset({NOON.date()})), capacity=0, seat_capacity=0,
        cap_hour=0, cap_day=0, cap_week=0, cap_month=0,
    )  # fmt: skip
    remedies: list[dict[str, Any]] = [
        {"is_active": True}, {"may_work": True}, {"is_paused": False}, {"time_off": ()},
        {"schedule": MORNINGS}, {"schedule": None}, {"skills": {"solar": 3}},
        {"territories": ({"countries": ("de",)},)}, {"languages": {"german": 1}}, {"years": 5},
        {"capacity": None}, {"seat_capacity": None}, {"cap_hour": None}, {"cap_day": None},
        {"cap_week": None}, {"cap_month": None},
    ]  # fmt: skip
    asked = pool(seat(1), respects_hours=True, filters={"items": EVERY_KIND})
    barred: dict[str, Any] = {key: {uuid(101)} for key in ("tried", "declined", "excluded")}
    told = []

    steps: list[Any] = [*remedies, *barred, {}]
    for remedy in steps:
        choice = choose(replace(asked, seats=(held_back,)), now=NOON, lead=GERMAN, **barred)
        told.append(choice.candidates[0].skip)
        if isinstance(remedy, str):
            del barred[remedy]
        else:
            held_back = replace(held_back, **remedy)

    assert told == [*Skip, None]


def test_a_skip_says_until_when() -> None:
    choice = choose(
        pool(
            seat(1, is_paused=True, paused_until=LATER),
            seat(2, time_off=((NOON, LATER), (NOON, LATER + timedelta(days=1)))),
            seat(3, schedule=MORNINGS),
            respects_hours=True,
        ),
        now=NOON,
    )

    assert until(choice, 1) == LATER
    assert until(choice, 2) == LATER + timedelta(days=1)
    assert until(choice, 3) == NOON.replace(day=19, hour=8)


@pytest.mark.parametrize("of", ["pool", "member"])
def test_a_holiday_is_told_apart_from_being_outside_hours(of: str) -> None:
    days = {day: ((time(8), time(18)),) for day in range(7)}
    off = Schedule("UTC", days, frozenset({NOON.date()}))
    member = seat(1, schedule=off if of == "member" else None)
    asked = pool(member, schedule=off if of == "pool" else None, respects_hours=True)
    late = NOON.replace(hour=20)

    choice = choose(asked, now=NOON)

    assert reasons(choice) == {1: Skip.HOLIDAY}
    assert until(choice, 1) == NOON.replace(day=19, hour=8)
    assert reasons(choose(asked, now=late)) == {1: Skip.OUTSIDE_HOURS}
    assert reasons(choose(replace(asked, respects_hours=False), now=NOON)) == {1: None}


def test_hours_are_those_of_pool_and_member_together() -> None:
    members = (seat(1), seat(2, schedule=AFTERNOONS))

    choice = choose(pool(*members, schedule=AFTERNOONS, respects_hours=True), now=NOON)

    assert choice.winner is None
    assert reasons(choice) == {1: Skip.OUTSIDE_HOURS, 2: Skip.OUTSIDE_HOURS}
    assert until(choice, 2) == NOON.replace(hour=14)


def test_a_pool_that_does_not_respect_hours_assigns_at_night() -> None:
    choice = choose(pool(seat(1, schedule=MORNINGS), schedule=MORNINGS), now=NOON)

    assert choice.winner is not None


def test_an_empty_pool_has_no_winner_and_charges_nobody() -> None:
    choice = choose(pool(turn_no=7), now=NOON)

    assert (choice.winner, choice.eligible, choice.deltas, choice.turn_no) == (None, (), {}, None)


def test_a_turn_counts_and_charges_the_eligible_alone() -> None:
    choice = choose(pool(*seats(1, 1), seat(3, is_paused=True), turn_no=41), now=NOON)

    assert choice.turn_no == 42
    assert choice.deltas == {uuid(1): -NANO // 2, uuid(2): NANO // 2}


@pytest.mark.parametrize("ranking", [Ranking.LOAD, Ranking.FIXED, Ranking.NONE])
def test_other_rankings_charge_no_turn(ranking: Ranking) -> None:
    choice = choose(pool(*seats(1, 1), ranking=ranking), now=NOON)

    assert choice.deltas == {}
    assert choice.turn_no == 1


def test_whoever_is_owed_most_is_next() -> None:
    choice = choose(pool(seat(1), seat(2, credit=5), seat(3, credit=-5)), now=NOON)

    assert [each.position for each in choice.eligible] == [2, 1, 3]


def test_ties_go_to_the_turn_longest_ago_then_to_the_seat() -> None:
    tied = (seat(3, last_turn_no=4), seat(2, last_turn_no=9), seat(1, last_turn_no=9))

    assert [each.position for each in choose(pool(*tied), now=NOON).eligible] == [3, 1, 2]


def test_a_heavier_member_is_owed_more_of_this_lead() -> None:
    choice = choose(pool(seat(1, weight=1), seat(2, weight=2)), now=NOON)

    assert choice.winner is not None
    assert choice.winner.position == 2
    assert [each.due for each in choice.candidates] == [666_666_666, 333_333_333]


def test_load_levels_out_again_after_leads_are_taken_away() -> None:
    start = pool(*seats(1, 1, 1), ranking=Ranking.LOAD)
    for _ in range(30):
        start = after(choose(start, now=NOON))
    relieved, *others = start.seats
    start = replace(start, seats=(replace(relieved, load=relieved.load - 5), *others))

    won: Counter[int] = Counter()
    for _ in range(5):
        choice = choose(start, now=NOON)
        won[choice.eligible[0].position] += 1
        start = after(choice)

    assert won == {1: 5}
    assert [each.load for each in start.seats] == [10, 10, 10]


def test_equal_loads_go_round() -> None:
    tied = (seat(1, load=2, last_turn_no=8), seat(2, load=2, last_turn_no=3), seat(3, load=3))

    assert [
        each.position for each in choose(pool(*tied, ranking=Ranking.LOAD), now=NOON).eligible
    ] == [2, 1, 3]


def test_a_fixed_pool_takes_the_first_who_can() -> None:
    members = (seat(2), seat(1, is_paused=True), seat(3))

    choice = choose(pool(*members, ranking=Ranking.FIXED), now=NOON)

    assert [each.position for each in choice.eligible] == [2, 3]


@pytest.mark.parametrize("mode", [Mode.CLAIM, Mode.HOPPER])
def test_an_open_pool_has_no_winner_and_everyone_present_may_take_it(mode: Mode) -> None:
    members = (seat(1), seat(2, capacity=1, open_leads=1), seat(3, is_paused=True))

    choice = choose(
        pool(*members, ranking=Ranking.NONE, mode=mode), now=NOON,
        tried=frozenset({uuid(101)}), declined=frozenset({uuid(102)}),
    )  # fmt: skip

    assert (choice.winner, choice.deltas, choice.turn_no) == (None, {}, None)
    assert [each.position for each in choice.eligible] == [1, 2]


def test_a_trace_is_json_without_names() -> None:
    members = (seat(1, is_paused=True, paused_until=LATER, name="Marker"), seat(2, name="Marker"))
    choice = choose(pool(*members, turn_no=4), now=NOON)

    trace = choice.to_trace()

    assert "Marker" not in json.dumps(trace)
    assert trace == {
        "pool": {
            "id": str(uuid(900)), "name": "Seniors", "ranking": "turn", "mode": "assign",
            "revision": 1, "turn_no": 5,
        },
        "candidates": [
            {
                "member": str(uuid(102)), "seat": str(uuid(2)), "skip": None, "skip_until": None,
                "rank": [-NANO, 0, 2], "credit": 0, "due": NANO, "weight": 1, "load": 0,
            },
            {
                "member": str(uuid(101)), "seat": str(uuid(1)), "skip": "paused",
                "skip_until": LATER.isoformat(), "rank": [], "credit": 0, "due": 0, "weight": 1,
                "load": 0,
            },
        ],
        "winner": str(uuid(102)),
        "why": "placed",
        "by": None,
    }  # fmt: skip


def test_a_step_that_placed_nothing_says_so() -> None:
    assert choose(pool(), now=NOON).to_trace()["why"] == "empty"
    assert choose(pool(seat(1)), now=NOON).to_trace("hops")["why"] == "hops"


def test_the_same_facts_always_give_the_same_choice() -> None:
    start = pool(*seats(3, 1, 4, 1, 5))

    assert choose(start, now=NOON) == choose(start, now=NOON)
