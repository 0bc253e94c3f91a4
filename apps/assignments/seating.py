"""A pool under its lock: the facts that routing chooses from, loaded in two statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet
from django.db.models.functions import JSONObject

from apps.accounts.models import User
from apps.routing.calendar import Schedule
from apps.routing.facts import Mode, PoolFacts, Ranking, SeatFacts
from apps.rules import calendars
from apps.rules.models import Pool, Seat
from apps.teams.fixed import Fixed, Row, columns, instance, through
from apps.teams.models import Membership, Team, TimeOff

POOL = columns(Pool)
SEAT = (
    "id", "membership_id", "position", "weight", "credit", "last_turn_no", "cap_day", "is_active",
    "day", "day_count",
)  # fmt: skip
MEMBER = (
    "id", "team_id", "user_id", "role", "is_active", "is_paused", "paused_until", "hours",
    "capacity", "open_leads",
)  # fmt: skip
USER = ("id", "email", "name", "timezone", "is_active")
MEMBER_AT, USER_AT = len(SEAT), len(SEAT) + len(MEMBER)
AWAY_AT = USER_AT + len(USER)
ANY_ID = UUID(int=1)
OTHER_ID = UUID(int=2)
ANY_TIME = datetime(1999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Table:
    """A locked pool with everyone seated at it."""

    pool: Pool
    facts: PoolFacts
    rows: Mapping[UUID, Row]  # by member; few of them are ever needed as models
    today: date

    @property
    def schedule(self) -> Schedule | None:
        return self.facts.schedule

    def seat_of(self, member_id: UUID) -> SeatFacts | None:
        return next((seat for seat in self.facts.seats if seat.member == member_id), None)

    def member(self, member_id: UUID) -> Membership:
        row = self.rows[member_id]
        member = instance(Membership, MEMBER, row[MEMBER_AT:USER_AT])
        member.user = instance(User, USER, row[USER_AT:AWAY_AT])
        return member

    def members(self, member_ids: Collection[UUID]) -> list[Membership]:
        return [self.member(member_id) for member_id in member_ids]


def lock_pool(pool_id: UUID, *, team: Team, now: datetime, lock: bool = True) -> Table:
    """Lock the pool's row and read who sits there; the lock serialises its turns."""
    found = (_locked_pool if lock else _pool).rows(pool=pool_id, team=team.pk)
    if not found:
        raise Pool.DoesNotExist
    pool = instance(Pool, POOL, found[0])
    pool.team = team
    today = now.astimezone(ZoneInfo(team.timezone)).date()
    rows = {row[_MEMBERSHIP]: row for row in _seats.rows(pool=pool_id, now=now)}
    facts = PoolFacts(
        pool=pool.pk,
        name=pool.name,
        revision=pool.revision,
        ranking=Ranking(pool.ranking),
        mode=Mode(pool.mode),
        turn_no=pool.turn_no,
        seats=tuple(_seat_facts(row, team, today, now) for row in rows.values()),
        schedule=calendars.pool_schedule(pool, team),
        respects_hours=pool.respects_hours,
        timezone=team.timezone,
    )
    return Table(pool, facts, rows, today)


def _read_pool(*, pool: UUID, team: UUID) -> QuerySet[Pool, Any]:
    return Pool.objects.filter(pk=pool, team_id=team).order_by().values_list(*POOL)


def _read_locked_pool(*, pool: UUID, team: UUID) -> QuerySet[Pool, Any]:
    return _read_pool(pool=pool, team=team).select_for_update(no_key=True)


def _read_seats(*, pool: UUID, now: datetime) -> QuerySet[Seat, Any]:
    away = (
        TimeOff.objects.filter(membership=OuterRef("membership"), ends_at__gt=now)
        .order_by("starts_at")
        .values(span=JSONObject(start=F("starts_at"), end=F("ends_at")))
    )
    return (
        Seat.objects.filter(pool_id=pool)
        .annotate(away=ArraySubquery(away))
        .order_by("position", "pk")
        .values_list(
            *SEAT, *through("membership", MEMBER), *through("membership__user", USER), "away"
        )
    )


_pool = Fixed(_read_pool, pool=ANY_ID, team=OTHER_ID)
_locked_pool = Fixed(_read_locked_pool, pool=ANY_ID, team=OTHER_ID)
_seats = Fixed(_read_seats, pool=ANY_ID, now=ANY_TIME)
_MEMBERSHIP = SEAT.index("membership_id")


def _seat_facts(row: Row, team: Team, today: date, now: datetime) -> SeatFacts:
    seat = dict(zip(SEAT, row, strict=False))
    member = dict(zip(MEMBER, row[MEMBER_AT:], strict=False))
    user = dict(zip(USER, row[USER_AT:], strict=False))
    return SeatFacts(
        seat=seat["id"],
        member=member["id"],
        name=user["name"] or user["email"],
        position=seat["position"],
        weight=seat["weight"],
        credit=seat["credit"],
        last_turn_no=seat["last_turn_no"],
        is_active=seat["is_active"] and member["is_active"] and user["is_active"],
        is_paused=member["is_paused"],
        paused_until=member["paused_until"],
        time_off=tuple(_span(span) for span in row[AWAY_AT]),
        schedule=calendars.schedule_of(member["hours"], user["timezone"], team),
        cap_day=seat["cap_day"],
        placed_at=(now,) * (seat["day_count"] if seat["day"] == today else 0),
        capacity=member["capacity"],
        open_leads=member["open_leads"],
        load=member["open_leads"],
    )


def _span(span: Mapping[str, str]) -> tuple[datetime, datetime]:
    return _moment(span["start"]), _moment(span["end"])


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
