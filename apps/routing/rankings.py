"""In what order eligible seats are considered. A ranking is a small sort key, lowest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from apps.routing import credit
from apps.routing.facts import Ranking, SeatFacts

Key = tuple[int, ...]

BY_TURN = frozenset({Ranking.TURN, Ranking.PERFORMANCE})
NOTHING: Mapping[UUID, int] = {}


@dataclass(frozen=True, slots=True)
class Ranked:
    """A seat with the numbers that put it in its place."""

    seat: SeatFacts
    key: Key


@dataclass(frozen=True, slots=True)
class Order:
    """Eligible seats, best first.

    `tied` are those that stand level until turns decide, and `gained` is what this lead is worth
    to each of them, and to the absent who catch up. Both are empty if turns have no say.
    """

    ranked: tuple[Ranked, ...]
    tied: tuple[SeatFacts, ...] = ()
    gained: Mapping[UUID, int] = field(default_factory=dict)


def order(
    eligible: Sequence[SeatFacts],
    rankings: Sequence[Ranking],
    *,
    weights: credit.Weights | None = None,
    fit: Mapping[UUID, int] = NOTHING,
    absent: Sequence[SeatFacts] = (),
    catch_up_turns: int = 0,
) -> Order:
    """Rank by each key in turn; the first difference decides.

    What is left level goes to the turn longest ago, then to the seat's position, never to a
    clock or an id. `fit` gives scores, and `weights` stand in for the seats' own.
    """
    at = next((place for place, each in enumerate(rankings) if each in BY_TURN), None)
    if not eligible or at is None:
        keyed = [(_key(seat, rankings, fit), seat) for seat in eligible]
        return Order(tuple(_sorted(keyed)))
    before, after = rankings[:at], [each for each in rankings[at:] if each not in BY_TURN]
    prior = [(_key(seat, before, fit), seat) for seat in eligible]
    best = min(key for key, _ in prior)
    tied = tuple(seat for key, seat in prior if key == best)
    waiting = [seat for seat in absent if _key(seat, before, fit) == best]
    gained = credit.gains(tied, weights, absent=waiting, catch_up_turns=catch_up_turns)
    keyed = [
        ((*key, -(seat.credit + gained.get(seat.seat, 0)), *_key(seat, after, fit)), seat)
        for key, seat in prior
    ]
    return Order(tuple(_sorted(keyed)), tied, gained)


def _sorted(keyed: Sequence[tuple[Key, SeatFacts]]) -> list[Ranked]:
    ranked = [Ranked(seat, (*key, seat.last_turn_no, seat.position)) for key, seat in keyed]
    ranked.sort(key=lambda each: each.key)
    return ranked


def _key(seat: SeatFacts, rankings: Sequence[Ranking], fit: Mapping[UUID, int]) -> Key:
    """What comes before and after turns: most fit, fewest open leads, the order on the page."""
    key: list[int] = []
    for ranking in rankings:
        if ranking is Ranking.FIT:
            key.append(-fit.get(seat.seat, 0))
        elif ranking is Ranking.LOAD:
            key.append(seat.load)
        else:
            key.append(seat.position)
    return tuple(key)
