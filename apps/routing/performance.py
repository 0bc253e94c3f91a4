"""Measured performance: rates shrunk for small numbers, and the bounded factor on weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from typing import Any
from uuid import UUID

from apps.routing import items, splits
from apps.routing.arguments import shown
from apps.routing.conditions import ConditionError
from apps.routing.facts import LeadFacts, PoolFacts, Ranking, Record

FULL = 1_000  # a factor of 1, in thousandths
STRENGTH = 20  # so many leads of her own weigh as much as what is expected beforehand
MOST_PERCENT, LARGEST_PERCENT = 25, 50
DAYS, LONGEST_DAYS = 90, 365
BOUNDS = {
    "days": (1, LONGEST_DAYS),
    "most_percent": (1, LARGEST_PERCENT),
    "share": (0, 100),
}
MEASURES = {"win_rate": "win rate", "response": "time to the first attempt"}


def shrunk(won: int, closed: int, expected: float) -> float:
    """A rate drawn towards what is expected beforehand: the fewer leads, the closer to it."""
    return (won + STRENGTH * expected) / (closed + STRENGTH)


def win_rate(record: Record | None) -> float | None:
    """The share of closed leads that were won; None if none was closed."""
    return record.won / record.closed if record and record.closed else None


def team_record(pool: PoolFacts) -> Record:
    """What the team did: as it was counted, or the sum over the pool's members."""
    if pool.team_record is not None:
        return pool.team_record
    return reduce(summed, (seat.record for seat in pool.seats if seat.record), Record())


def factors(pool: PoolFacts, lead: LeadFacts | None) -> dict[UUID, int]:
    """What each seat's weight is multiplied by for this lead, in thousandths.

    Empty if performance has no say: the pool does not rank by it, the lead is not in the share
    that the pool names, or nothing was measured. A factor stays within the pool's bound.
    """
    if Ranking.PERFORMANCE not in pool.rankings or lead is None:
        return {}
    settings = pool.performance or {}
    if splits.part(lead.id, pool.pool.bytes, [int(settings.get("share", 100))]) is None:
        return {}
    bound = min(int(settings.get("most_percent", MOST_PERCENT)), LARGEST_PERCENT) * FULL // 100
    ratio = RATIOS[settings.get("measure", "win_rate")](team_record(pool))
    if ratio is None:
        return {}
    raw = {seat.seat: round(ratio(seat.record or Record()) * FULL) for seat in pool.seats}
    return {seat: min(max(each, FULL - bound), FULL + bound) for seat, each in raw.items()}


Ratio = Callable[[Record], float]


def _by_win_rate(team: Record) -> Ratio | None:
    expected = win_rate(team)
    if not expected:
        return None
    return lambda record: shrunk(record.won, record.closed, expected) / expected


def _by_response(team: Record) -> Ratio | None:
    """How much sooner than the team she makes her first attempt."""
    if not team.responses or team.response_seconds <= 0:
        return None
    expected = team.response_seconds / team.responses

    def ratio(record: Record) -> float:
        seconds = record.response_seconds + STRENGTH * expected
        return expected * (record.responses + STRENGTH) / seconds

    return ratio


RATIOS: Mapping[str, Callable[[Record], Ratio | None]] = {
    "win_rate": _by_win_rate,
    "response": _by_response,
}


def summed(one: Record, other: Record) -> Record:
    """Two records counted as one."""
    return Record(
        one.leads + other.leads,
        one.closed + other.closed,
        one.won + other.won,
        one.responses + other.responses,
        one.response_seconds + other.response_seconds,
        _added(one.by, other.by),
    )


Counted = Mapping[str, Mapping[str, tuple[int, int]]]


def _added(one: Counted, other: Counted) -> Counted:
    both: dict[str, dict[str, tuple[int, int]]] = {key: dict(found) for key, found in one.items()}
    for key, found in other.items():
        mine = both.setdefault(key, {})
        for value, (closed, won) in found.items():
            before = mine.get(value, (0, 0))
            mine[value] = before[0] + closed, before[1] + won
    return both


# Checking and words


def validate(settings: object) -> list[ConditionError]:
    """Everything that is wrong with a pool's performance settings, each with its path."""
    if not isinstance(settings, Mapping):
        return [ConditionError("", f"expected settings of performance, got {shown(settings)}")]
    return list(_errors(settings))


def in_words(settings: Mapping[str, Any]) -> str:
    """The settings in one line."""
    measure = MEASURES[settings.get("measure", "win_rate")]
    percent, share = settings.get("most_percent", MOST_PERCENT), settings.get("share", 100)
    of_leads = "every lead" if share >= 100 else f"{share} % of the leads"
    days = settings.get("days", DAYS)
    return f"{measure} of the last {days} days, weights ± {percent} % at most, on {of_leads}"


def _errors(settings: Mapping[Any, object]) -> Iterator[ConditionError]:
    for key in settings:
        if key != "measure" and key not in BOUNDS:
            known = ", ".join(("measure", *BOUNDS))
            yield ConditionError("", f"unknown part {shown(key)}; use {known}")
    measure = settings.get("measure", "win_rate")
    if not isinstance(measure, str) or measure not in MEASURES:
        yield ConditionError("measure", f"{shown(measure)} is no measure; use win_rate or response")
    for key, (low, high) in BOUNDS.items():
        wrong = items.whole(settings[key], low, high) if key in settings else None
        if wrong:
            yield ConditionError(key, wrong)
