"""When a copy that failed is tried again. Pure."""

from __future__ import annotations

from datetime import timedelta

# Before each try: at once, then ever less often, for about 27½ hours in all.
SCHEDULE = tuple(
    timedelta(seconds=seconds)
    for seconds in (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
)
MOST_TRIES = len(SCHEDULE)
IN_ALL = sum(SCHEDULE, timedelta())
JITTER = 0.1


def next_attempt(attempts_made: int, chance: float) -> timedelta | None:
    """How long to wait after so many tries; None if that was the last.

    `chance` in [0, 1) moves it by up to JITTER either way, so that what failed together does not
    come back together.
    """
    if attempts_made >= MOST_TRIES:
        return None
    return SCHEDULE[attempts_made] * (1 - JITTER + 2 * JITTER * chance)
