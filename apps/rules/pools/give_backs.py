"""Turns that are given back: a lead's whole entry is reversed, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F

from apps.routing import credit
from apps.routing.facts import SeatFacts
from apps.rules.models import GiveBack, Pool, Seat, TurnEntry


def of_bad_lead(entry: TurnEntry, *, pool: Pool, now: datetime) -> TurnEntry | None:
    """Reverse the turn of a bad lead: all gains and the payment. None if there is nothing to do.

    Under the pool's lock, which the caller holds. Not where the pool never gives back, and not
    twice for one turn.
    """
    if pool.give_back == GiveBack.NEVER or _is_given_back(entry):
        return None
    seats = list(Seat.objects.filter(pool=pool).select_for_update(no_key=True).order_by("pk"))
    deltas = _reversed(entry, seats)
    if not deltas:
        return None
    for seat_id, delta in deltas.items():
        Seat.objects.filter(pk=seat_id).update(credit=F("credit") + delta)
    made: TurnEntry = TurnEntry.objects.create(
        team_id=entry.team_id, pool=pool, turn_no=pool.turn_no, at=now, lead_id=entry.lead_id,
        winner_id=entry.winner_id, reason=TurnEntry.Reason.GIVE_BACK,
        deltas={str(seat_id): delta for seat_id, delta in deltas.items()},
    )  # fmt: skip
    return made


def _is_given_back(entry: TurnEntry) -> bool:
    same = TurnEntry.objects.filter(pool=entry.pool_id, lead=entry.lead_id, winner=entry.winner_id)
    return same.filter(reason=TurnEntry.Reason.GIVE_BACK, turn_no__gte=entry.turn_no).exists()


def _reversed(entry: TurnEntry, seats: Sequence[Seat]) -> Mapping[UUID, int]:
    moved = {UUID(seat_id): int(delta) for seat_id, delta in entry.deltas.items()}
    return credit.give_back(moved, [_facts(seat) for seat in seats])


def _facts(seat: Seat) -> SeatFacts:
    return SeatFacts(seat.pk, seat.membership_id, "", seat.position, weight=seat.weight)
