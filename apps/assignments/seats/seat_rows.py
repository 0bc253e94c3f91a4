"""The fixed queries by which a pool and those who sit there are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import JSONObject

from apps.rules.models import Pool, Seat
from apps.teams.fixed import Fixed, Row, columns, through
from apps.teams.models import Cover, Membership, MemberSkill, MemberTerritory, TimeOff
from apps.teams.permissions import Role

POOL = columns(Pool)
SEAT = (
    "id", "membership_id", "position", "weight", "credit", "last_turn_no", "cap_hour", "cap_day",
    "cap_week", "cap_month", "capacity", "has_head_start", "is_active", "placed_at", "capped_at",
)  # fmt: skip
MEMBER = (
    "id", "team_id", "user_id", "role", "is_active", "is_paused", "paused_until", "hours",
    "capacity", "open_leads", "experience",
)  # fmt: skip
USER = ("id", "email", "name", "timezone", "is_active")
ANY_ID = UUID(int=1)
OTHER_ID = UUID(int=2)
ANY_TIME = datetime(1999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Person:
    """A member as she was read: columns of membership and user, time off, what she can."""

    member: Mapping[str, Any]
    user: Mapping[str, Any]
    away: tuple[tuple[datetime, datetime], ...]
    skills: tuple[Mapping[str, Any], ...] = ()
    territories: tuple[Mapping[str, Any], ...] = ()

    @property
    def is_active(self) -> bool:
        return bool(self.member["is_active"] and self.user["is_active"])


@dataclass(frozen=True, slots=True)
class SeatRow:
    """A seat as it was read, with who sits there and whether a colleague covers her now."""

    seat: Mapping[str, Any]
    person: Person
    is_covered: bool


def read_pool(pool_id: UUID, *, team_id: UUID, lock: bool) -> Row:
    """The pool's columns, under its lock or as they are; Pool.DoesNotExist outside the team."""
    found = (_locked_pool if lock else _pool).rows(pool=pool_id, team=team_id)
    if not found:
        raise Pool.DoesNotExist
    return found[0]


def read_seats(pool_id: UUID, *, now: datetime, whole: bool) -> list[SeatRow]:
    """Everyone seated there in order; `whole` reads skills and territories too."""
    rows = (_whole_seats if whole else _seats).rows(pool=pool_id, now=now)
    at = len(SEAT)
    return [
        SeatRow(dict(zip(SEAT, row, strict=False)), _person(row[at + 1 :]), row[at]) for row in rows
    ]


def read_covering(pool_id: UUID, *, now: datetime, whole: bool) -> dict[UUID, Person]:
    """Who takes the leads of the pool's covered members at the moment, by covered member."""
    rows = (_whole_covering if whole else _covering).rows(pool=pool_id, now=now)
    # Of several covers at a time the one that began first holds.
    return {row[0]: _person(row[1:]) for row in reversed(rows)}


def read_members(team_id: UUID, *, now: datetime) -> list[Person]:
    """Every active member of a team with all that she can, those who only look on left out."""
    return [_person(row) for row in _members.rows(team=team_id, now=now)]


def _person(row: Row) -> Person:
    to_user, to_away = len(MEMBER), len(MEMBER) + len(USER)
    skills, territories = row[to_away + 1 : to_away + 3] or ((), ())
    return Person(
        member=dict(zip(MEMBER, row, strict=False)),
        user=dict(zip(USER, row[to_user:], strict=False)),
        away=tuple(_span(span) for span in row[to_away]),
        skills=tuple(skills),
        territories=tuple(territories),
    )


def _span(span: Mapping[str, str]) -> tuple[datetime, datetime]:
    return _moment(span["start"]), _moment(span["end"])


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _query_pool(*, pool: UUID, team: UUID) -> QuerySet[Pool, Any]:
    return Pool.objects.filter(pk=pool, team_id=team).order_by().values_list(*POOL)


def _query_locked_pool(*, pool: UUID, team: UUID) -> QuerySet[Pool, Any]:
    return _query_pool(pool=pool, team=team).select_for_update(no_key=True)


def _query_seats(*, pool: UUID, now: datetime, whole: bool) -> QuerySet[Seat, Any]:
    covers = running_covers(now).filter(membership=OuterRef("membership"))
    seats = Seat.objects.filter(pool_id=pool).annotate(
        is_covered=Exists(covers), **_about("membership", now, whole)
    )
    return seats.order_by("position", "pk").values_list(
        *SEAT, "is_covered", *_people("membership", whole)
    )


def _query_covering(*, pool: UUID, now: datetime, whole: bool) -> QuerySet[Cover, Any]:
    covers = running_covers(now).filter(membership__seats__pool_id=pool)
    return (
        covers.annotate(**_about("by_member", now, whole))
        .order_by("starts_at", "pk")
        .values_list("membership_id", *_people("by_member", whole))
    )


def _query_members(*, team: UUID, now: datetime) -> QuerySet[Membership, Any]:
    members = Membership.objects.active().filter(team_id=team).exclude(role=Role.VIEWER)
    can = ("away", "skills_of", "territories_of")
    user = through("user", USER)
    about = _about("pk", now, whole=True)
    return members.annotate(**about).order_by("user__name", "pk").values_list(*MEMBER, *user, *can)


def running_covers(now: datetime) -> QuerySet[Cover]:
    """Covers that are in force at a moment."""
    covers: QuerySet[Cover] = Cover.objects.filter(
        starts_at__lte=now, ends_at__gt=now, ended_at=None
    )
    return covers


def _people(relation: str, whole: bool) -> list[str]:
    can = ["skills_of", "territories_of"] if whole else []
    return [*through(relation, MEMBER), *through(f"{relation}__user", USER), "away", *can]


def _about(relation: str, now: datetime, whole: bool) -> dict[str, Any]:
    """What else to read of a member: when she is away, and for some pools what she can."""
    mine = {"membership": OuterRef(relation)}
    span = JSONObject(start=F("starts_at"), end=F("ends_at"))
    away = TimeOff.objects.filter(**mine, ends_at__gt=now).order_by("starts_at")
    about: dict[str, Any] = {"away": ArraySubquery(away.values(span=span))}
    if whole:
        skill = JSONObject(kind=F("skill__kind"), name=F("skill__name"), level=F("level"))
        area = JSONObject(id=F("territory_id"), area=F("territory__area"))
        about |= {
            "skills_of": ArraySubquery(MemberSkill.objects.filter(**mine).values(has=skill)),
            "territories_of": ArraySubquery(
                MemberTerritory.objects.filter(**mine).values(has=area)
            ),
        }
    return about


def _in_pool(query: Callable[..., QuerySet[Any, Any]], *, whole: bool) -> Fixed:
    def read(*, pool: UUID, now: datetime) -> QuerySet[Any, Any]:
        return query(pool=pool, now=now, whole=whole)

    return Fixed(read, pool=ANY_ID, now=ANY_TIME)


_pool = Fixed(_query_pool, pool=ANY_ID, team=OTHER_ID)
_locked_pool = Fixed(_query_locked_pool, pool=ANY_ID, team=OTHER_ID)
_seats, _whole_seats = _in_pool(_query_seats, whole=False), _in_pool(_query_seats, whole=True)
_members = Fixed(_query_members, team=ANY_ID, now=ANY_TIME)
_covering = _in_pool(_query_covering, whole=False)
_whole_covering = _in_pool(_query_covering, whole=True)
