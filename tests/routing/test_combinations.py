"""Rankings combined, every cell of ranking and mode, owners who keep, covers, catching up."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.routing.credit import NANO, turn_deltas
from apps.routing.decide import Choice, choose
from apps.routing.facts import (
    Absent,
    Mode,
    PoolFacts,
    Preferred,
    Ranking,
    Record,
    SeatFacts,
    Skip,
)
from tests.routing.makers import NOON, after, lead, pool, seat, seats, uuid

TURN, LOAD, FIT, FIXED, NONE = (
    Ranking.TURN, Ranking.LOAD, Ranking.FIT, Ranking.FIXED, Ranking.NONE,
)  # fmt: skip
PERFORMANCE = Ranking.PERFORMANCE
LATER = NOON + timedelta(hours=3)
SENIOR = {"kind": "experience", "field": "employees", "steps": [[0, 4]]}
FITTING: dict[str, Any] = {"fit": [SENIOR]}
LEAD = lead({"employees": 1})


def order(choice: Choice) -> list[int]:
    return [each.position for each in choice.eligible]


def told(choice: Choice) -> dict[int, Skip | None]:
    return {each.seat.int: each.skip for each in choice.candidates}


# Every cell


CREDIT = seat(1, credit=NANO, load=5, years=1, record=Record(closed=100, won=5))
IDLE = seat(2, load=1, years=2, record=Record(closed=100, won=50))
EXPERT = seat(3, load=3, years=4, last_turn_no=9, record=Record(closed=100, won=95))


@pytest.mark.parametrize("mode", [Mode.ASSIGN, Mode.OFFER])
@pytest.mark.parametrize(
    ("ranking", "winner", "is_charged"),
    [(TURN, 1, True), (LOAD, 2, False), (PERFORMANCE, 1, True), (FIT, 3, False), (FIXED, 1, False)],
)
def test_where_one_is_chosen_the_ranking_decides(
    mode: Mode, ranking: Ranking, winner: int, is_charged: bool
) -> None:
    choice = choose(
        pool(CREDIT, IDLE, EXPERT, ranking=ranking, mode=mode, **FITTING), now=NOON, lead=LEAD
    )

    assert choice.winner is not None
    assert choice.winner.position == winner
    assert bool(choice.deltas) is is_charged
    assert choice.turn_no == 1


@pytest.mark.parametrize(
    ("mode", "ranking", "expected"),
    [
        (Mode.CLAIM, NONE, [1, 2, 3]),
        (Mode.CLAIM, FIT, [3, 2, 1]),
        (Mode.HOPPER, NONE, [1, 2, 3]),
        (Mode.HOPPER, FIT, [3, 2, 1]),
        (Mode.HOPPER, TURN, [1, 2, 3]),
    ],
)
def test_where_many_may_take_it_the_ranking_orders_them_and_charges_nobody(
    mode: Mode, ranking: Ranking, expected: list[int]
) -> None:
    choice = choose(
        pool(CREDIT, IDLE, EXPERT, ranking=ranking, mode=mode, **FITTING), now=NOON, lead=LEAD
    )

    assert order(choice) == expected
    assert (choice.winner, choice.deltas, choice.turn_no) == (None, {}, None)


# Combined


def test_the_first_difference_decides() -> None:
    members = (
        seat(1, load=2, years=4), seat(2, load=1, years=4), seat(3, load=0, years=1),
        seat(4, load=1, years=4, credit=5),
    )  # fmt: skip

    choice = choose(
        pool(*members, prefer=(FIT, LOAD), ranking=TURN, **FITTING), now=NOON, lead=LEAD
    )

    assert order(choice) == [4, 2, 1, 3]


def test_a_turn_counts_among_those_who_are_tied_before_it() -> None:
    members = (seat(1, load=1), seat(2, load=1, weight=3), seat(3, load=2), seat(4, load=7))

    choice = choose(pool(*members, prefer=(LOAD,), ranking=TURN), now=NOON)

    assert choice.deltas == {uuid(1): NANO // 4, uuid(2): -NANO // 4}
    assert choice.shares == {uuid(1): 1, uuid(2): 3}
    assert [each.due for each in choice.candidates] == [3 * NANO // 4, NANO // 4, 0, 0]


def test_what_comes_after_turns_breaks_their_ties() -> None:
    members = (seat(1, load=4), seat(2, load=1), seat(3, load=0, credit=-5))

    assert order(choose(pool(*members, prefer=(TURN,), ranking=LOAD), now=NOON)) == [2, 1, 3]


@given(st.data())
def test_combined_keys_order_as_comparing_key_by_key_does(data: st.DataObject) -> None:
    small = st.integers(0, 2)
    members = [
        seat(n, load=data.draw(small), years=data.draw(small), credit=data.draw(small),
             last_turn_no=data.draw(small))
        for n in range(1, 7)
    ]  # fmt: skip
    keys = data.draw(st.permutations([FIT, LOAD, TURN]))

    choice = choose(
        pool(*members, prefer=tuple(keys[:2]), ranking=keys[2], **FITTING), now=NOON, lead=LEAD
    )

    ours = {FIT: lambda s: -s.years, LOAD: lambda s: s.load, TURN: lambda s: -s.credit}
    assert list(choice.eligible) == sorted(
        members, key=lambda s: ([ours[key](s) for key in keys], s.last_turn_no, s.position)
    )
    before = keys[: keys.index(TURN)]
    best = choice.eligible[0]
    tied = {s.seat for s in members if all(ours[key](s) == ours[key](best) for key in before)}
    assert set(choice.deltas) == tied
    assert sum(choice.deltas.values()) == 0


# Owners who keep


KNOWS = [Preferred(uuid(102), "company"), Preferred(uuid(103), "named")]


def test_whoever_has_the_contact_keeps_the_lead_and_nobody_is_charged() -> None:
    choice = choose(pool(*seats(1, 1, 1), turn_no=4), now=NOON, preferred=KNOWS)

    assert choice.winner is not None
    assert (choice.winner.position, choice.sticky) == (2, "company")
    assert (choice.deltas, choice.turn_no) == ({}, 5)
    assert choice.to_trace()["by"] == "sticky:company"


@pytest.mark.parametrize(
    ("facts", "winner", "sticky"),
    [
        ({"is_paused": True}, 3, "named"),
        ({"capacity": 1, "open_leads": 1}, 3, "named"),
        ({"cap_day": 0}, 3, "named"),
    ],
)
def test_only_an_eligible_member_keeps_it(
    facts: dict[str, Any], winner: int, sticky: str | None
) -> None:
    choice = choose(pool(seat(1), seat(2, **facts), seat(3)), now=NOON, preferred=KNOWS)

    assert choice.winner is not None
    assert (choice.winner.position, choice.sticky) == (winner, sticky)


def test_without_anyone_to_keep_it_the_ranking_decides() -> None:
    barred = frozenset({uuid(102), uuid(103)})

    for choice in (
        choose(pool(*seats(1, 1, 1)), now=NOON, preferred=KNOWS, tried=barred),
        choose(pool(seat(1)), now=NOON, preferred=KNOWS),
    ):
        assert choice.winner is not None
        assert (choice.winner.position, choice.sticky) == (1, None)
        assert choice.to_trace()["by"] is None


def test_a_claim_pool_leaves_the_lead_to_whoever_has_the_contact_if_she_has_room() -> None:
    members = (seat(1), seat(2, capacity=1), seat(3))

    kept = choose(pool(*members, ranking=NONE, mode=Mode.CLAIM), now=NOON, preferred=KNOWS[:1])
    full = pool(seat(1), replace(members[1], open_leads=1), ranking=NONE, mode=Mode.CLAIM)

    assert (kept.winner, kept.sticky) == (members[1], "company")
    assert choose(full, now=NOON, preferred=KNOWS[:1]).winner is None


# Covers


def covered(**facts: Any) -> SeatFacts:
    """Seat 1 belongs to member 101; member 103 covers her."""
    return seat(1, covered_by=uuid(103), **facts)


def test_a_cover_takes_the_lead_and_the_covered_pays_the_turn() -> None:
    choice = choose(pool(covered(credit=3), seat(2)), now=NOON)

    assert choice.winner is not None
    assert (choice.winner.member, choice.winner.taker) == (uuid(101), uuid(103))
    assert choice.deltas == {uuid(1): -NANO // 2, uuid(2): NANO // 2}
    trace = choice.to_trace()
    assert (trace["winner"], trace["for"]) == (str(uuid(103)), str(uuid(101)))
    assert trace["candidates"][0]["taker"] == str(uuid(103))


def test_what_the_cover_had_or_declined_is_hers_and_not_the_covereds() -> None:
    only = pool(covered())

    assert told(choose(only, now=NOON, tried={uuid(103)})) == {1: Skip.TRIED}
    assert told(choose(only, now=NOON, excluded={uuid(103)})) == {1: Skip.FULL}
    assert told(choose(only, now=NOON, tried={uuid(101)})) == {1: None}


def test_a_contact_of_the_covered_goes_to_her_cover() -> None:
    hers = [Preferred(uuid(101), "contact")]
    covers = [Preferred(uuid(103), "contact")]

    assert choose(pool(seat(2), covered()), now=NOON, preferred=hers).winner == covered()
    assert choose(pool(seat(2), covered(), seat(3)), now=NOON, preferred=covers).winner == seat(3)
    assert choose(pool(seat(2), covered()), now=NOON, preferred=covers).winner == covered()


# Catching up


def lenient(*members: SeatFacts, turns: int = 3) -> PoolFacts:
    return pool(*members, absent=Absent.CATCH_UP, catch_up_turns=turns)


def away(start: PoolFacts, position: int, is_away: bool = True) -> PoolFacts:
    return replace(
        start,
        seats=tuple(
            replace(each, is_paused=is_away) if each.position == position else each
            for each in start.seats
        ),
    )


def run(start: PoolFacts, leads: int) -> tuple[PoolFacts, Counter[int]]:
    won = Counter[int]()
    for _ in range(leads):
        choice = choose(start, now=NOON)
        assert choice.winner is not None
        assert sum(choice.deltas.values()) == 0
        won[choice.winner.position] += 1
        start = after(choice)
    return start, won


def test_the_absent_are_owed_their_share_up_to_the_limit() -> None:
    start = away(lenient(*seats(1, 1, 1)), 1)

    start, _ = run(start, 3)
    assert start.seats[0].credit == 3 * (NANO // 3)
    start, _ = run(start, 300)
    assert start.seats[0].credit == 3 * NANO
    assert sum(each.credit for each in start.seats) == 0


def test_on_return_she_gets_what_she_is_owed_and_no_more() -> None:
    start, _ = run(away(lenient(*seats(1, 1, 1)), 1), 100)

    _, won = run(away(start, 1, is_away=False), 33)

    assert won[1] == 11 + 3  # her third of them, and the three turns that she missed


def test_without_catching_up_she_is_owed_nothing() -> None:
    start, _ = run(away(pool(*seats(1, 1, 1)), 1), 100)

    assert start.seats[0].credit == 0


@pytest.mark.parametrize(
    "facts",
    [
        {"is_active": False}, {"may_work": False}, {"capacity": 0}, {"cap_day": 0},
        {"is_paused": True, "capacity": 0}, {"is_paused": True, "cap_week": 0},
    ],
)  # fmt: skip
def test_whoever_could_not_take_it_anyway_catches_nothing_up(facts: dict[str, Any]) -> None:
    choice = choose(lenient(seat(1, **facts), seat(2), seat(3)), now=NOON)

    assert set(choice.deltas) == {uuid(2), uuid(3)}


def test_an_absent_member_catches_up_on_leads_that_match_her_alone() -> None:
    asked = replace(lenient(seat(1, is_paused=True), seat(2, years=4)), filters={"items": [SENIOR]})
    level = replace(lenient(seat(1, is_paused=True, load=3), seat(2)), prefer=(LOAD,))

    assert set(choose(asked, now=NOON, lead=LEAD).deltas) == {uuid(2)}
    assert set(choose(level, now=NOON).deltas) == {uuid(2)}
    assert set(choose(asked, now=NOON).deltas) == {uuid(1), uuid(2)}


@given(
    st.lists(st.integers(1, 50), min_size=2, max_size=8),
    st.lists(st.integers(-4 * NANO, 4 * NANO), min_size=8, max_size=8),
    st.integers(0, 5),
    st.data(),
)
def test_catching_up_sums_to_zero_and_never_passes_its_limit(
    weights: list[int], credits: list[int], turns: int, data: st.DataObject
) -> None:
    members = [
        replace(each, credit=had) for each, had in zip(seats(*weights), credits, strict=False)
    ]
    here = data.draw(st.integers(1, len(members)))
    eligible, absent = members[:here], members[here:]

    deltas = turn_deltas(eligible, eligible[0].seat, absent=absent, catch_up_turns=turns)

    assert sum(deltas.values()) == 0
    for each in absent:
        gained = deltas.get(each.seat, 0)
        assert gained >= 0
        assert gained == 0 or each.credit + gained <= turns * NANO


@given(
    st.lists(st.integers(1, 20), min_size=2, max_size=6), st.integers(0, 2**32), st.integers(1, 4)
)
def test_members_who_catch_up_stay_bounded(weights: list[int], seed: int, turns: int) -> None:
    chance, start = random.Random(seed), lenient(*seats(*weights), turns=turns)
    for _ in range(120):
        for each in start.seats:
            start = away(start, each.position, is_away=chance.random() < 0.4)
        start = after(choose(start, now=NOON))
        credits = [each.credit for each in start.seats]
        assert sum(credits) == 0
        # Whoever is there alone may work ahead of what each of the others may catch up.
        others = len(credits) - 1
        assert max(map(abs, credits)) <= (len(credits) + others * turns) * NANO
