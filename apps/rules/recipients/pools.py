"""Making and changing pools of recipients, and who sits there. Every deed is audited.

Locks: the pool, then recipients, then the team.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.routing import credit, performance
from apps.routing.facts import SeatFacts
from apps.rules import usage
from apps.rules.models import (
    Recipient,
    RecipientPool,
    RecipientSeat,
    RecipientTurn,
)
from apps.rules.pools.checks import sentence
from apps.rules.refusals import Problem, Refused
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Permission
from apps.teams.team_settings import routing_moved

HEAVIEST = 1_000
MOST_SEATS = 200
WINDOW = (60, 7 * 24 * 3600)
SEAT_ADDED, SEAT_REMOVED = "rules.recipient_seat_added", "rules.recipient_seat_removed"


@dataclass(frozen=True, slots=True)
class RecipientPoolSettings:
    """How a pool of recipients is set; `performance` as in routing.performance, less `measure`."""

    name: str
    way: str = RecipientPool.Way.TURN
    performance: Mapping[str, Any] = field(default_factory=dict)
    window_seconds: int = 900
    when_nobody: str = RecipientPool.Nobody.TURN
    is_active: bool = True

    @classmethod
    def of(cls, pool: RecipientPool) -> RecipientPoolSettings:
        return cls(**{each.name: getattr(pool, each.name) for each in fields(cls)})


@dataclass(frozen=True, slots=True)
class Place:
    """How a recipient sits in a pool."""

    recipient_id: UUID
    weight: int = 1
    is_active: bool = True


@transaction.atomic
def create(
    team: Team, settings: RecipientPoolSettings, *, by: Access, now: datetime
) -> RecipientPool:
    """A new pool without seats. May raise Refused."""
    by.require(Permission.EDIT_ROUTING)
    _lock_names(team)
    _refuse(_problems(settings, team, None))
    pool = RecipientPool(team=team, created_at=now, **asdict(settings))
    pool.save()
    _note(pool, "rules.recipient_pool_added", by=by, now=now)
    return pool


@transaction.atomic
def change(
    pool: RecipientPool, settings: RecipientPoolSettings, *, by: Access, now: datetime
) -> RecipientPool:
    """Set a pool anew; offers and copies that are under way stay as they are. May raise Refused."""
    by.require(Permission.EDIT_ROUTING)
    pool = lock(pool)
    before = RecipientPoolSettings.of(pool)
    if settings == before:
        return pool
    _lock_names(by.team)
    _refuse(_problems(settings, by.team, pool))
    was, columns = asdict(before), asdict(settings)
    for name, value in columns.items():
        setattr(pool, name, value)
    pool.save(update_fields=list(columns))
    changed = [name for name, value in columns.items() if was[name] != value]
    _note(pool, "rules.recipient_pool_changed", by=by, now=now, changed=changed)
    return pool


@transaction.atomic
def set_seats(
    pool: RecipientPool, places: Sequence[Place], *, by: Access, now: datetime
) -> RecipientPool:
    """Seat these recipients in this order, new ones last with a credit of 0; nobody leaves by it.

    Seats that are not named follow in the order they had, before new ones. Weights count from
    the next lead. May raise Refused with paths like "<recipient id>.weight".
    """
    by.require(Permission.EDIT_ROUTING)
    pool = lock(pool)
    seats = {seat.recipient_id: seat for seat in _locked_seats(pool)}
    new = [place.recipient_id for place in places if place.recipient_id not in seats]
    _refuse(_wrong_places(places, seats, new=new, welcome=_may_sit(pool, new)))
    before = [_state(seat) for seat in seats.values()]
    for place in places:
        seat = seats.setdefault(
            place.recipient_id,
            RecipientSeat(team_id=pool.team_id, pool=pool, recipient_id=place.recipient_id),
        )
        seat.weight, seat.is_active = place.weight, place.is_active
    _order(seats, places)
    if [_state(seat) for seat in seats.values()] == before:
        return pool
    for seat in seats.values():
        seat.save(update_fields=None if seat._state.adding else ["weight", "is_active", "position"])
    added = [str(recipient_id) for recipient_id in new]
    action = SEAT_ADDED if added else "rules.recipient_seats_changed"
    _note(pool, action, by=by, now=now, recipients=added)
    return pool


@transaction.atomic
def remove_seat(seat: RecipientSeat, *, by: Access, now: datetime) -> None:
    """Take a seat away; what it was owed or ahead is shared out over the rest by weight."""
    by.require(Permission.EDIT_ROUTING)
    pool = lock(seat.pool)
    seats = _locked_seats(pool)
    leaving = next((each for each in seats if each.pk == seat.pk), None)
    if leaving is None:
        return
    staying = [each for each in seats if each.pk != seat.pk]
    if leaving.credit and staying:
        shares = credit.share_out(leaving.credit, [_facts(each) for each in staying])
        _enter(pool, {leaving.pk: -leaving.credit, **shares}, now=now)
    detail = {"recipient": str(leaving.recipient_id), "seat": str(leaving.pk)}
    leaving.delete()
    _note(pool, SEAT_REMOVED, by=by, now=now, **detail)


def lock(pool: RecipientPool) -> RecipientPool:
    """The pool's row as it stands, locked against leads and other changes."""
    locked: RecipientPool = RecipientPool.objects.select_for_update(no_key=True).get(
        pk=pool.pk, team_id=pool.team_id
    )
    return locked


