"""A pool under its lock: the facts that routing chooses from, loaded in two statements.

A pool that asks for more (loads by status, measured records) costs one more for each, and so do
covers that run now and caps that were set lately.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from apps.accounts.models import User
from apps.assignments.seats import measures, seat_rows
from apps.assignments.seats.seat_rows import MEMBER, POOL, USER, Person, SeatRow
from apps.leads.models import OPEN_KINDS
from apps.routing import arguments, values
from apps.routing.calendar import Schedule
from apps.routing.facts import Absent, Area, CapWindow, Mode, PoolFacts, Ranking, SeatFacts
from apps.routing.fields import Field, FieldType
from apps.rules import calendars
from apps.rules.experiments import laid_over
from apps.rules.models import Pool
from apps.teams.fixed import instance
from apps.teams.models import Membership, Skill, Team
from apps.teams.permissions import Permission, allowed

# What of a member is read only for pools whose filters or fit ask for it.
ABILITIES = frozenset({"skill", "language", "territory"})
AREA = Field("area", "Area", FieldType.PLACE)


@dataclass(frozen=True, slots=True)
class Table:
    """A pool, locked or as it was read, with everyone seated at it."""

    pool: Pool
    facts: PoolFacts
    people: Mapping[UUID, Person]  # by member; few of them are ever needed as models

    @property
    def schedule(self) -> Schedule | None:
        return self.facts.schedule

    @property
    def counts_all(self) -> bool:
        """Whether load is the member's own count of open leads, which can be reserved exactly."""
        return not _kinds(self.pool)

    def seat_of(self, member_id: UUID) -> SeatFacts | None:
        return next((seat for seat in self.facts.seats if seat.member == member_id), None)

    def member(self, member_id: UUID) -> Membership:
        """Somebody who sits here, or covers one who does."""
        person = self.people[member_id]
        member = instance(Membership, MEMBER, list(person.member.values()))
        member.user = instance(User, USER, list(person.user.values()))
        return member

    def members(self, member_ids: Iterable[UUID]) -> list[Membership]:
        return [self.member(member_id) for member_id in member_ids]


def lock_pool(
    pool_id: UUID,
    *,
    team: Team,
    now: datetime,
    lock: bool = True,
    tried: Mapping[str, Any] | None = None,
) -> Table:
    """Lock the pool's row and read who sits there; the lock serialises its turns.

    `tried` are the settings of an experiment's variant, laid over the pool's own.
    """
    pool = instance(Pool, POOL, seat_rows.read_pool(pool_id, team_id=team.pk, lock=lock))
    pool.team = team
    if tried:
        laid_over(pool, tried)
    return seated(pool, team=team, now=now)


def seated(pool: Pool, *, team: Team, now: datetime) -> Table:
    """Everyone who sits in a pool, by its settings as they are in hand, saved or not."""
    whole = bool(ABILITIES & _asked(pool))
    rows = seat_rows.read_seats(pool.pk, now=now, whole=whole)
    covering: Mapping[UUID, Person] = {}
    if any(row.is_covered for row in rows):
        covering = seat_rows.read_covering(pool.pk, now=now, whole=whole)
    seats = [_seat_facts(row, covering, team) for row in rows]
    people = {person.member["id"]: person for person in covering.values()}
    people |= {row.person.member["id"]: row.person for row in rows}
    seats = _with_placings(seats, rows, pool, now)
    return Table(pool, _pool_facts(pool, team, _with_loads(seats, pool, team)), people)


def _pool_facts(pool: Pool, team: Team, seats: Sequence[SeatFacts]) -> PoolFacts:
    facts = PoolFacts(
        pool=pool.pk,
        name=pool.name,
        revision=pool.revision,
        ranking=Ranking(pool.ranking),
        mode=Mode(pool.mode),
        turn_no=pool.turn_no,
        seats=tuple(seats),
        schedule=calendars.pool_schedule(pool, team),
        respects_hours=pool.respects_hours,
        prefer=tuple(map(Ranking, pool.prefer)),
        filters=pool.filters,
        fit=tuple(pool.fit),
        performance=pool.performance or None,
        cap_window=CapWindow(pool.cap_window),
        timezone=team.timezone,
        absent=Absent(pool.absent),
        catch_up_turns=pool.catch_up_turns,
    )
    compares = Ranking.PERFORMANCE in facts.rankings or "similar" in _asked(pool)
    return _with_records(facts, team) if compares else facts


def _asked(pool: Pool) -> frozenset[str]:
    """The kinds of things that the pool's filters and fit look at."""
    items = [*(pool.filters.get("items") or ()), *pool.fit]
    return frozenset(str(item.get("kind")) for item in items)


