"""By performance: bounded, shrunk for small numbers, on the named share of the leads alone."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.routing import performance
from apps.routing.credit import NANO
from apps.routing.decide import Choice, choose
from apps.routing.facts import PoolFacts, Ranking, Record
from tests.routing.makers import NOON, after, lead, pool, seat, uuid

TEAM = Record(closed=1000, won=500, responses=1000, response_seconds=600_000.0)
BEST, WORST = Record(closed=500, won=450), Record(closed=500, won=50)


def seniors(*records: Record | None, **settings: Any) -> PoolFacts:
    seated = [seat(number, record=each) for number, each in enumerate(records, start=1)]
    return pool(
        *seated, ranking=Ranking.PERFORMANCE, performance=settings, team_record=TEAM
    )  # fmt: skip


def place(start: PoolFacts, number: int = 1) -> Choice:
    return choose(start, now=NOON, lead=lead(number=number))


def factors(*records: Record | None, **settings: Any) -> list[int | None]:
    choice = place(seniors(*records, **settings))
    return [each.factor for each in sorted(choice.candidates, key=lambda each: each.seat)]


def test_a_factor_is_the_rate_against_the_teams() -> None:
    assert factors(Record(closed=80, won=44), None) == [1080, 1000]  # 54 % of 100, 50 % expected


def test_a_factor_is_bounded() -> None:
    assert factors(BEST, WORST) == [1250, 750]
    assert factors(BEST, WORST, most_percent=10) == [1100, 900]
    assert factors(BEST, WORST, most_percent=400) == [1500, 500]


def test_few_leads_say_little() -> None:
    few = factors(Record(closed=2, won=2), Record(closed=2, won=0))

    assert few == [1091, 909]


def test_whoever_answers_sooner_counts_for_more() -> None:
    quick = Record(responses=200, response_seconds=200 * 500.0)
    slow = Record(responses=200, response_seconds=200 * 5000.0)

    assert factors(quick, slow, None, measure="response") == [1179, 750, 1000]


def test_the_winners_of_many_leads_share_by_their_factors() -> None:
    start, won = seniors(BEST, WORST), Counter[int]()
    for number in range(200):
        choice = place(start, number)
        assert choice.winner is not None
        assert choice.is_by_performance
        won[choice.winner.position] += 1
        start = after(choice)

    assert won == {1: 125, 2: 75}


def test_an_under_performer_still_gets_leads() -> None:
    start = seniors(BEST, BEST, WORST, most_percent=50)
    won = set()
    for number in range(10):
        choice = place(start, number)
        won.add(choice.eligible[0].position)
        start = after(choice)

    assert won == {1, 2, 3}


@pytest.mark.parametrize("share", [0, 1, 30, 70, 100])
def test_only_the_named_share_of_leads_is_placed_by_performance(share: int) -> None:
    start = seniors(BEST, WORST, share=share)
    labelled = [place(start, number).is_by_performance for number in range(2000)]

    assert sum(labelled) / 2000 == pytest.approx(share / 100, abs=0.03)
    assert labelled == [place(start, number).is_by_performance for number in range(2000)]


def test_a_larger_share_holds_the_leads_of_a_smaller_one() -> None:
    def placed(share: int) -> set[int]:
        start = seniors(BEST, WORST, share=share)
        return {n for n in range(500) if place(start, n).is_by_performance}

    assert placed(10) < placed(40) < placed(90)


def test_the_other_leads_are_placed_by_plain_turn() -> None:
    choice = place(seniors(BEST, WORST, share=0))

    assert choice.deltas == {uuid(1): -NANO // 2, uuid(2): NANO // 2}
    assert choice.shares == {uuid(1): 1, uuid(2): 1}
    assert choice.to_trace()["by"] is None


def test_a_lead_by_performance_is_labelled_and_its_weights_told() -> None:
    choice = place(seniors(BEST, WORST))

    assert choice.to_trace()["by"] == "performance"
    assert choice.shares == {uuid(1): 1250, uuid(2): 750}
    assert sum(choice.deltas.values()) == 0


@pytest.mark.parametrize(
    "start",
    [
        pool(seat(1, record=BEST), seat(2), ranking=Ranking.TURN, team_record=TEAM),
        pool(seat(1, record=BEST), seat(2), ranking=Ranking.PERFORMANCE, team_record=Record()),
        pool(seat(1), seat(2), ranking=Ranking.PERFORMANCE),
        pool(seat(1), seat(2), ranking=Ranking.PERFORMANCE, team_record=TEAM),
    ],
)
def test_without_figures_nothing_is_moved_and_nothing_labelled(start: PoolFacts) -> None:
    choice = place(start)

    assert not choice.is_by_performance
    assert choice.deltas == {uuid(1): -NANO // 2, uuid(2): NANO // 2}


def test_without_a_lead_turns_are_plain() -> None:
    assert not choose(seniors(BEST, WORST), now=NOON).is_by_performance


def test_without_the_teams_figures_its_members_make_the_team() -> None:
    start = pool(seat(1, record=BEST), seat(2, record=WORST), ranking=Ranking.PERFORMANCE)

    assert [each.factor for each in place(start).candidates] == [1250, 750]


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=1, max_size=8))
def test_a_factor_never_leaves_its_bound_and_its_turns_sum_to_zero(
    figures: list[tuple[int, int]],
) -> None:
    records = [Record(closed=closed, won=min(won, closed)) for closed, won in figures]

    choice = place(seniors(*records, most_percent=20))

    assert all(each.factor is not None for each in choice.candidates)
    assert all(800 <= (each.factor or 0) <= 1200 for each in choice.candidates)
    assert sum(choice.deltas.values()) == 0


def test_stored_figures_are_read_back() -> None:
    figures = {
        "leads": 9, "closed": 4, "won": 3, "responses": 8, "response_seconds": 90.5,
        "by": {"industry": {"retail": [2, 1]}},
    }  # fmt: skip

    assert Record.from_json(figures) == Record(9, 4, 3, 8, 90.5, {"industry": {"retail": (2, 1)}})
    assert Record.from_json({}) == Record()


def problems(settings: Any) -> list[str]:
    return [str(error) for error in performance.validate(settings)]


def test_settings_that_can_work_are_saved() -> None:
    assert problems({}) == []
    assert problems({"measure": "response", "days": 90, "most_percent": 50, "share": 0}) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ([], "expected settings of performance, got a list"),
        ({"measure": "luck"}, "measure: 'luck' is no measure; use win_rate or response"),
        ({"measure": []}, "measure: a list is no measure; use win_rate or response"),
        ({"days": 0}, "days: expected a whole number from 1 to 365, got 0"),
        ({"most_percent": 51}, "most_percent: expected a whole number from 1 to 50, got 51"),
        ({"share": "all"}, "share: expected a whole number from 0 to 100, got 'all'"),
        ({"bonus": 1}, "unknown part 'bonus'; use measure, days, most_percent, share"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: Any, message: str) -> None:
    assert problems(settings) == [message]


def test_settings_read_as_a_sentence() -> None:
    assert performance.in_words({"days": 30, "share": 40}) == (
        "win rate of the last 30 days, weights ± 25 % at most, on 40 % of the leads"
    )
    assert performance.in_words({}).endswith("on every lead")
