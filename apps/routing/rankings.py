"""In what order eligible seats are considered. A ranking is a small sort key, lowest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.routing import credit
from apps.routing.facts import Ranking, SeatFacts

Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A seat with the numbers that put it in its place."""

    seat: SeatFacts
    key: Key


def order(eligible: Sequence[SeatFacts], ranking: Ranking) -> tuple[Ranked, ...]:
    """Best first. Ties end in the seat's position, never in a clock or an id."""
    due = credit.gains(eligible) if eligible else {}
    ranked = [Ranked(seat, KEYS[ranking](seat, due)) for seat in eligible]
    return tuple(sorted(ranked, key=lambda each: each.key))


def _turn(seat: SeatFacts, due: Mapping[UUID, int]) -> Key:
    """Most owed first, this lead's share included; then whoever had a turn longest ago."""
    return (-(seat.credit + due[seat.seat]), seat.last_turn_no, seat.position)


def _load(seat: SeatFacts, due: Mapping[UUID, int]) -> Key:
    """Fewest open leads first; then whoever had a turn longest ago."""
    return (seat.load, seat.last_turn_no, seat.position)


def _position(seat: SeatFacts, due: Mapping[UUID, int]) -> Key:
    """The order on the pool's page."""
    return (seat.position,)


KEYS: dict[Ranking, Callable[[SeatFacts, Mapping[UUID, int]], Key]] = {
    Ranking.TURN: _turn,
    Ranking.LOAD: _load,
    Ranking.PERFORMANCE: _turn,
    Ranking.FIT: _turn,
    Ranking.FIXED: _position,
    Ranking.NONE: _position,
}
