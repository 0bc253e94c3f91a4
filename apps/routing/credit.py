"""Eligible credit: who is owed a turn, counted so that a pool's credits always sum to zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from apps.routing.facts import SeatFacts

NANO = 10**9


def gains(eligible: Sequence[SeatFacts]) -> dict[UUID, int]:
    """What one lead is worth to each eligible seat: its weight's share of a turn, in nano-turns.

    Rounded down for everyone alike: seats of equal weight gain exactly the same, so that their
    ties stay ties and are decided by the turn counter, never by a rounding.
    """
    total = sum(seat.weight for seat in eligible)
    return {seat.seat: seat.weight * NANO // total for seat in eligible}


def turn_deltas(eligible: Sequence[SeatFacts], winner: UUID) -> dict[UUID, int]:
    """How one placed lead changes each eligible seat's credit; sums to zero exactly.

    Everyone eligible gains her share of the turn and the winning seat pays what the others
    gained. Raises ValueError if the winning seat is not among the eligible.
    """
    deltas = gains(eligible)
    if winner not in deltas:
        raise ValueError(f"seat {winner} cannot win: it is not among the eligible seats")
    deltas[winner] = 0
    deltas[winner] = -sum(deltas.values())
    return deltas


def give_back(deltas: Mapping[UUID, int]) -> dict[UUID, int]:
    """The entry that reverses one lead's whole entry: all gains and the payment."""
    return {seat: -delta for seat, delta in deltas.items()}


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