def _seat_facts(row: SeatRow, covering: Mapping[UUID, Person], team: Team) -> SeatFacts:
    """A seat with its own turns and caps; presence and abilities are of whoever takes its leads."""
    seat, own = row.seat, row.person
    taker = covering.get(own.member["id"], own)
    member, user = taker.member, taker.user
    return SeatFacts(
        seat=seat["id"],
        member=own.member["id"],
        name=own.user["name"] or own.user["email"],
        position=seat["position"],
        weight=seat["weight"],
        credit=seat["credit"],
        last_turn_no=seat["last_turn_no"],
        is_active=seat["is_active"] and own.is_active and taker.is_active,
        may_work=Permission.WORK_LEADS in allowed(member["role"], frozenset()),
        is_paused=member["is_paused"],
        paused_until=member["paused_until"],
        time_off=taker.away,
        schedule=calendars.schedule_of(member["hours"], user["timezone"], team),
        cap_hour=seat["cap_hour"],
        cap_day=seat["cap_day"],
        cap_week=seat["cap_week"],
        cap_month=seat["cap_month"],
        placed_at=tuple(seat["placed_at"]),
        capacity=member["capacity"],
        open_leads=member["open_leads"],
        seat_capacity=seat["capacity"],
        load=member["open_leads"],
        skills=_skills(taker, Skill.Kind.SKILL),
        languages=_skills(taker, Skill.Kind.LANGUAGE),
        territories=tuple(_areas(taker)),
        years=member["experience"],
        has_head_start=seat["has_head_start"],
        covered_by=member["id"] if taker is not own else None,
    )


def everybody(team: Team, *, now: datetime) -> list[SeatFacts]:
    """Every member as if the whole team were one pool: equal, with nothing but her own limits."""
    people = seat_rows.read_members(team.pk, now=now)
    return [_unseated(person, place, team) for place, person in enumerate(people)]


def _unseated(person: Person, place: int, team: Team) -> SeatFacts:
    seat = {
        "id": person.member["id"], "position": place, "weight": 1, "credit": 0,
        "last_turn_no": 0, "is_active": True, "cap_hour": None, "cap_day": None,
        "cap_week": None, "cap_month": None, "placed_at": (), "capacity": None,
        "has_head_start": False,
    }  # fmt: skip
    return _seat_facts(SeatRow(seat, person, False), {}, team)


def _skills(person: Person, kind: str) -> Mapping[str, int]:
    return {values.fold(has["name"]): has["level"] for has in person.skills if has["kind"] == kind}


def _areas(person: Person) -> Iterable[Area]:
    read = (_area(json.dumps(each["area"], sort_keys=True)) for each in person.territories)
    return (area for area in read if area)


@lru_cache(maxsize=4096)
def _area(text: str) -> Area:
    try:
        return arguments.area(json.loads(text), AREA)
    except arguments.Mistake:
        return {}  # nowhere: a territory whose places were all taken out


def _with_loads(seats: list[SeatFacts], pool: Pool, team: Team) -> list[SeatFacts]:
    kinds = _kinds(pool)
    if not kinds or not seats:
        return seats
    counted = measures.loads({seat.taker for seat in seats}, kinds, team)
    return [replace(seat, load=counted.get(seat.taker, 0)) for seat in seats]


def _kinds(pool: Pool) -> list[str]:
    """The kinds of status that count as load; none if the member's own count will do."""
    return [] if set(pool.load_kinds) >= set(OPEN_KINDS) else list(pool.load_kinds)


def _with_placings(
    seats: list[SeatFacts], rows: Sequence[SeatRow], pool: Pool, now: datetime
) -> list[SeatFacts]:
    """Seats whose caps were set lately know of what was placed before only from the records."""
    capped = {row.seat["id"]: row.seat["capped_at"] for row in rows if _is_short(row, now)}
    if not capped:
        return seats
    of = {seat.seat: seat.member for seat in seats if seat.seat in capped}
    before = measures.placed_before(of, pool, now=now)
    return [
        replace(seat, placed_at=_joined(seat, before.get(seat.seat, ()), capped[seat.seat]))
        if seat.seat in capped
        else seat
        for seat in seats
    ]


def _is_short(row: SeatRow, now: datetime) -> bool:
    capped_at = row.seat["capped_at"]
    return capped_at is not None and capped_at > now - measures.CAPS_LOOK_BACK


def _joined(
    seat: SeatFacts, before: Collection[datetime], capped_at: datetime
) -> tuple[datetime, ...]:
    kept = [moment for moment in seat.placed_at if moment >= capped_at]
    return (*kept, *(moment for moment in before if moment < capped_at))


def _with_records(facts: PoolFacts, team: Team) -> PoolFacts:
    days = int((facts.performance or {}).get("days") or measures.DAYS)
    found = measures.records(team, days)
    seats = tuple(replace(seat, record=found.of.get(seat.taker)) for seat in facts.seats)
    return replace(facts, seats=seats, team_record=found.team)


def facts_of(pool_id: UUID, *, team: Team, now: datetime) -> PoolFacts:
    """The facts of a pool as they are, for pages: nothing is locked."""
    return lock_pool(pool_id, team=team, now=now, lock=False).facts
