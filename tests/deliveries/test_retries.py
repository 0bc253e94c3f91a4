"""When copies are tried again, and who gets a thread for it: both are pure."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from apps.deliveries.sending.lanes import BATCH, QUICK, Due, Lanes
from apps.deliveries.sending.retries import IN_ALL, JITTER, MOST_TRIES, SCHEDULE, next_attempt

chances = st.floats(min_value=0, max_value=1, exclude_max=True)
_numbers = count(1)


@given(tries=st.integers(min_value=1, max_value=40), chance=chances)
def test_a_try_comes_when_the_schedule_says_and_not_after_the_last(
    tries: int, chance: float
) -> None:
    pause = next_attempt(tries, chance)

    if tries >= MOST_TRIES:
        assert pause is None
    else:
        assert pause is not None
        assert abs(pause / SCHEDULE[tries] - 1) <= JITTER + 1e-6


@given(st.lists(chances, min_size=MOST_TRIES - 1, max_size=MOST_TRIES - 1))
def test_all_tries_together_take_a_bit_more_than_a_day(moved: list[float]) -> None:
    pauses = [next_attempt(tries, chance) for tries, chance in enumerate(moved, start=1)]

    in_all = sum((pause for pause in pauses if pause), timedelta())
    assert timedelta(hours=27, minutes=35, seconds=5) == IN_ALL
    assert timedelta(hours=24) < in_all < timedelta(hours=31)


def due(number: int = 1, *, runs: int = 0) -> list[Due]:
    return [Due(UUID(int=next(_numbers)), runs) for _each in range(number)]


def proven(lanes: Lanes, waiting: list[Due]) -> list[Due]:
    for each in waiting:
        lanes.learn(each.recipient, is_quick=True)
    return waiting


def test_recipients_that_did_not_prove_quick_share_a_third_of_the_threads() -> None:
    lanes = Lanes(24)

    chosen = lanes.choose(due(30), now=0)

    assert len(chosen) == 8


def test_quick_recipients_get_what_the_slow_leave_however_many_those_are() -> None:
    lanes = Lanes(24)
    quick = proven(lanes, due(30))

    chosen = lanes.choose([*due(30), *quick], now=0)

    assert len(chosen) == 24
    assert len({each.recipient for each in quick} & set(chosen)) == 16


def test_a_recipient_that_is_waited_for_gets_no_second_thread_and_counts_as_slow() -> None:
    lanes = Lanes(3)
    [hanging] = proven(lanes, due())
    lanes.begin(hanging.recipient, now=0)

    assert lanes.choose([Due(hanging.recipient, 1)], now=QUICK / 2) == [hanging.recipient]
    assert lanes.choose([Due(hanging.recipient, 1)], now=QUICK + 1) == []
    assert lanes.choose(due(), now=QUICK + 1) == []
    assert len(lanes.choose(proven(lanes, due(5)), now=QUICK + 1)) == 2


def test_an_end_frees_the_thread() -> None:
    lanes = Lanes(3)
    number = lanes.begin(due()[0].recipient, now=0)
    assert lanes.choose(due(), now=0) == []

    lanes.end(number)

    assert len(lanes.choose(due(), now=0)) == 1


def test_a_failing_recipient_is_asked_one_copy_at_a_time() -> None:
    lanes = Lanes(3)
    [one] = proven(lanes, due())
    assert lanes.batch(one.recipient) == BATCH

    lanes.learn(one.recipient, is_quick=False)

    assert lanes.batch(one.recipient) == 1
