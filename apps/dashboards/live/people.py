"""Who can take a lead now and how full everybody is, and who took the last ones how fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from apps.assignments.models import Assignment
from apps.dashboards.live.waiting import name_of
from apps.rules.models import Seat
from apps.teams.access import Access
from apps.teams.models import Membership, MembershipQuerySet
from apps.teams.permissions import Permission, Role
from apps.teams.presence import holidays_of, presence_of, with_time_off

RECENT = timedelta(hours=24)
CLAIMS = (Assignment.How.CLAIMED, Assignment.How.ACCEPTED, Assignment.How.PICKED)


@dataclass(frozen=True, slots=True)
class Available:
    """A member who can take leads now. `claimed_at`: the last claim within a day."""

    member: Membership
    claimed_at: datetime | None

    @property
    def load(self) -> int:
        return self.member.open_leads

    @property
    def is_full(self) -> bool:
        return self.member.capacity is not None and self.load >= self.member.capacity

    @property
    def share(self) -> float:
        """How full she is; without a limit of her own, of twenty leads."""
        return min(1.0, self.load / max(self.member.capacity or 20, 1))

    @property
    def version(self) -> str:
        """Changes with whatever her row shows."""
        claimed = self.claimed_at.timestamp() if self.claimed_at else ""
        return f"{self.load} {self.member.capacity} {claimed}"


@dataclass(frozen=True, slots=True)
class Claim:
    """A lead that somebody took, and how long after it was there to be taken."""

    id: UUID
    member: str
    lead: str
    at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class People:
    """The available members with the most room first; all of them are `available`."""

    shown: Sequence[Available]
    available: int
    all: int  # who take leads at all
    claims: Sequence[Claim]


def people(access: Access, *, now: datetime, most: int, claims: int) -> People:
    """Five queries, however many members there are."""
    members = list(with_time_off(_who_take_leads(access), now=now))
    recent = _recent_claims([member.pk for member in members], now)
    last = dict(recent.order_by().values("member_id").annotate(last=Max("started_at"))
                .values_list("member_id", "last"))  # fmt: skip
    free = _available(members, last, access, now)
    return People(
        shown=free[:most],
        available=len(free),
        all=len(members),
        claims=_claims(recent, access, claims),
    )


def _who_take_leads(access: Access) -> MembershipQuerySet:
    """Salespeople, and whoever else has a seat in a pool."""
    seat = Seat.objects.filter(membership=OuterRef("pk"), is_active=True)
    takes = Q(role=Role.SALESPERSON) | Exists(seat)
    return Membership.objects.active().filter(takes, team=access.team).exclude(role=Role.VIEWER)


def _available(
    members: Sequence[Membership],
    last: Mapping[UUID, datetime],
    access: Access,
    now: datetime,
) -> list[Available]:
    holidays = holidays_of(access.team)
    free = [
        Available(member, last.get(member.pk))
        for member in members
        if presence_of(member, now=now, holidays=holidays).is_available
    ]
    return sorted(free, key=lambda one: (one.is_full, one.share, str(one.member)))


def _recent_claims(member_ids: Sequence[UUID], now: datetime) -> QuerySet[Assignment]:
    """By member: an index knows what each of them has started last."""
    return Assignment.objects.filter(
        member__in=member_ids,
        how__in=CLAIMS,
        started_at__gt=now - RECENT,
        lead__deleted_at=None,
        lead__is_test=False,
    )


def _claims(recent: QuerySet[Assignment], access: Access, most: int) -> list[Claim]:
    rows = recent.select_related("lead__source", "member__user", "offer")
    sees_leads = access.can(Permission.SEE_OTHERS)
    return [
        Claim(
            id=row.pk,
            member=str(row.member),
            lead=name_of(row.lead, access) if sees_leads else "",
            at=row.started_at,
            seconds=_seconds(row),
        )
        for row in rows.order_by("-started_at", "-pk")[:most]
    ]


def _seconds(row: Assignment) -> float:
    there_since = row.offer.opened_at if row.offer else row.lead.received_at
    return max(0.0, (row.started_at - there_since).total_seconds())
