"""Best match: scores in thousandths, part by part, and wins with leads alike."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.routing import fit
from apps.routing.decide import Candidate, Choice, choose
from apps.routing.facts import Mode, PoolFacts, Ranking, Record, SeatFacts, Skip
from tests.routing.makers import NOON, REGISTRY, lead, pool, seat

SOLAR = {"kind": "skill", "skill": "Solar", "level": 4}
TERRITORY, LANGUAGE = {"kind": "territory"}, {"kind": "language"}
SENIOR = {"kind": "experience", "field": "employees", "steps": [[0, 0], [500, 4]]}
ALIKE = {"kind": "similar", "field": "industry"}
GERMANY: dict[str, tuple[str, ...]] = {"countries": ("de",)}
LEAD: dict[str, Any] = {"country": "DE", "language": "de", "employees": 500, "industry": " Retail"}
TEAM = Record(closed=1000, won=500, by={"industry": {"retail": (200, 40)}})


def record(closed: int = 0, won: int = 0, alike: tuple[int, int] = (0, 0)) -> Record:
    return Record(closed=closed, won=won, by={"industry": {"retail": alike}})


def matching(*seated: SeatFacts, items: Any, **facts: Any) -> PoolFacts:
    return pool(*seated, **{"ranking": Ranking.FIT, "fit": items, **facts})


def best(asked: PoolFacts, values: Any = None) -> Choice:
    return choose(asked, now=NOON, lead=lead(LEAD if values is None else values))


def score(items: Any, values: Any = None, team: Record | None = TEAM, **facts: Any) -> int:
    choice = best(matching(seat(1, **facts), items=items, team_record=team), values)
    found = choice.candidates[0].fit
    assert found is not None
    return found.score


@pytest.mark.parametrize(
    ("item", "facts", "expected"),
    [
        (SOLAR, {"skills": {"solar": 5}}, 1000),
        (SOLAR, {"skills": {"solar": 4}}, 1000),
        (SOLAR, {"skills": {"solar": 3}}, 750),
        (SOLAR, {}, 0),
        (TERRITORY, {"territories": (GERMANY,)}, 1000),
        (TERRITORY, {"territories": ({"countries": ("at",)},)}, 0),
        (LANGUAGE, {"languages": {"deutsch": 1}}, 1000),
        (SENIOR, {"years": 9}, 1000),
        (SENIOR, {"years": 1}, 250),
    ],
)
def test_each_kind_counts_in_thousandths_and_in_part(
    item: Any, facts: dict[str, Any], expected: int
) -> None:
    assert score([item], **facts) == expected


def test_the_score_is_the_weighted_mean_of_what_the_lead_says() -> None:
    items = [{**SOLAR, "weight": 3}, TERRITORY, LANGUAGE]

    assert score(items, skills={"solar": 4}) == 600
    assert score(items, {"country": "DE"}, skills={"solar": 4}) == 750
    assert score([TERRITORY, LANGUAGE], {}, territories=(GERMANY,)) == 0


def test_the_best_match_wins_and_is_charged_nothing() -> None:
    members = (seat(1, years=2), seat(2, years=4), seat(3, years=3))

    choice = best(matching(*members, items=[SENIOR]))

    assert [each.position for each in choice.eligible] == [2, 3, 1]
    assert (choice.deltas, choice.shares) == ({}, {})


def test_equal_matches_go_round() -> None:
    members = (seat(1, years=4, last_turn_no=9), seat(2, years=4, last_turn_no=3), seat(3))

    choice = best(matching(*members, items=[SENIOR]))

    assert [each.position for each in choice.eligible] == [2, 1, 3]


def test_a_handful_of_wins_makes_no_champion() -> None:
    lucky = score([ALIKE], record=record(3, 3, alike=(3, 3)))
    proven = score([ALIKE], record=record(400, 240, alike=(200, 100)))

    assert lucky < proven


def test_an_easy_industry_makes_no_champion_either() -> None:
    """The team wins 20 % in retail; whoever never had one is expected to be as good as it."""
    untried = score([ALIKE], record=record(400, 200))
    average = score([ALIKE], record=record(400, 200, alike=(200, 40)))

    assert untried == pytest.approx(227, abs=1)  # 20 %, drawn a little towards the team's 50 %
    assert average == pytest.approx(untried, abs=30)


def test_a_better_member_is_expected_to_be_better_at_what_she_never_had() -> None:
    assert score([ALIKE], record=record(400, 300)) > score([ALIKE], record=record(400, 100))


def test_with_many_leads_the_measured_rate_decides() -> None:
    assert score([ALIKE], record=record(9000, 4500, alike=(8000, 5600))) == pytest.approx(
        700, abs=2
    )


@pytest.mark.parametrize(
    ("values", "team"),
    [({}, TEAM), (LEAD, Record()), (LEAD, None)],
)
def test_without_value_or_figures_nothing_is_alike(values: Any, team: Record | None) -> None:
    choice = best(matching(seat(1), items=[ALIKE], team_record=team), values)

    assert choice.candidates[0].fit == fit.Fit(0, ())


def test_without_the_teams_figures_its_members_make_the_team() -> None:
    members = (seat(1, record=record(100, 80)), seat(2, record=record(100, 20)), seat(3))

    choice = best(matching(*members, items=[ALIKE]))

    assert [each.position for each in choice.eligible] == [1, 3, 2]


@given(
    st.integers(0, 500), st.integers(0, 500), st.integers(0, 500), st.integers(0, 500),
    st.integers(1, 500), st.integers(1, 500),
)  # fmt: skip
def test_a_score_stays_between_nothing_and_full(
    closed: int, won: int, alike: int, alike_won: int, team_closed: int, team_won: int
) -> None:
    hers = record(closed, min(won, closed), alike=(alike, min(alike_won, alike)))
    team = Record(closed=team_closed, won=min(team_won, team_closed))

    assert 0 <= score([ALIKE, SENIOR], team=team, record=hers) <= 1000


@pytest.mark.parametrize("mode", [Mode.CLAIM, Mode.HOPPER])
def test_where_many_may_take_it_only_matched_members_may(mode: Mode) -> None:
    members = (seat(1), seat(2, skills={"solar": 1}), seat(3, languages={"de": 1}), seat(4))

    choice = best(matching(*members, items=[SOLAR, LANGUAGE, ALIKE], mode=mode))

    assert [each.position for each in choice.eligible] == [3, 2]
    skipped: list[Candidate] = [each for each in choice.candidates if each.skip]
    assert [each.skip for each in skipped] == [Skip.SKILL, Skip.SKILL]


@pytest.mark.parametrize("mode", [Mode.CLAIM, Mode.HOPPER])
def test_a_lead_that_asks_for_nothing_is_open_to_everybody(mode: Mode) -> None:
    choice = best(matching(seat(1), seat(2), items=[LANGUAGE], mode=mode), {})

    assert len(choice.eligible) == 2


def test_a_trace_holds_the_parts() -> None:
    hers = record(400, 200, alike=(50, 10))
    items = [{**SOLAR, "weight": 2}, ALIKE]
    choice = best(matching(seat(1, record=hers), items=items, team_record=TEAM))

    assert choice.to_trace()["candidates"][0]["fit"] == {
        "score": 69,
        "parts": [
            {"kind": "skill", "weight": 2, "score": 0, "skill": "Solar", "level": 4, "has": 0},
            {"kind": "similar", "weight": 1, "score": 208, "field": "industry", "value": "Retail",
             "closed": 50, "won": 10},
        ],
    }  # fmt: skip


def problems(listed: Any) -> list[str]:
    return [str(error) for error in fit.validate(listed, REGISTRY, skills=["Solar"])]


def test_what_can_work_is_saved() -> None:
    listed = [{**SOLAR, "weight": 3}, TERRITORY, LANGUAGE, SENIOR, {**ALIKE, "weight": 100}]

    assert problems(listed) == []
    assert problems([]) == []


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ({}, "expected a list, got an object"),
        ([{**ALIKE, "weight": 0}], "[0].weight: expected a whole number from 1 to 100, got 0"),
        ([{**ALIKE, "field": "phone"}], "[0].field: Phone is personal; choose another field"),
        ([{**ALIKE, "field": 3}], "[0].field: unknown field 3; choose one of the team's fields"),
        ([{**ALIKE, "level": 1}], "[0]: unknown part 'level'; use kind, field, weight"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_its_path(listed: Any, message: str) -> None:
    assert problems(listed) == [message]


def test_a_fit_reads_as_a_sentence() -> None:
    assert fit.in_words([{**LANGUAGE, "weight": 3}, ALIKE], REGISTRY) == (
        "speaks the lead’s language (weighs 3); wins leads of the same industry (weighs 1)"
    )
    assert fit.in_words([ALIKE], REGISTRY) == "wins leads of the same industry"
