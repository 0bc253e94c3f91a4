"""What a returned lead gives back: its turn, and its place in caps and campaign, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from apps.assignments.road import together
from apps.deliveries.models import Delivery
from apps.deliveries.plans import counting
from apps.routing import credit
from apps.rules.models import Recipient, RecipientPool, RecipientSeat, RecipientTurn
from apps.rules.recipients.facts import seat_facts

Reason = RecipientTurn.Reason


def of(delivery: Delivery, *, now: datetime) -> bool:
    """Give back what this delivery counted for; False if there was nothing, or no more.

    Inside the caller's transaction, which decides once whether the return is accepted. Locks the
    pool, then the recipient.
    """
    turned = delivery.turn_id is not None and _turn(delivery.turn_id, now)
    rows = Recipient.objects.filter(pk=delivery.recipient_id)
    recipient = rows.select_for_update(no_key=True).get()
    freed = counting.uncount(recipient, delivery)
    if freed:
        together.write([], counting.save_counts([recipient]))
    return turned or freed


def _turn(turn_id: UUID, now: datetime) -> bool:
    """Reverse the whole entry of the turn: all gains and the payment."""
    entry = RecipientTurn.objects.get(pk=turn_id)
    pool = RecipientPool.objects.select_for_update(no_key=True).get(pk=entry.pool_id)
    again = RecipientTurn.objects.filter(pool=pool, lead=entry.lead_id, reason=Reason.GIVE_BACK)
    if again.filter(winner=entry.winner_id).exists():
        return False
    seats = list(RecipientSeat.objects.filter(pool=pool).order_by("pk"))
    deltas = _reversed(entry, seats)
    if not deltas:
        return False
    for seat in seats:
        seat.credit += deltas.get(seat.pk, 0)
    back = RecipientTurn(
        team_id=pool.team_id, pool_id=pool.pk, turn_no=pool.turn_no, at=now,
        lead_id=entry.lead_id, winner_id=entry.winner_id, reason=Reason.GIVE_BACK,
        deltas={str(seat): delta for seat, delta in deltas.items()},
    )  # fmt: skip
    together.write([back], [counting.save_seats(seats)])
    return True


def _reversed(entry: RecipientTurn, seats: Sequence[RecipientSeat]) -> Mapping[UUID, int]:
    moved = {UUID(seat): int(delta) for seat, delta in entry.deltas.items()}
    return credit.give_back(moved, [seat_facts(seat) for seat in seats])
