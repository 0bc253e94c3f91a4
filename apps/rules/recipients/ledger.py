"""The ledger of a pool of recipients: its turns, and each seat's credit after them."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from apps.rules import ledgers
from apps.rules.ledgers import PAGE, Cursor, Page, Place
from apps.rules.models import Recipient, RecipientPool, RecipientSeat, RecipientTurn
from apps.rules.recipients.pools import SEAT_REMOVED
from apps.teams.models import AuditEntry


def page(
    pool: RecipientPool, *, before: Cursor | None = None, size: int = PAGE
) -> Page[RecipientTurn]:
    """A page of the pool's ledger, with every seat's running credit."""
    seats = _seats_at_once(pool)
    # Read after the seats, up to their turn: a lead sent meanwhile is not on this page.
    newest = seats[0].pool.turn_no if seats else pool.turn_no
    return ledgers.page(
        RecipientTurn.objects.filter(pool=pool, turn_no__lte=newest),
        [Place(str(seat.pk), seat.recipient.name, seat.credit) for seat in seats],
        before=before,
        size=size,
        names_of_removed=partial(_names_of_removed, pool),
    )


def _seats_at_once(pool: RecipientPool) -> list[RecipientSeat]:
    """The seats and the pool's counter in one statement, so that they are of one moment."""
    rows = RecipientSeat.objects.filter(pool=pool).select_related("pool", "recipient")
    return list(rows.order_by("position", "pk"))


def _names_of_removed(pool: RecipientPool, seat_ids: set[str]) -> dict[str, str]:
    """Who sat on seats that are gone: the audit log remembers."""
    entries = AuditEntry.objects.filter(
        team_id=pool.team_id, target_id=pool.pk, action=SEAT_REMOVED
    )
    sat = {
        detail["seat"]: detail["recipient"]
        for detail in entries.values_list("detail", flat=True)
        if detail.get("seat") in seat_ids
    }
    rows = Recipient.objects.filter(team_id=pool.team_id, pk__in=set(map(UUID, sat.values())))
    names = {str(recipient.pk): recipient.name for recipient in rows}
    return {seat_id: names.get(recipient_id, "–") for seat_id, recipient_id in sat.items()}
