"""What an experiment may claim, and when."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.experiments import statistics
from apps.experiments.statistics import Arm, Finding


def arm(succeeded: int, judged: int) -> Arm:
    return Arm(leads=judged, judged=judged, succeeded=succeeded)


def test_an_interval_is_wilsons() -> None:
    found = statistics.rate(arm(15, 100))

    assert found is not None
    assert found.value == 0.15
    assert (round(found.low, 4), round(found.high, 4)) == (0.0931, 0.2328)


def test_nobody_judged_has_no_rate() -> None:
    assert statistics.rate(arm(0, 0)) is None


@given(st.integers(1, 2000), st.data())
def test_a_rate_lies_within_its_interval(judged: int, data: st.DataObject) -> None:
    succeeded = data.draw(st.integers(0, judged))

    found = statistics.rate(arm(succeeded, judged))

    assert found is not None
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_the_sample_size_is_that_of_the_textbook() -> None:
    # 10 % against 12 %, two-sided 5 %, power 80 %: 3,839 to 3,841 in each arm.
    assert abs(statistics.needed(0.10) / 2 - 3840) <= 5


def test_too_few_leads_are_said_to_be_too_few() -> None:
    found = statistics.verdict([arm(10, 150), arm(30, 162)])

    assert found.finding is Finding.TOO_FEW
    assert found.judged == 312
    assert found.needed > 312


def test_a_clear_difference_has_a_winner_once_enough_leads_are_in() -> None:
    found = statistics.verdict([arm(400, 4000), arm(520, 4000)])

    assert found.finding is Finding.WINNER
    assert found.best == 1
    assert found.p is not None
    assert found.p < 0.001


def test_no_difference_is_called_so() -> None:
    found = statistics.verdict([arm(400, 4000), arm(404, 4000)])

    assert found.finding is Finding.NO_DIFFERENCE


def test_three_arms_are_compared_with_the_best_under_correction() -> None:
    clear = statistics.verdict([arm(500, 5500), arm(500, 5500), arm(700, 5500)])
    close = statistics.verdict([arm(500, 5500), arm(690, 5500), arm(700, 5500)])

    assert (clear.finding, clear.best) == (Finding.WINNER, 2)
    assert close.finding is Finding.NO_DIFFERENCE


def test_looking_every_day_finds_no_more_false_winners_than_promised() -> None:
    draw = random.Random(7)
    false = 0
    for _experiment in range(150):
        succeeded, judged = [0, 0], [0, 0]
        for _day in range(40):
            for place in (0, 1):
                judged[place] += 100
                succeeded[place] += sum(draw.random() < 0.1 for _lead in range(100))
            found = statistics.verdict([arm(succeeded[0], judged[0]), arm(succeeded[1], judged[1])])
            if found.finding is not Finding.TOO_FEW:
                false += found.finding is Finding.WINNER
                break

    assert false / 150 < 0.08


def test_the_median_of_few_is_not_told() -> None:
    assert statistics.median([1.0] * 9) is None


def test_a_median_counts_the_unanswered_as_never() -> None:
    found = statistics.median([60.0] * 5 + [math.inf] * 7)

    assert found is not None
    assert found.value == math.inf
    assert found.low == 60.0


@pytest.mark.parametrize("n", [10, 25, 400])
def test_a_median_lies_within_its_interval(n: int) -> None:
    found = statistics.median([float(wait) for wait in range(n)])

    assert found is not None
    assert found.low <= found.value <= found.high
    assert found.value == math.ceil(n / 2) - 1
