"""The points table: what lines add up to, how age takes from them, and which band it makes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.routing.scoring import MOST_POINTS, LineSpec, PointsTable, Score, band_of, faded
from tests.routing.makers import NOON, REGISTRY, every, lead, leaf, uuid

BANDS = {"A": 70, "B": 40, "C": 10}

points = st.integers(-MOST_POINTS, MOST_POINTS)
ages = st.floats(0, 5_000, allow_nan=False)
half_lives = st.integers(1, 400)


def line(
    number: int, amount: int, conditions: dict[str, Any] | None = None, half_life: int | None = None
) -> LineSpec:
    return LineSpec(uuid(number), f"Line {number}", amount, conditions or {}, half_life)


def table(*lines: LineSpec) -> PointsTable:
    return PointsTable(lines, REGISTRY, BANDS)


def scored(made: PointsTable, values: dict[str, Any] | None = None, days: float = 0) -> Score:
    return made.score(lead(values), now=NOON + timedelta(days=days))


def test_only_lines_that_the_lead_meets_count() -> None:
    made = table(
        line(1, 30, leaf("budget", "gte", 10_000)),
        line(2, 20, leaf("decision_maker", "is", True)),
        line(3, -15, leaf("company", "is_empty")),
    )

    score = scored(made, {"budget": 12_000, "company": "Isarwerk"})

    assert (score.points, score.band) == (30, "C")
    assert [each["name"] for each in score.lines] == ["Line 1"]


def test_points_can_be_taken_away() -> None:
    made = table(line(1, 40), line(2, -15, leaf("company", "is_empty")))

    score = scored(made)

    assert score.points == 25
    assert [each["points"] for each in score.lines] == [40, -15]


def test_a_line_says_what_it_asked_and_what_age_left_of_it() -> None:
    made = table(line(1, 20, every(leaf("country", "is", "AT"), leaf("employees", "gte", 50)), 10))

    (explained,) = scored(made, {"country": "AT", "employees": 80}, days=10).lines

    assert explained == {
        "line": str(uuid(1)), "name": "Line 1", "points": 10, "of": 20,
        "words": "country is AT; employees ≥ 50", "half_life": 10, "decays": True,
    }  # fmt: skip


def test_a_line_never_says_what_it_asks_of_a_personal_field() -> None:
    made = table(line(1, 5, leaf("email", "ends_with", ["sattler.example"])))

    (explained,) = scored(made, {"email": "rosa@sattler.example"}).lines

    assert "sattler" not in explained["words"]


def test_what_age_took_whole_fades_no_more() -> None:
    made = table(line(1, 3, half_life=1))

    (explained,) = scored(made, days=30).lines

    assert (explained["points"], explained["decays"]) == (0, False)


def test_a_lead_that_meets_nothing_is_worth_nothing() -> None:
    assert scored(table(line(1, 50, leaf("product", "is", "Depot")))) == Score(0, "D", [])


def test_an_empty_table_gives_nothing() -> None:
    assert scored(table()) == Score(0, "D", [])


def test_a_broken_condition_gives_no_points() -> None:
    made = table(line(1, 50, leaf("gone", "is", "x")), line(2, 7))

    assert scored(made).points == 7


def test_a_table_knows_whether_time_changes_its_scores() -> None:
    silent = table(line(1, -5, leaf("silent_days", "gte", 7)))

    assert table(line(1, 5, half_life=30)).fades
    assert not table(line(1, 5)).fades
    assert silent.asks_for_time
    assert not table(line(1, 5)).asks_for_time


@pytest.mark.parametrize(
    ("points", "band"), [(70, "A"), (69, "B"), (40, "B"), (39, "C"), (10, "C"), (9, "D"), (-5, "D")]
)
def test_bands_begin_at_their_least_score(points: int, band: str) -> None:
    assert band_of(points, BANDS) == band


@given(st.lists(st.tuples(points, st.none() | half_lives), max_size=20), ages)
def test_lines_add_up_to_the_score(lines: list[tuple[int, int | None]], age: float) -> None:
    made = table(*(line(n, amount, None, half) for n, (amount, half) in enumerate(lines)))

    score = scored(made, days=age)

    assert sum(each["points"] for each in score.lines) == score.points
    assert score.band == band_of(score.points, BANDS)


@given(points, half_lives)
def test_half_is_left_after_a_half_life(amount: int, half_life: int) -> None:
    assert faded(amount, 0, half_life) == amount
    assert abs(faded(amount, half_life, half_life) - amount / 2) <= 0.5
    assert abs(faded(amount, 2 * half_life, half_life) - amount / 4) <= 0.5


@given(points, ages, ages, half_lives)
def test_age_only_takes_and_never_turns_the_sign(
    amount: int, age: float, more: float, half_life: int
) -> None:
    young, old = faded(amount, age, half_life), faded(amount, age + more, half_life)

    assert abs(old) <= abs(young) <= abs(amount)
    assert old * amount >= 0


@given(points, ages, half_lives)
def test_what_is_taken_away_fades_as_what_is_given(amount: int, age: float, half_life: int) -> None:
    assert faded(-amount, age, half_life) == -faded(amount, age, half_life)


@given(points, ages)
def test_without_a_half_life_age_takes_nothing(amount: int, age: float) -> None:
    assert faded(amount, age, None) == amount


@given(points, st.floats(-5_000, 0, allow_nan=False), half_lives)
def test_a_lead_from_the_future_counts_in_full(amount: int, age: float, half_life: int) -> None:
    assert faded(amount, age, half_life) == amount


@given(
    st.integers(-30_000, 30_000), st.integers(-30_000, 30_000), st.integers(-30_000, 30_000),
    st.integers(-30_000, 30_000), st.integers(0, 500),
)  # fmt: skip
def test_more_points_never_make_a_lower_band(
    c: int, b: int, a: int, points: int, more: int
) -> None:
    low, middle, high = sorted((a, b, c))
    bands = {"A": high, "B": middle, "C": low}

    assert band_of(points + more, bands) <= band_of(points, bands)
