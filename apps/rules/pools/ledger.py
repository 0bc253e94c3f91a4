"""The turns ledger: every entry of a pool with the credits after it, which always sum to zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from apps.rules import ledgers
from apps.rules.ledgers import PAGE, Cursor, Page, Place
from apps.rules.models import Pool, PoolRevision, Seat, TurnEntry
from apps.teams.models import Membership


@dataclass(frozen=True, slots=True)
class MyTurn:
    """One entry as a member sees it: her part of it alone."""

    entry: TurnEntry
    pool: str
    delta: int
    credit: int
    is_mine: bool


def page(pool: Pool, *, before: Cursor | None = None, size: int = PAGE) -> Page[TurnEntry]:
    """A page of the pool's ledger, with every seat's running credit."""
    seats = _seats_at_once(pool)
    # Read after the seats, up to their turn: a lead placed meanwhile is not on this page.
    newest = seats[0].pool.turn_no if seats else pool.turn_no
    return ledgers.page(
        TurnEntry.objects.filter(pool=pool, turn_no__lte=newest),
        [Place(str(seat.pk), str(seat.membership.user), seat.credit) for seat in seats],
        before=before,
        size=size,
        names_of_removed=partial(_names_of_removed, pool),
    )


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
