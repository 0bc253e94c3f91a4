"""A pool under its lock: the facts that routing chooses from, loaded in two statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef
from django.db.models.functions import JSONObject

from apps.routing.calendar import Schedule
from apps.routing.facts import Mode, PoolFacts, Ranking, SeatFacts
from apps.rules import calendars
from apps.rules.models import Pool, Seat
from apps.teams.models import Membership, Team, TimeOff


@dataclass(frozen=True, slots=True)
class Table:
    """A locked pool with everyone seated at it."""

    pool: Pool
    facts: PoolFacts
    seats: Mapping[UUID, Seat]  # by member
    today: date

    @property
    def schedule(self) -> Schedule | None:
        return self.facts.schedule

    def member(self, member_id: UUID) -> Membership:
        return self.seats[member_id].membership

    def members(self, member_ids: Collection[UUID]) -> list[Membership]:
        return [self.seats[member_id].membership for member_id in member_ids]


def lock_pool(pool_id: UUID, *, team: Team, now: datetime, lock: bool = True) -> Table:
    """Lock the pool's row and read who sits there; the lock serialises its turns."""
    pools = Pool.objects.select_for_update(no_key=True) if lock else Pool.objects.all()
    pool = pools.get(pk=pool_id, team_id=team.pk)
    pool.team = team
    today = now.astimezone(ZoneInfo(team.timezone)).date()
    seats = list(_seats(pool, now))
    facts = PoolFacts(
        pool=pool.pk,
        name=pool.name,
        revision=pool.revision,
        ranking=Ranking(pool.ranking),
        mode=Mode(pool.mode),
        turn_no=pool.turn_no,
        seats=tuple(_seat_facts(seat, team, today) for seat in seats),
        schedule=calendars.pool_schedule(pool, team),
        respects_hours=pool.respects_hours,
    )
    return Table(pool, facts, {seat.membership_id: seat for seat in seats}, today)


def _seats(pool: Pool, now: datetime) -> list[Seat]:
    away = (
        TimeOff.objects.filter(membership=OuterRef("membership"), ends_at__gt=now)
        .order_by("starts_at")
        .values(span=JSONObject(start=F("starts_at"), end=F("ends_at")))
    )
    return list(
        Seat.objects.filter(pool=pool)
        .select_related("membership__user")
        .annotate(away=ArraySubquery(away))
        .order_by("position", "pk")
    )


def _seat_facts(seat: Seat, team: Team, today: date) -> SeatFacts:
    member = seat.membership
    return SeatFacts(
        seat=seat.pk,
        member=member.pk,
        name=str(member.user),
        position=seat.position,
        weight=seat.weight,
        credit=seat.credit,
        last_turn_no=seat.last_turn_no,
        is_active=seat.is_active and member.is_active and member.user.is_active,
        is_paused=member.is_paused,
        paused_until=member.paused_until,
        time_off=tuple(_span(span) for span in seat.away),  # type: ignore[attr-defined]
        schedule=calendars.member_schedule(member, team),
        cap_day=seat.cap_day,
        day_count=seat.day_count if seat.day == today else 0,
        capacity=member.capacity,
        open_leads=member.open_leads,
        load=member.open_leads,
    )


def _span(span: Mapping[str, str]) -> tuple[datetime, datetime]:
    return _moment(span["start"]), _moment(span["end"])


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
