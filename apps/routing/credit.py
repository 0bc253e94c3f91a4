"""Eligible credit: who is owed a turn, counted so that a pool's credits always sum to zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from apps.routing.facts import SeatFacts

NANO = 10**9
Weights = Mapping[UUID, int]


def gains(
    eligible: Sequence[SeatFacts],
    weights: Weights | None = None,
    *,
    absent: Sequence[SeatFacts] = (),
    catch_up_turns: int = 0,
) -> dict[UUID, int]:
    """What one lead is worth to each eligible seat: its weight's share of a turn, in nano-turns.

    Rounded down for everyone alike: seats of equal weight gain exactly the same, so that their
    ties stay ties and are decided by the turn counter, never by a rounding. `weights` stand in
    for the seats' own. `absent` seats gain like the rest until they are owed `catch_up_turns`;
    one that is owed as much takes no part.
    """
    room = {seat.seat: catch_up_turns * NANO - seat.credit for seat in absent}
    waiting = [seat for seat in absent if room[seat.seat] > 0]
    weigh = weights or {}
    weighed = {s.seat: weigh.get(s.seat, s.weight) for s in (*eligible, *waiting)}
    total = sum(weighed.values())
    gained = {seat: weight * NANO // total for seat, weight in weighed.items()}
    for seat in waiting:
        gained[seat.seat] = min(gained[seat.seat], room[seat.seat])
    return gained


def charged(gained: Mapping[UUID, int], winner: UUID) -> dict[UUID, int]:
    """The whole entry of a turn: the winning seat pays what the others gain.

    Raises ValueError if the winning seat is not among those that gain.
    """
    if winner not in gained:
        raise ValueError(f"seat {winner} cannot win: it is not among the eligible seats")
    return {**gained, winner: gained[winner] - sum(gained.values())}


def turn_deltas(
    eligible: Sequence[SeatFacts],
    winner: UUID,
    *,
    weights: Weights | None = None,
    absent: Sequence[SeatFacts] = (),
    catch_up_turns: int = 0,
) -> dict[UUID, int]:
    """How one placed lead changes each seat's credit; sums to zero exactly.

    Everyone eligible gains her share of the turn (so do the absent, in a pool that lets them
    catch up) and the winning seat pays what the others gained. Raises ValueError if the winning
    seat is not among the eligible.
    """
    if winner not in {seat.seat for seat in eligible}:
        raise ValueError(f"seat {winner} cannot win: it is not among the eligible seats")
    gained = gains(eligible, weights, absent=absent, catch_up_turns=catch_up_turns)
    return charged(gained, winner)


def give_back(deltas: Mapping[UUID, int], seats: Sequence[SeatFacts]) -> dict[UUID, int]:
    """The entry that reverses one lead's whole entry: all gains and the payment.

    Over the seats of today: the part of those that left is shared by the rest.
    """
    here = {seat.seat: -deltas.get(seat.seat, 0) for seat in seats}
    left = -sum(deltas.values()) - sum(here.values())
    for seat, share in share_out(left, seats).items():
        here[seat] += share
    return {seat: delta for seat, delta in here.items() if delta}


def share_out(credit: int, seats: Sequence[SeatFacts]) -> dict[UUID, int]:
    """A removed seat's credit over the seats that stay, by weight; sums to it exactly.

    Shares are rounded down and what is left goes out by largest remainder, ties by position.
    """
    if not seats:
        return {}
    total = sum(seat.weight for seat in seats)
    shares = {seat.seat: divmod(credit * seat.weight, total) for seat in seats}
    left = credit - sum(share for share, _ in shares.values())
    by_remainder = sorted(seats, key=lambda seat: (-shares[seat.seat][1], seat.position))
    favoured = {seat.seat for seat in by_remainder[:left]}
    return {seat: share + (seat in favoured) for seat, (share, _) in shares.items()}
