"""The single rows and updates of which a change of ownership is made."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from apps.assignments.models import Offer
from apps.assignments.seating import Table
from apps.assignments.together import Fragment
from apps.leads.models import Lead, Status
from apps.routing.decide import Choice
from apps.rules.models import TurnEntry
from apps.teams.models import Team
from apps.teams.scope import deed

__all__ = [
    "count_turn", "deed", "first_status", "free_place", "take_place", "turn_entry", "uncount_day",
    "update_lead",
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


def count_turn(table: Table, choice: Choice) -> list[Fragment]:
    """The pool's counter, every seat's credit, and the winner's turn and day."""
    assert choice.winner is not None  # a turn has a winner
    winner = choice.winner.seat
    deltas = dict(choice.deltas) or {winner: 0}
    marks = ", ".join(["(%s::uuid, %s::bigint)"] * len(deltas))
    moved = [value for pair in deltas.items() for value in pair]
    credit = (
        "UPDATE rules_seat AS seat SET credit = seat.credit + moved.delta, "
        "last_turn_no = CASE WHEN seat.id = %s THEN %s ELSE seat.last_turn_no END, "
        "day_count = CASE WHEN seat.id <> %s THEN seat.day_count "
        "WHEN seat.day = %s THEN seat.day_count + 1 ELSE 1 END, "
        "day = CASE WHEN seat.id = %s THEN %s ELSE seat.day END "
        f"FROM (VALUES {marks}) AS moved (id, delta) WHERE seat.id = moved.id"
    )
    today = table.today
    values = [winner, choice.turn_no, winner, today, winner, today, *moved]
    return [
        ("UPDATE rules_pool SET turn_no = %s WHERE id = %s", [choice.turn_no, table.pool.pk]),
        (credit, values),
    ]


def uncount_day(offer: Offer) -> Fragment:
    """An offer that came to nothing does not count against the seat's cap of its day.

    Seats are the last in the order of locks: this goes into the statement that ends the offer's
    transaction, never before a pool is locked.
    """
    day = offer.opened_at.astimezone(ZoneInfo(offer.team.timezone)).date()
    sql = (
        "UPDATE rules_seat SET day_count = day_count - 1 "
        "WHERE pool_id = %s AND membership_id = %s AND day = %s AND day_count > 0"
    )
    return sql, [offer.pool_id, offer.member_id, day]


def first_status(team: Team, kind: str) -> Status:
    """The team's first status in use of a kind. LookupError names the remedy."""
    status = Status.objects.filter(team=team, kind=kind, is_active=True).first()
    if status is None:
        raise LookupError(f"{team} has no status of the kind “{kind}”: add one in the admin.")
    return status
