"""Turns of a pool, latest first, with every seat's credit after each: members' or recipients'."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from apps.rules.models import RecipientTurn, TurnEntry

PAGE = 50
Cursor = tuple[int, UUID]
Entry = TypeVar("Entry", TurnEntry, RecipientTurn)
EACH_SEAT = "jsonb_each_text(deltas) GROUP BY key"
NamesOf = Callable[[set[str]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Place:
    """A seat of today: who sits there, and its credit in nano-turns."""

    seat_id: str
    name: str
    credit: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A seat in an entry: what it gained or paid, and its credit afterwards, in nano-turns."""

    seat_id: str
    delta: int
    credit: int
    is_winner: bool


@dataclass(frozen=True, slots=True)
class Line(Generic[Entry]):
    """One entry with a cell for each column of its page; `total` is 0 or the ledger is broken."""

    entry: Entry
    cells: tuple[Cell, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Column:
    seat_id: str
    name: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Page(Generic[Entry]):
    """Entries, latest first. `older` is where the next page begins; None at the end."""

    columns: tuple[Column, ...]
    lines: tuple[Line[Entry], ...]
    total: int
    older: Cursor | None


def page(
    entries: QuerySet[Entry],
    places: Sequence[Place],
    *,
    before: Cursor | None,
    size: int,
    names_of_removed: NamesOf,
) -> Page[Entry]:
    """A page of one pool's entries, none of which is younger than `places`."""
    credits = Counter({place.seat_id: place.credit for place in places})
    if before is not None:
        credits.subtract(_moved_since(entries, before))
    found = list(_older(entries, before).order_by("-turn_no", "-id")[: size + 1])
    shown, more = found[:size], found[size:]
    columns = tuple(_columns(places, shown, names_of_removed))
    older = (shown[-1].turn_no, shown[-1].pk) if more else None
    total = sum(place.credit for place in places)
    return Page(columns, tuple(_lines(shown, columns, credits)), total, older)


def _older(entries: QuerySet[Entry], before: Cursor | None) -> QuerySet[Entry]:
    if before is None:
        return entries
    turn_no, entry_id = before
    return entries.filter(Q(turn_no__lt=turn_no) | Q(turn_no=turn_no, pk__lt=entry_id))


def _moved_since(entries: QuerySet[Entry], before: Cursor) -> dict[str, int]:
    """How much each seat's credit moved from the cursor on, the cursor's entry included."""
    turn_no, entry_id = before
    since = entries.filter(Q(turn_no__gt=turn_no) | Q(turn_no=turn_no, pk__gte=entry_id))
    rows, values = since.order_by().values("deltas").query.sql_with_params()
    sums = f"SELECT key, sum(value::bigint)::bigint FROM ({rows}) moved, {EACH_SEAT}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sums, values)
        return dict(cursor.fetchall())


def _lines(
    entries: Sequence[Entry], columns: Sequence[Column], credits: Counter[str]
) -> Iterable[Line[Entry]]:
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


def _columns(
    places: Sequence[Place], entries: Sequence[Entry], names_of_removed: NamesOf
) -> Iterable[Column]:
    """The seats of today, then those that left but are in these entries."""
    for place in places:
        yield Column(place.seat_id, place.name, True)
    gone = {seat_id for entry in entries for seat_id in entry.deltas}
    gone -= {place.seat_id for place in places}
    names = names_of_removed(gone) if gone else {}
    for seat_id in sorted(gone):
        yield Column(seat_id, names.get(seat_id, "–"), False)
