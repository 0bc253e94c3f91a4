"""The ledger of a pool of recipients: its turns, and each seat's credit after them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from apps.rules.models import Recipient, RecipientPool, RecipientSeat, RecipientTurn
from apps.rules.pools.ledger import PAGE, Cell, Column, Cursor
from apps.rules.recipients.pools import SEAT_REMOVED
from apps.teams.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Line:
    """One turn with a cell for each column; `total` is 0 or the ledger is broken."""

    turn: RecipientTurn
    cells: tuple[Cell, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Page:
    """Turns, latest first. `older` is where the next page begins; None at the end."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    total: int
    older: Cursor | None


def page(pool: RecipientPool, *, before: Cursor | None = None, size: int = PAGE) -> Page:
    """A page of the pool's ledger, with every seat's running credit."""
    seats = _seats_at_once(pool)
    # Read after the seats, up to their turn: a lead sent meanwhile is not on this page.
    newest = seats[0].pool.turn_no if seats else pool.turn_no
    turns = list(_turns(pool, newest, before)[: size + 1])
    credits = Counter({str(seat.pk): seat.credit for seat in seats})
    if before is not None:
        credits.subtract(_moved_since(pool, newest, before))
    shown, more = turns[:size], turns[size:]
    columns = _columns(pool, seats, shown)
    older = (shown[-1].turn_no, shown[-1].pk) if more else None
    total = sum(seat.credit for seat in seats)
    return Page(columns, tuple(_lines(shown, columns, credits)), total, older)


def _seats_at_once(pool: RecipientPool) -> list[RecipientSeat]:
    """The seats and the pool's counter in one statement, so that they are of one moment."""
    rows = RecipientSeat.objects.filter(pool=pool).select_related("pool", "recipient")
    return list(rows.order_by("position", "pk"))


def _turns(pool: RecipientPool, newest: int, before: Cursor | None) -> QuerySet[RecipientTurn]:
    rows = RecipientTurn.objects.filter(pool=pool, turn_no__lte=newest)
    if before is not None:
        turn_no, turn_id = before
        rows = rows.filter(Q(turn_no__lt=turn_no) | Q(turn_no=turn_no, pk__lt=turn_id))
    return rows.order_by("-turn_no", "-id")


def _moved_since(pool: RecipientPool, newest: int, before: Cursor) -> dict[str, int]:
    """How much each seat's credit moved from the cursor on, the cursor's turn included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, sum(value::bigint)::bigint"
            " FROM rules_recipientturn, jsonb_each_text(deltas)"
            " WHERE pool_id = %s AND turn_no <= %s AND (turn_no, id) >= (%s, %s) GROUP BY key",
            [pool.pk, newest, *before],
        )
        return dict(cursor.fetchall())


def _lines(
    turns: Sequence[RecipientTurn], columns: Sequence[Column], credits: Counter[str]
) -> Iterable[Line]:
    for turn in turns:
        deltas = {seat_id: int(delta) for seat_id, delta in turn.deltas.items()}
        cells = tuple(
            Cell(
                column.seat_id,
                deltas.get(column.seat_id, 0),
                credits[column.seat_id],
                str(turn.winner_id) == column.seat_id,
            )
            for column in columns
        )
        yield Line(turn, cells, sum(credits.values()))
        credits.subtract(deltas)


def _columns(
    pool: RecipientPool, seats: Sequence[RecipientSeat], turns: Sequence[RecipientTurn]
) -> tuple[Column, ...]:
    """The seats of today, then those that left but are in these turns."""
    here = [Column(str(seat.pk), seat.recipient.name, True) for seat in seats]
    known = {column.seat_id for column in here}
    gone = {seat_id for turn in turns for seat_id in turn.deltas} - known
    names = _names_of_removed(pool, gone) if gone else {}
    left = [Column(seat_id, names.get(seat_id, "–"), False) for seat_id in sorted(gone)]
    return (*here, *left)


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
