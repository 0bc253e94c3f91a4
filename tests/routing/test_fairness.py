"""Fairness over many leads and changing members, and what peers' products are known to do."""

import random
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.routing import credit
from apps.routing.credit import NANO
from apps.routing.decide import choose
from apps.routing.facts import PoolFacts, Ranking, SeatFacts
from tests.routing.makers import NOON, after, pool, seat, seats

LEADS = 60_000


class Book:
    """What everybody was due by “weight over the eligible's weights, each lead”, and received.

    It is kept in fractions of its own, apart from the code that it judges.
    """

    def __init__(self) -> None:
        self.due: defaultdict[int, float] = defaultdict(float)
        self.received: Counter[int] = Counter()
        self.credits: dict[UUID, int] = {}
        self.turn_of: dict[UUID, int] = {}

    def run(self, members: list[SeatFacts], here: list[bool], turn_no: int) -> None:
        """Place one lead among those who are here, as the shell would write it."""
        seated = tuple(self._as_stored(each) for each, is_here in zip(members, here, strict=True)
                       if is_here)  # fmt: skip
        if not seated:
            return
        choice = choose(pool(*seated, turn_no=turn_no), now=NOON)
        assert choice.winner is not None
        assert choice.turn_no is not None
        for gained, delta in choice.deltas.items():
            self.credits[gained] = self.credits.get(gained, 0) + delta
        self.turn_of[choice.winner.seat] = choice.turn_no
        total = sum(each.weight for each in seated)
        for each in seated:
            self.due[each.position] += each.weight / total
        self.received[choice.winner.position] += 1

    def _as_stored(self, member: SeatFacts) -> SeatFacts:
        had, last = self.credits.get(member.seat, 0), self.turn_of.get(member.seat, 0)
        return seat(member.position, weight=member.weight, credit=had, last_turn_no=last)


def test_sixty_thousand_leads_among_members_who_come_and_go_are_shared_to_a_thousandth() -> None:
    """Six members, each away 30 % of the time, and one more who flaps half of the time."""
    chance, book, members = random.Random(7), Book(), list(seats(*[1] * 7))
    for number in range(LEADS):
        here = [chance.random() < (0.5 if each.position == 7 else 0.7) for each in members]
        book.run(members, here, number)

    assert sum(book.credits.values()) == 0
    for position, due in book.due.items():
        assert abs(book.received[position] - due) / due < 0.001, position


@given(
    st.lists(st.integers(1, 30), min_size=2, max_size=9), st.integers(0, 2**32),
    st.lists(st.floats(0.05, 1.0), min_size=9, max_size=9),
)  # fmt: skip
def test_whoever_comes_and_goes_as_she_likes_stays_within_the_number_of_seats(
    weights: list[int], seed: int, presence: list[float]
) -> None:
    chance, book, members = random.Random(seed), Book(), list(seats(*weights))
    for number in range(200):
        here = [chance.random() < likely for _, likely in zip(members, presence, strict=False)]
        book.run(members, here, number)

    assert sum(book.credits.values()) == 0
    for position, due in book.due.items():
        assert abs(book.received[position] - due) < len(members)


@given(st.lists(st.integers(1, 30), min_size=3, max_size=8), st.integers(0, 2**32))
def test_members_who_join_leave_and_change_weight_keep_the_sum_at_zero(
    weights: list[int], seed: int
) -> None:
    chance, start = random.Random(seed), pool(*seats(*weights))
    joined = len(weights)
    for number in range(90):
        start = after(choose(start, now=NOON))
        if number % 20 == 10 and len(start.seats) > 2:
            start = without(start, chance.choice(start.seats))
        elif number % 20 == 15:
            joined += 1
            start = replace(start, seats=(*start.seats, seat(joined, weight=chance.randint(1, 9))))
        elif number % 20 == 19:
            first, *others = start.seats
            start = replace(start, seats=(replace(first, weight=chance.randint(1, 30)), *others))
        credits = [each.credit for each in start.seats]
        assert sum(credits) == 0
        assert max(map(abs, credits)) <= (joined + 1) * NANO


def without(start: PoolFacts, leaving: SeatFacts) -> PoolFacts:
    """The pool after a seat is removed: its credit is shared out over the rest."""
    staying = [each for each in start.seats if each.seat != leaving.seat]
    shares = credit.share_out(leaving.credit, staying)
    return replace(
        start, seats=tuple(replace(s, credit=s.credit + shares[s.seat]) for s in staying)
    )


# What peers are known to do


def place(start: PoolFacts, leads: int, **change: Any) -> tuple[PoolFacts, str]:
    """Place some leads; the winners as letters in order, A for the first seat."""
    won = ""
    for _ in range(leads):
        choice = choose(start, now=NOON)
        assert choice.winner is not None
        won += "ABCDEFG"[choice.winner.position - 1]
        start = after(choice)
    return start, won


def test_closing_leads_does_not_move_whose_turn_it_is() -> None:
    start, first = place(pool(*seats(1, 1, 1)), 2)
    closed = replace(start, seats=tuple(replace(each, load=0) for each in start.seats))

    _, second = place(closed, 2)

    assert first + second == "ABCA"


def test_load_levels_out_after_leads_are_removed() -> None:
    start, _ = place(pool(*seats(1, 1, 1), ranking=Ranking.LOAD), 30)
    relieved, *others = start.seats
    start = replace(start, seats=(replace(relieved, load=relieved.load - 5), *others))

    start, won = place(start, 5)

    assert won == "AAAAA"
    assert [each.load for each in start.seats] == [10, 10, 10]


@pytest.mark.parametrize(
    ("members", "leads", "expected"),
    [
        (seats(1, 2), 5, {"A": 2, "B": 3}),
        ((*seats(2, 1), seat(3, is_active=False)), 6, {"A": 4, "B": 2}),
        (seats(1, 2), 300, {"A": 100, "B": 200}),
        (seats(5, 3, 1, 1), 100, {"A": 50, "B": 30, "C": 10, "D": 10}),
    ],
)
def test_weights_share_as_they_say(
    members: tuple[SeatFacts, ...], leads: int, expected: dict[str, int]
) -> None:
    assert Counter(place(pool(*members), leads)[1]) == expected


def test_a_dry_run_says_who_and_changes_nothing() -> None:
    start = pool(*seats(1, 1, 1))

    asked = [choose(start, now=NOON).winner for _ in range(3)]

    assert {each.position for each in asked if each} == {1}
    assert start == pool(*seats(1, 1, 1))
