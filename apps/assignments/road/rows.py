"""The single rows and updates of which a change of ownership is made."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.assignments.models import Offer
from apps.assignments.road.together import Fragment
from apps.assignments.seats.seating import Table
from apps.leads.models import Lead, Status
from apps.routing.decide import Choice
from apps.rules.models import TurnEntry
from apps.teams.fixed import prepared
from apps.teams.models import Team
from apps.teams.scope import deed

__all__ = [
    "count_turn", "counted_seat", "deed", "first_status", "free_place", "lock_seats",
    "take_place", "turn_entry", "uncount", "update_lead",
]  # fmt: skip


def update_lead(lead: Lead, changes: dict[str, Any]) -> Fragment:
    """The lead's new stage, owner and moments; `changes` maps attribute names to values."""
    columns = {_column(name): value for name, value in changes.items()}
    sets = ", ".join(f'"{field.column}" = %s' for field in columns)
    values = [field.get_db_prep_save(value, connection) for field, value in columns.items()]
    return f'UPDATE leads_lead SET {sets}, version = version + 1 WHERE id = %s', [
        *values, lead.pk,
    ]  # fmt: skip


def _column(name: str) -> Any:
    return Lead._meta.get_field(name.removesuffix("_id") if name != "provider_id" else name)


def free_place(member_id: UUID) -> Fragment:
    """Give one place of the member's capacity back."""
    return (
        "UPDATE teams_membership SET open_leads = greatest(open_leads - 1, 0) WHERE id = %s",
        [member_id],
    )


def take_place(member_id: UUID) -> Fragment:
    """Take a place whether or not there is one: a hand assignment overrides capacity."""
    return "UPDATE teams_membership SET open_leads = open_leads + 1 WHERE id = %s", [member_id]


def turn_entry(table: Table, choice: Choice, lead: Lead, now: datetime) -> TurnEntry:
    """The ledger's line of this turn."""
    assert choice.winner is not None  # a turn has a winner
    assert choice.turn_no is not None
    return TurnEntry(
        team_id=lead.team_id,
        pool_id=table.pool.pk,
        turn_no=choice.turn_no,
        at=now,
        lead_id=lead.pk,
        winner_id=choice.winner.seat,
        deltas={str(seat): delta for seat, delta in choice.deltas.items()},
    )


def count_turn(table: Table, choice: Choice, now: datetime) -> list[Fragment]:
    """The pool's counter, every seat's credit, and what the winner's seat keeps of it.

    A lead that its owner kept is counted, but it was nobody's turn.
    """
    assert choice.winner is not None  # a turn has a winner
    winner = choice.winner.seat
    deltas = dict(choice.deltas) or {winner: 0}
    marks = ", ".join(["(%s::uuid, %s::bigint)"] * len(deltas))
    moved = [value for pair in deltas.items() for value in pair]
    its_turn = None if choice.sticky else winner
    seats = (
        "UPDATE rules_seat AS seat SET credit = seat.credit + moved.delta, "
        "last_turn_no = CASE WHEN seat.id = %s THEN %s ELSE seat.last_turn_no END, "
        f"placed_at = CASE WHEN seat.id = %s THEN {PLACED} ELSE seat.placed_at END "
        f"FROM (VALUES {marks}) AS moved (id, delta) WHERE seat.id = moved.id"
    )
    return [
        ("UPDATE rules_pool SET turn_no = %s WHERE id = %s", [choice.turn_no, table.pool.pk]),
        (seats, [its_turn, choice.turn_no, winner, now, *moved]),
    ]


# The newest first, as many as the greatest cap needs; none without caps.
PLACED = (
    "(array_prepend(%s::timestamptz, seat.placed_at))"
    "[1:greatest(seat.cap_hour, seat.cap_day, seat.cap_week, seat.cap_month, 0)]"
)
# One of the moments at most: two leads may have been placed in the same one.
COUNTED_SEAT = (
    "SELECT id FROM rules_seat WHERE pool_id = %s AND placed_at @> ARRAY[%s::timestamptz] "
    "AND (membership_id = %s OR membership_id IN (SELECT membership_id FROM teams_cover "
    "WHERE by_member_id = %s AND starts_at <= %s AND ends_at > %s)) "
    "ORDER BY membership_id <> %s LIMIT 1"
)
UNCOUNT = (
    "UPDATE rules_seat SET placed_at = placed_at[:array_position(placed_at, %s::timestamptz) - 1] "
    "|| placed_at[array_position(placed_at, %s::timestamptz) + 1:] "
    "WHERE id = %s AND placed_at @> ARRAY[%s::timestamptz]"
)
LOCK_MEMBER = "SELECT FROM teams_membership WHERE id = %s FOR NO KEY UPDATE"
LOCK_SEATS = "SELECT FROM rules_seat WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"


def counted_seat(offer: Offer) -> UUID | None:
    """The seat on which an exclusive offer counts against a cap; None if it has no caps."""
    at, member = offer.opened_at, offer.member_id
    with prepared() as cursor:
        cursor.execute(COUNTED_SEAT, [offer.pool_id, at, member, member, at, at, member])
        found = cursor.fetchone()
    return found[0] if found else None


def uncount(seat_id: UUID, offer: Offer) -> None:
    """An offer that came to nothing does not count against the caps of its seat.

    Seats are the last in the order of locks: this is the transaction's last statement.
    """
    at = offer.opened_at
    with prepared() as cursor:
        cursor.execute(UNCOUNT, [at, at, seat_id, at])


def lock_seats(seats: Collection[UUID], *, member_id: UUID | None) -> None:
    """Lock these seats in the order of their ids, and before them a member whose place is freed.

    For a transaction that moves seats of two pools, of which it may have locked but one.
    """
    with prepared() as cursor:
        cursor.execute(LOCK_MEMBER, [member_id])
    with prepared() as cursor:
        cursor.execute(LOCK_SEATS, [list(seats)])


def first_status(team: Team, kind: str) -> Status:
    """The team's first status in use of a kind. LookupError names the remedy."""
    status = Status.objects.filter(team=team, kind=kind, is_active=True).first()
    if status is None:
        raise LookupError(f"{team} has no status of the kind “{kind}”: add one in the admin.")
    return status
