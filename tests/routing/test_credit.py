"""Turns are fair, exactly: the promises of the design, on the code that runs live."""

import random
from collections import Counter
from dataclasses import replace
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.routing import credit
from apps.routing.credit import NANO
from apps.routing.decide import choose
from apps.routing.facts import PoolFacts
from tests.routing.makers import NOON, after, pool, seat, seats, uuid

ROUNDING = 1_000  # nano-turns that rounding may gather over a test's leads: a millionth of a turn

weights = st.lists(st.integers(1, 50), min_size=1, max_size=12)


def winners(start: PoolFacts, leads: int) -> list[int]:
    """The positions that win, one lead after another."""
    won = []
    for _ in range(leads):
        choice = choose(start, now=NOON)
        assert choice.winner is not None
        won.append(choice.winner.position)
        start = after(choice)
    return won


def furthest(start: PoolFacts, leads: int) -> tuple[int, int]:
    """The most that anyone was ever owed, and was ever ahead, in nano-turns."""
    owed = ahead = 0
    for _ in range(leads):
        start = after(choose(start, now=NOON))
        credits = [each.credit for each in start.seats]
        assert sum(credits) == 0
        owed, ahead = max(owed, *credits), max(ahead, -min(credits))
    return owed, ahead


def test_equal_members_take_turns_in_the_order_of_the_page() -> None:
    assert winners(pool(*seats(1, 1, 1)), 7) == [1, 2, 3, 1, 2, 3, 1]


def test_weights_one_to_two_share_three_leads_as_one_and_two() -> None:
    assert Counter(winners(pool(*seats(1, 2)), 5)) == {1: 2, 2: 3}


def test_an_inactive_member_leaves_two_to_one_between_the_others() -> None:
    members = (*seats(2, 1), seat(3, is_active=False))

    assert Counter(winners(pool(*members), 6)) == {1: 4, 2: 2}


def test_weights_are_met_exactly_after_one_full_cycle() -> None:
    assert Counter(winners(pool(*seats(5, 3, 1, 1)), 10)) == {1: 5, 2: 3, 3: 1, 4: 1}


def test_the_winner_pays_what_the_others_gain() -> None:
    deltas = credit.turn_deltas(seats(2, 1, 1), uuid(1))

    assert deltas == {uuid(1): -NANO // 2, uuid(2): NANO // 4, uuid(3): NANO // 4}


def test_members_of_equal_weight_gain_the_same_to_the_last_nano_turn() -> None:
    gained = credit.gains(seats(1, 1, 1, 1, 1, 1, 1))

    assert len(set(gained.values())) == 1


def test_ties_between_equal_members_go_to_the_turn_longest_ago_after_any_number_of_cycles() -> None:
    start = pool(*seats(1, 1, 1))
    for _ in range(300):
        start = after(choose(start, now=NOON))

    assert [each.credit for each in start.seats] == [0, 0, 0]


def test_a_seat_that_is_not_eligible_cannot_win() -> None:
    with pytest.raises(ValueError, match="not among the eligible"):
        credit.turn_deltas(seats(1, 1), uuid(9))


def test_a_weight_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="must be 1 or more"):
        seat(1, weight=0)


@given(weights, st.data())
def test_the_changes_of_one_lead_sum_to_zero(given_weights: list[int], data: st.DataObject) -> None:
    members = seats(*given_weights)
    winner = data.draw(st.sampled_from(members))

    deltas = credit.turn_deltas(members, winner.seat)

    assert sum(deltas.values()) == 0
    assert set(deltas) == {each.seat for each in members}
    assert all(delta >= 0 for key, delta in deltas.items() if key != winner.seat)


@given(st.integers(1, 12))
def test_equal_members_stay_within_one_turn_at_every_moment(count: int) -> None:
    owed, ahead = furthest(pool(*seats(*[1] * count)), 4 * count)

    assert max(owed, ahead) < NANO


@pytest.mark.parametrize("given_weights", [(5, 3, 1, 1), (1, 3, 5, 1), (1, 1, 3, 5)])
def test_five_three_one_one_stays_within_one_turn(given_weights: tuple[int, ...]) -> None:
    owed, ahead = furthest(pool(*seats(*given_weights)), 200)

    assert max(owed, ahead) < NANO


@given(st.lists(st.integers(1, 100), min_size=1, max_size=3))
def test_up_to_three_members_of_any_weight_stay_within_one_turn(given_weights: list[int]) -> None:
    owed, ahead = furthest(pool(*seats(*given_weights)), sum(given_weights))

    assert max(owed, ahead) < NANO + ROUNDING


@pytest.mark.parametrize("size", [2, 3])
def test_every_small_mix_of_weights_stays_within_one_turn(size: int) -> None:
    for given_weights in product(range(1, 6), repeat=size):
        owed, ahead = furthest(pool(*seats(*given_weights)), 2 * sum(given_weights))
        assert max(owed, ahead) < NANO, given_weights