def _enter(pool: RecipientPool, deltas: Mapping[UUID, int], *, now: datetime) -> None:
    """Write that a seat left and move the credits by it."""
    assert sum(deltas.values()) == 0, "an entry of the ledger sums to zero"
    for seat_id, delta in deltas.items():
        RecipientSeat.objects.filter(pk=seat_id).update(credit=F("credit") + delta)
    RecipientTurn.objects.create(
        team_id=pool.team_id,
        pool=pool,
        turn_no=pool.turn_no,
        at=now,
        reason=RecipientTurn.Reason.SEAT_REMOVED,
        deltas={str(seat_id): delta for seat_id, delta in deltas.items()},
    )


def _locked_seats(pool: RecipientPool) -> list[RecipientSeat]:
    rows = pool.seats.select_for_update(no_key=True)
    return sorted(rows.order_by("pk"), key=lambda seat: (seat.position, seat.pk))


def _facts(seat: RecipientSeat) -> SeatFacts:
    return SeatFacts(
        seat=seat.pk,
        member=seat.recipient_id,
        name="",
        position=seat.position,
        weight=seat.weight,
        credit=seat.credit,
    )


def _state(seat: RecipientSeat) -> tuple[UUID, int, bool, int]:
    return seat.recipient_id, seat.weight, seat.is_active, seat.position


def _order(seats: Mapping[UUID, RecipientSeat], places: Sequence[Place]) -> None:
    named = {place.recipient_id: number for number, place in enumerate(places)}
    order = {
        each: (seat._state.adding, named.get(each, len(named))) for each, seat in seats.items()
    }
    ordered = sorted(seats, key=lambda each: order[each])
    for position, recipient_id in enumerate(ordered):
        seats[recipient_id].position = position


def _may_sit(pool: RecipientPool, recipient_ids: Iterable[UUID]) -> set[UUID]:
    """Those that are recipients of this team and not archived; locked, so that they stay so."""
    rows = Recipient.objects.select_for_update(no_key=True).filter(
        team_id=pool.team_id, pk__in=list(recipient_ids), is_active=True
    )
    return set(rows.order_by("pk").values_list("pk", flat=True))


def _wrong_places(
    places: Sequence[Place],
    seats: Mapping[UUID, RecipientSeat],
    *,
    new: Sequence[UUID],
    welcome: set[UUID],
) -> Iterator[Problem]:
    if len({place.recipient_id for place in places}) < len(places):
        yield Problem("recipients", _("Name each recipient once."))
    if len(seats) + len(new) > MOST_SEATS:
        yield Problem("recipients", _("A pool has at most %(most)d seats.") % {"most": MOST_SEATS})
    if not set(new) <= welcome:
        yield Problem("recipients", _("Choose recipients of this team that are not archived."))
    for place in places:
        if not 1 <= place.weight <= HEAVIEST:
            message = _("Use a whole number from 1 to %(most)d.") % {"most": HEAVIEST}
            yield Problem(f"{place.recipient_id}.weight", message)


def _problems(
    settings: RecipientPoolSettings, team: Team, pool: RecipientPool | None
) -> Iterator[Problem]:
    yield from _name(settings.name, team, pool)
    if settings.way not in RecipientPool.Way.values:
        yield Problem("way", _("Choose who gets a lead."))
    if settings.when_nobody not in RecipientPool.Nobody.values:
        yield Problem("when_nobody", _("Choose one of the answers."))
    least, most = WINDOW
    if not least <= settings.window_seconds <= most:
        yield Problem("window_seconds", _("Use a time between one minute and seven days."))
    for error in performance.validate(settings.performance):
        at = f"performance.{error.path}" if error.path else "performance"
        yield Problem(at, sentence(error.message))
    if pool and not settings.is_active:
        rules = ", ".join(usage.rules_of_recipient_pool(pool))
        if rules:
            message = _("Leads still come here from %(places)s: change that first.")
            yield Problem("is_active", message % {"places": rules})


def _name(name: str, team: Team, pool: RecipientPool | None) -> Iterator[Problem]:
    if not name.strip():
        yield Problem("name", _("Give the pool a name."))
    elif len(name) > 120 or not name.isprintable():
        yield Problem("name", _("Use at most 120 plain characters, in one line."))
    else:
        others = RecipientPool.objects.filter(team=team, name=name)
        if (others.exclude(pk=pool.pk) if pool else others).exists():
            yield Problem("name", _("There is a pool of recipients of this name already."))


def _refuse(problems: Iterable[Problem]) -> None:
    found = list(problems)
    if found:
        raise Refused(found)


def _note(pool: RecipientPool, action: str, *, by: Access, now: datetime, **detail: Any) -> None:
    audit.record(by=by, action=action, target=pool, now=now, detail=detail)
    routing_moved(by.team)


def _lock_names(team: Team) -> None:
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
