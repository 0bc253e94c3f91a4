"""The turns ledger: every entry of a pool with the credits after it, which always sum to zero."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from apps.rules.models import Pool, PoolRevision, Seat, TurnEntry
from apps.teams.models import Membership

PAGE = 50
Cursor = tuple[int, UUID]


@dataclass(frozen=True, slots=True)
class Cell:
    """A seat in an entry: what it gained or paid, and its credit afterwards, in nano-turns."""

    seat_id: str
    delta: int
    credit: int
    is_winner: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One entry with a cell for each column of its page; `total` is 0 or the ledger is broken."""

    entry: TurnEntry
    cells: tuple[Cell, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Column:
    seat_id: str
    name: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, latest first. `older` is where the next page begins; None at the end."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    total: int
    older: Cursor | None


@dataclass(frozen=True, slots=True)
class MyTurn:
    """One entry as a member sees it: her part of it alone."""

    entry: TurnEntry
    pool: str
    delta: int
    credit: int
    is_mine: bool


def page(pool: Pool, *, before: Cursor | None = None, size: int = PAGE) -> Page:
    """A page of the pool's ledger, with every seat's running credit."""
    seats = _seats_at_once(pool)
    # Read after the seats, up to their turn: a lead placed meanwhile is not on this page.
    newest = seats[0].pool.turn_no if seats else pool.turn_no
    entries = list(_entries(pool, newest, before)[: size + 1])
    credits = Counter({str(seat.pk): seat.credit for seat in seats})
    if before is not None:
        credits.subtract(_moved_since(pool, newest, before))
    shown, more = entries[:size], entries[size:]
    columns = _columns(pool, seats, shown)
    lines = tuple(_lines(shown, columns, credits))
    older = (shown[-1].turn_no, shown[-1].pk) if more else None
    return Page(columns, lines, sum(seat.credit for seat in seats), older)


def my_turns(member: Membership, *, size: int = PAGE) -> list[MyTurn]:
    """A member's latest entries in every pool where she sits, with her running credit."""
    seats = list(Seat.objects.filter(membership=member).select_related("pool"))
    by_id = {str(seat.pk): seat for seat in seats}
    if not by_id:
        return []
    entries = (
        TurnEntry.objects.filter(pool__in=[seat.pool_id for seat in seats])
        .filter(deltas__has_any_keys=list(by_id))
        .order_by("-at", "-id")[:size]
    )
    credits = {seat_id: seat.credit for seat_id, seat in by_id.items()}
    return [turn for entry in entries for turn in _mine(entry, by_id, credits)]


def _mine(entry: TurnEntry, seats: Mapping[str, Seat], credits: dict[str, int]) -> Iterable[MyTurn]:
    for seat_id in entry.deltas.keys() & seats.keys():
        seat, delta = seats[seat_id], int(entry.deltas[seat_id])
        is_mine = entry.winner_id == seat.pk
        yield MyTurn(entry, seat.pool.name, delta, credits[seat_id], is_mine)
        credits[seat_id] -= delta


def _seats_at_once(pool: Pool) -> list[Seat]:
    """The seats and the pool's counter in one statement, so that they are of one moment."""
    return list(
        Seat.objects.filter(pool=pool)
        .select_related("pool", "membership__user")
        .order_by("position", "pk")
    )


def _entries(pool: Pool, newest: int, before: Cursor | None) -> QuerySet[TurnEntry]:
    rows = TurnEntry.objects.filter(pool=pool, turn_no__lte=newest)
    if before is not None:
        turn_no, entry_id = before
        rows = rows.filter(Q(turn_no__lt=turn_no) | Q(turn_no=turn_no, pk__lt=entry_id))
    return rows.order_by("-turn_no", "-id")


def _moved_since(pool: Pool, newest: int, before: Cursor) -> dict[str, int]:
    """How much each seat's credit moved from the cursor on, the cursor's entry included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, sum(value::bigint)::bigint"
            " FROM rules_turnentry, jsonb_each_text(deltas)"
            " WHERE pool_id = %s AND turn_no <= %s AND (turn_no, id) >= (%s, %s) GROUP BY key",
            [pool.pk, newest, *before],
        )
        return dict(cursor.fetchall())


def _lines(
    entries: Sequence[TurnEntry], columns: Sequence[Column], credits: Counter[str]
) -> Iterable[Line]:
    for entry in entries:
        deltas = {seat_id: int(delta) for seat_id, delta in entry.deltas.items()}
        cells = tuple(
            Cell(
                column.seat_id,
                deltas.get(column.seat_id, 0),
                credits[column.seat_id],
                str(entry.winner_id) == column.seat_id,
            )
            for column in columns
        )
        yield Line(entry, cells, sum(credits.values()))
        credits.subtract(deltas)


def _columns(pool: Pool, seats: Sequence[Seat], entries: Sequence[TurnEntry]) -> tuple[Column, ...]:
    """The seats of today, then those that left but are in these entries."""
    here = [Column(str(seat.pk), str(seat.membership.user), True) for seat in seats]
    known = {column.seat_id for column in here}
    gone = {seat_id for entry in entries for seat_id in entry.deltas} - known
    names = _names_of_removed(pool, gone) if gone else {}
    left = [Column(seat_id, names.get(seat_id, "–"), False) for seat_id in sorted(gone)]
    return (*here, *left)


def _names_of_removed(pool: Pool, seat_ids: set[str]) -> dict[str, str]:
    """Who sat on seats that are gone: the pool's revisions remember."""
    members: dict[str, str] = {}
    for settings in PoolRevision.objects.filter(pool=pool).values_list("settings", flat=True):
        for seat in settings.get("seats", ()):
            if seat["seat"] in seat_ids:
                members[seat["seat"]] = seat["member"]
    people = Membership.objects.filter(pk__in=set(members.values())).select_related("user")
    names = {str(member.pk): str(member.user) for member in people}
    return {seat_id: names.get(member, "–") for seat_id, member in members.items()}
