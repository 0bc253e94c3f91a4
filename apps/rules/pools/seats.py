"""Who sits in a pool: places, weights, caps and credit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from apps.routing import credit
from apps.routing.facts import SeatFacts
from apps.rules.models import Pool, Seat, TurnEntry
from apps.rules.pools import services as pools
from apps.rules.refusals import Problem, Refused
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission

HEAVIEST = 1_000
CAPS = ("cap_hour", "cap_day", "cap_week", "cap_month", "capacity")
LARGEST_CAP = 100_000
MOST_TURNS = 100


@dataclass(frozen=True, slots=True)
class SeatFields:
    """How a seat is set; no cap is None. `capacity` counts the open leads that the pool counts."""

    weight: int = 1
    cap_hour: int | None = None
    cap_day: int | None = None
    cap_week: int | None = None
    cap_month: int | None = None
    capacity: int | None = None
    has_head_start: bool = False
    is_active: bool = True

    @classmethod
    def of(cls, seat: Seat) -> SeatFields:
        return cls(**{name: getattr(seat, name) for name in pools.SEAT_SETTINGS})


@transaction.atomic
def add_seat(
    pool: Pool,
    member: Membership,
    *,
    by: Access,
    now: datetime,
    **settings: Any,
) -> Seat:
    """Give a member a seat at the end, with a credit of 0; `settings` are SeatFields.

    May raise Refused.
    """
    by.require(Permission.EDIT_ROUTING)
    pool = pools.lock(pool)
    fields = SeatFields(**settings)
    _refuse_if_wrong({"": fields})
    if member.team_id != pool.team_id or not member.is_active:
        raise Refused.at("member", _("Choose an active member of this team."))
    if pool.seats.filter(membership=member).exists():
        raise Refused.at("member", _("%(name)s sits here already.") % {"name": member})
    last = pool.seats.aggregate(last=Max("position"))["last"]
    seat = Seat(
        team_id=pool.team_id,
        pool=pool,
        membership=member,
        position=0 if last is None else last + 1,
        **asdict(fields),
    )
    seat.save()
    pools.revise(pool, "rules.seat_added", by=by, now=now, member=str(member.pk))
    return seat


@transaction.atomic
def edit_seats(
    pool: Pool, changes: Mapping[UUID, SeatFields], *, by: Access, now: datetime
) -> None:
    """Set weights, caps and switches of some seats at once. Weights count from the next lead.

    Ids of no seat here are ignored. May raise Refused with paths like "<seat id>.weight".
    """
    by.require(Permission.EDIT_ROUTING)
    pool = pools.lock(pool)
    _refuse_if_wrong({str(seat_id): fields for seat_id, fields in changes.items()})
    seats = pool.seats.select_for_update().filter(pk__in=changes).order_by("pk")
    changed = [seat for seat in seats if _set(seat, changes[seat.pk], now)]
    if changed:
        Seat.objects.bulk_update(changed, [*pools.SEAT_SETTINGS, "capped_at"])
        ids = [str(seat.membership_id) for seat in changed]
        pools.revise(pool, "rules.seats_changed", by=by, now=now, members=ids)


@transaction.atomic
def order_seats(pool: Pool, order: Sequence[UUID], *, by: Access, now: datetime) -> None:
    """Seat members in this order; seats that it leaves out follow in the order they had."""
    by.require(Permission.EDIT_ROUTING)
    pool = pools.lock(pool)
    seats = list(pool.seats.select_for_update().order_by("position", "pk"))
    places = {seat_id: place for place, seat_id in enumerate(order)}
    wanted = sorted(seats, key=lambda seat: places.get(seat.pk, len(places)))
    if wanted == seats and [seat.position for seat in seats] == list(range(len(seats))):
        return
    for position, seat in enumerate(wanted):
        seat.position = position
    Seat.objects.bulk_update(wanted, ["position"])
    pools.revise(pool, "rules.seats_ordered", by=by, now=now)


@transaction.atomic
def remove_seat(seat: Seat, *, by: Access, now: datetime) -> None:
    """Take a seat away; what it was owed or ahead is shared out over the rest by weight."""
    by.require(Permission.EDIT_ROUTING)
    pool = pools.lock(seat.pool)
    seats = _locked_seats(pool)
    leaving = next((each for each in seats if each.pk == seat.pk), None)
    if leaving is None:
        return
    staying = [each for each in seats if each.pk != seat.pk]
    if leaving.credit and staying:
        shares = credit.share_out(leaving.credit, [_facts(each) for each in staying])
        deltas = {leaving.pk: -leaving.credit, **shares}
        _enter(pool, TurnEntry.Reason.SEAT_REMOVED, deltas, now=now)
    member = str(leaving.membership_id)
    leaving.delete()
    pools.revise(pool, "rules.seat_removed", by=by, now=now, member=member, seat=str(seat.pk))


@transaction.atomic
def adjust_credit(
    seat: Seat, *, turns: Decimal, reason: str, by: Access, now: datetime
) -> TurnEntry:
    """Owe a seat more turns (or fewer, below 0); the others pay by weight. May raise Refused."""
    by.require(Permission.ADJUST_CREDIT)
    amount = int(turns * credit.NANO)
    if not amount or abs(turns) > MOST_TURNS:
        message = _("Use a number of turns between −%(most)d and %(most)d.")
        raise Refused.at("turns", message % {"most": MOST_TURNS})
    if not reason.strip():
        raise Refused.at("reason", _("Say why: it is kept with the change."))
    pool = pools.lock(seat.pool)
    others = [each for each in _locked_seats(pool) if each.pk != seat.pk]
    if not others:
        raise Refused.at("turns", _("Credit is between seats: there is only one here."))
    shares = credit.share_out(-amount, [_facts(each) for each in others])
    entry = _enter(pool, TurnEntry.Reason.ADJUSTED, {seat.pk: amount, **shares}, now=now)
    detail = {"seat": str(seat.pk), "turns": str(turns), "reason": reason.strip()[:300]}
    audit.record(by=by, action="rules.credit_adjusted", target=pool, now=now, detail=detail)
    return entry


def _enter(
    pool: Pool, reason: TurnEntry.Reason, deltas: Mapping[UUID, int], *, now: datetime
) -> TurnEntry:
    """Write an entry that sums to zero and move the credits by it."""
    assert sum(deltas.values()) == 0, "an entry of the ledger sums to zero"
    for seat_id, delta in deltas.items():
        Seat.objects.filter(pk=seat_id).update(credit=F("credit") + delta)
    entry: TurnEntry = TurnEntry.objects.create(
        team_id=pool.team_id,
        pool=pool,
        turn_no=pool.turn_no,
        at=now,
        reason=reason,
        deltas={str(seat_id): delta for seat_id, delta in deltas.items()},
    )
    return entry


def _locked_seats(pool: Pool) -> list[Seat]:
    return list(pool.seats.select_for_update().order_by("pk"))


def _facts(seat: Seat) -> SeatFacts:
    return SeatFacts(
        seat=seat.pk,
        member=seat.membership_id,
        name="",
        position=seat.position,
        weight=seat.weight,
        credit=seat.credit,
    )


def _set(seat: Seat, fields: SeatFields, now: datetime) -> bool:
    """Whether anything about the seat is different now."""
    if SeatFields.of(seat) == fields:
        return False
    kept = seat.greatest_cap
    for name, value in asdict(fields).items():
        setattr(seat, name, value)
    if seat.greatest_cap > kept:
        seat.capped_at = now
    return True


def _refuse_if_wrong(seats: Mapping[str, SeatFields]) -> None:
    problems: list[Problem] = []
    for key, fields in seats.items():
        prefix = f"{key}." if key else ""
        if not 1 <= fields.weight <= HEAVIEST:
            message = _("Use a whole number from 1 to %(most)d.") % {"most": HEAVIEST}
            problems.append(Problem(f"{prefix}weight", message))
        for name in CAPS:
            cap = getattr(fields, name)
            if cap is not None and not 1 <= cap <= LARGEST_CAP:
                message = _("Use a number from 1, or leave it empty.")
                problems.append(Problem(f"{prefix}{name}", message))
    if problems:
        raise Refused(problems)