@given(weights)
def test_no_constant_member_is_ever_a_full_turn_ahead_or_two_behind(
    given_weights: list[int],
) -> None:
    owed, ahead = furthest(pool(*seats(*given_weights)), min(sum(given_weights), 150))

    assert ahead < NANO + ROUNDING
    assert owed < 2 * NANO


@given(weights, st.integers(0, 2**32))
def test_credit_is_share_less_leads_received(given_weights: list[int], seed: int) -> None:
    """Shares are counted here in fractions of the presence of each lead, apart from the code."""
    chance, start = random.Random(seed), pool(*seats(*given_weights))
    share: Counter[UUID] = Counter()
    for _ in range(60):
        present = [chance.random() < 0.7 for _ in start.seats]
        start = with_presence(start, present)
        total = sum(each.weight for each in start.seats if each.is_active)
        choice = choose(start, now=NOON)
        start = after(choice)
        for each in start.seats:
            share[each.seat] += each.weight * NANO // total if each.is_active else 0
        if choice.winner:
            share[choice.winner.seat] -= NANO

    assert all(abs(each.credit - share[each.seat]) < ROUNDING for each in start.seats)


def with_presence(start: PoolFacts, present: list[bool]) -> PoolFacts:
    pairs = zip(start.seats, present, strict=True)
    return replace(start, seats=tuple(replace(each, is_active=here) for each, here in pairs))


@given(weights, st.integers(0, 2**32))
def test_changing_members_are_bounded_by_the_number_of_seats(
    given_weights: list[int], seed: int
) -> None:
    chance, start = random.Random(seed), pool(*seats(*given_weights))

    for _ in range(150):
        start = with_presence(start, [chance.random() < 0.5 for _ in start.seats])
        start = after(choose(start, now=NOON))
        credits = [each.credit for each in start.seats]
        assert sum(credits) == 0
        assert max(map(abs, credits)) <= len(credits) * NANO


@given(weights.filter(lambda given_weights: len(given_weights) > 1), st.integers(1, 40))
def test_an_absent_member_neither_gains_nor_loses(given_weights: list[int], leads: int) -> None:
    absent, *present = seats(*given_weights)
    absent = replace(absent, is_paused=True, credit=NANO // 3)
    start = pool(absent, *present)

    for _ in range(leads):
        start = after(choose(start, now=NOON))

    assert start.seats[0].credit == NANO // 3


def test_nobody_is_flooded_on_return() -> None:
    away, here = seat(1, is_paused=True), seat(2)
    start = pool(away, here)
    for _ in range(50):
        start = after(choose(start, now=NOON))

    back = replace(start, seats=(replace(start.seats[0], is_paused=False), start.seats[1]))

    assert Counter(winners(back, 10)) == {1: 5, 2: 5}


@given(weights, st.data())
def test_give_back_undoes_an_entry_whole(given_weights: list[int], data: st.DataObject) -> None:
    members = seats(*given_weights)
    deltas = credit.turn_deltas(members, data.draw(st.sampled_from(members)).seat)

    undone = credit.give_back(deltas, members)

    assert all(deltas[each] + undone.get(each, 0) == 0 for each in deltas)


@given(weights, st.data())
def test_what_a_seat_that_left_had_moved_is_given_back_to_the_rest(
    given_weights: list[int], data: st.DataObject
) -> None:
    members = seats(*given_weights)
    deltas = credit.turn_deltas(members, data.draw(st.sampled_from(members)).seat)
    gone, *staying = data.draw(st.permutations(members))

    undone = credit.give_back(deltas, staying)

    assert gone.seat not in undone
    assert sum(undone.values()) == (-sum(deltas.values()) if staying else 0)


@given(st.integers(-50 * NANO, 50 * NANO), weights)
def test_a_removed_seats_credit_is_shared_out_whole_and_by_weight(
    left: int, given_weights: list[int]
) -> None:
    members = seats(*given_weights)

    shares = credit.share_out(left, members)

    assert sum(shares.values()) == left
    for each in members:
        assert abs(shares[each.seat] * sum(given_weights) - left * each.weight) < sum(given_weights)


def test_what_rounding_leaves_goes_to_the_largest_remainder_then_to_the_first_seat() -> None:
    assert credit.share_out(10, seats(1, 1, 1)) == {uuid(1): 4, uuid(2): 3, uuid(3): 3}
    assert credit.share_out(10, seats(1, 5)) == {uuid(1): 2, uuid(2): 8}
    assert credit.share_out(-10, seats(1, 1, 1)) == {uuid(1): -3, uuid(2): -3, uuid(3): -4}


def test_the_last_seat_leaves_nothing_to_share() -> None:
    assert credit.share_out(5, ()) == {}
