"""Simulated leads on their road: answers, deadlines, limits, held leads, members, rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from apps.routing.calendar import Schedule
from apps.routing.explain import explain
from apps.routing.facts import Mode, Ranking
from apps.routing.simulation import (
    Arrival,
    Behaviour,
    Cover,
    MemberPlan,
    Outcome,
    Spread,
    Step,
)
from tests.routing.makers import REGISTRY, leaf, seat, seats, uuid
from tests.routing.worlds import (
    WILLING,
    Road,
    Stage,
    always,
    arrival,
    arrivals,
    at,
    book,
    owners,
    plan,
)

OFFICE = Schedule("Europe/Berlin", {day: ((time(9), time(18)),) for day in range(5)})


# Answers and deadlines


def test_offers_are_accepted_as_often_as_was_observed() -> None:
    unsure = Behaviour(accepts=0.6, declines=0.1, accepts_after=Spread((5.0,)))
    stage = Stage([plan(*seats(1, 1), mode=Mode.OFFER, behaviour=unsure)])
    world = stage.world()
    owners(world, arrivals(600))

    offered = world.finish().pools[0]

    assert offered.accepted / offered.offered == pytest.approx(0.6, abs=0.05)
    assert offered.accepted + offered.declined + offered.expired == offered.offered


def test_an_offer_that_nobody_accepts_goes_down_the_ladder() -> None:
    deaf = replace(WILLING, accepts=0)
    top = plan(
        *seats(1, 1), mode=Mode.OFFER, behaviour=deaf, window_seconds=90,
        overflow="pool", overflow_pool=uuid(901),
    )  # fmt: skip
    below = plan(seat(3), number=901)
    world = Stage([top, below]).world()

    got = owners(world, [arrival(1)])

    assert got == [3]
    assert (world.results[0].hops, world.results[0].waited) == (2, 180.0)


def test_a_lead_without_an_attempt_in_time_goes_to_the_next() -> None:
    slow = replace(WILLING, responds=0)
    world = Stage([plan(*seats(1, 1), behaviour=slow, response_seconds=300, max_hops=2)]).world()

    got = owners(world, [arrival(1)])

    assert got == [None]
    assert world.results[0].outcome is Outcome.MANAGER
    assert world.results[0].hops == 2


def test_a_lead_stays_where_the_pool_says_so() -> None:
    slow = replace(WILLING, responds=0)
    tried = plan(*seats(1, 1), behaviour=slow, response_seconds=300, on_expiry="stay")

    assert owners(Stage([tried]).world(), [arrival(1)]) == [1]


def test_a_deadline_passes_at_once_to_the_overflow_where_the_pool_says_so() -> None:
    slow = replace(WILLING, responds=0)
    top = plan(
        seat(1), seat(2), behaviour=slow, response_seconds=300, on_expiry="overflow",
        overflow="pool", overflow_pool=uuid(901),
    )  # fmt: skip
    world = Stage([top, plan(seat(3), number=901)]).world()

    assert owners(world, [arrival(1)]) == [3]
    assert world.results[0].hops == 1


# Capacity, caps and held leads


def test_a_full_member_gets_the_next_lead_when_one_is_closed() -> None:
    busy = replace(WILLING, closes=1, closes_after=Spread((1_000.0,)))
    world = Stage([plan(seat(1, capacity=1), behaviour=busy)]).world()

    got = owners(world, arrivals(2, every=10))

    assert got == [1, 1]
    assert world.results[1].was_held
    assert world.results[1].waited == 990.0
    assert world.finish().longest_held == 990.0


def test_a_cap_counts_leads_of_the_day_and_frees_at_midnight() -> None:
    world = Stage([plan(seat(1, cap_day=2), timezone="UTC")]).world()

    got = owners(world, arrivals(3))

    assert got == [1, 1, 1]
    assert world.results[2].waited == 12 * 3600 - 180
    assert world.finish().pools[0].capped == 1


def test_held_leads_go_out_when_the_shift_begins_the_neediest_first() -> None:
    evening = 8 * 3600.0  # 21:00 in Berlin
    leads = [arrival(1, evening), arrival(2, evening + 1), arrival(3, evening + 2)]
    leads[2] = replace(leads[2], priority=5)
    ranked = plan(
        seat(1, schedule=OFFICE), seat(2, schedule=OFFICE), seat(3, schedule=OFFICE),
        respects_hours=True,
    )  # fmt: skip
    world = Stage([ranked]).world()

    got = owners(world, leads)

    assert got == [2, 3, 1]
    assert all(each.waited and each.waited > 11 * 3600 for each in world.results)


def test_leads_that_nobody_can_take_are_counted_as_held() -> None:
    world = Stage([plan(seat(1, is_active=False))]).world()
    owners(world, arrivals(2))

    figures = world.finish()

    assert figures.unrouted == 2
    assert figures.pools[0].still_held == 2


def test_leads_of_before_count_until_they_were_closed() -> None:
    sitting = seat(1, capacity=1)
    hers = replace(always(sitting), open_until=(at(600),))
    world = Stage([plan(sitting)], members={sitting.member: hers}).world()

    owners(world, [arrival(1)])

    assert world.results[0].waited == 600.0


# Members through time


def test_a_member_counts_as_she_was_at_that_time() -> None:
    sitting = seat(1)
    steps = (Step(at(-9), is_active=False), Step(at(90)))
    hers = MemberPlan(sitting.member, sitting.name, steps)
    world = Stage([plan(sitting, seat(2))], members={sitting.member: hers}).world()

    assert owners(world, arrivals(4)) == [2, 1, 2, 1]


def test_who_covers_gets_the_leads_and_the_turns_stay_with_the_seat() -> None:
    sitting, helper = seat(1), seat(2)
    hers = replace(always(sitting), covers=(Cover(at(0), at(10_000), helper.member),))
    world = Stage(
        [plan(sitting)], members={sitting.member: hers, helper.member: always(helper)}
    ).world()

    assert owners(world, arrivals(2)) == [2, 2]
    assert world.finish().seats[0].received == 2


def test_who_had_the_person_before_keeps_her() -> None:
    leads = [
        Arrival(each.number, each.facts, keys=[("contact", "ada@example.com")] if last else [])
        for each, last in zip(arrivals(4), (True, False, False, True), strict=True)
    ]
    world = Stage([plan(*seats(1, 1, 1), sticky=("contact",))]).world()

    assert owners(world, leads) == [1, 2, 3, 1]


# Rules


def test_the_first_rule_that_places_the_lead_decides() -> None:
    rules = book(
        (leaf("country", "is", "DE"), Road(1, "pool", pool_id=uuid(900))),
        ({}, Road(2, "member", member_id=uuid(103))),
    )
    first = plan(seat(1, is_active=False), empty_policy="next_rule")
    stage = Stage([first, plan(seat(3), number=901)], rules)
    world = stage.world()

    got = owners(world, [arrival(1, country="DE"), arrival(2, 1, country="FR")])

    assert got == [3, 3]
    assert [each.rule for each in world.results] == [2, 2]


def test_a_rule_may_call_another_set_and_go_on_after_it() -> None:
    called = book((leaf("country", "is", "AT"), Road(7, "pool", pool_id=uuid(900))))
    rules = book(
        ({}, Road(1, "rule_set", rule_set_id=uuid(5))),
        ({}, Road(2, "disqualify", reason="out of market")),
    )
    stage = Stage([plan(seat(1))], rules, settings={"sets": {uuid(5): called}})
    world = stage.world()

    owners(world, [arrival(1, country="AT"), arrival(2, 1, country="FR")])

    assert [each.outcome for each in world.results] == [Outcome.ASSIGNED, Outcome.DISQUALIFIED]


def test_a_lead_that_nothing_matches_is_not_lost() -> None:
    rules = book((leaf("country", "is", "DE"), Road(1, "pool", pool_id=uuid(900))))
    world = Stage([plan(seat(1))], rules).world()

    owners(world, [arrival(1, country="FR")])

    assert world.results[0].outcome is Outcome.MANAGER
    assert world.finish().unrouted == 1


def test_the_decision_is_told_in_words() -> None:
    world = Stage([plan(*seats(1, 1), name="DACH")]).world(traced={1})
    owners(world, arrivals(2))

    told = " ".join(
        explain(
            world.results[0].trace[0],
            names={str(uuid(101)): "Mia", str(uuid(102)): "Jonas"},
            registry=REGISTRY,
        )
    )

    assert "Mia" in told
    assert "DACH" in told
    assert world.results[1].trace == []


def test_open_leads_go_to_who_claims_and_limits_hold() -> None:
    keen = replace(WILLING, claimers={uuid(101): 1_000}, responds=0)
    claim = plan(
        *seats(1, 1), mode=Mode.CLAIM, ranking=Ranking.NONE, behaviour=keen, claims_per_day=2
    )
    world = Stage([claim]).world()

    got = owners(world, arrivals(4))

    assert got == [1, 1, 2, 2]


def test_a_hopper_that_nobody_picks_from_ends_with_the_manager() -> None:
    lazy = replace(WILLING, picks=0)
    rules = book(({}, Road(1, "hopper")))
    stage = Stage([plan(seat(1))], rules, settings={"hopper": lazy, "hopper_seconds": 3_600.0})
    world = stage.world()

    owners(world, [arrival(1)])

    assert world.results[0].outcome is Outcome.MANAGER
