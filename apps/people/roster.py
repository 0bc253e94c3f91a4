"""The list of members: each with role, state, load, pools, skills, and when she was last here.

A fixed number of queries, however many members there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import devices
from apps.rules.models import Pool, Seat
from apps.rules.pools import invited
from apps.teams import presence
from apps.teams.access import Access
from apps.teams.models import Membership, MembershipQuerySet, MemberSkill
from apps.teams.permissions import Permission, Role

LONGEST_SEARCH = 100
HERE, AWAY, FULL, SEATLESS = "here", "away", "full", "seatless"
STATES: Mapping[str, object] = {
    HERE: _("Can take a lead now"),
    AWAY: _("Can’t take a lead now"),
    FULL: _("At her limit of open leads"),
    SEATLESS: _("In no pool"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What was asked for; what makes no sense was not asked."""

    q: str = ""
    role: str = ""
    state: str = ""
    pool: UUID | None = None

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Filters:
        return cls(
            q=asked.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH],
            role=asked["role"] if asked.get("role") in Role.values else "",
            state=asked["state"] if asked.get("state") in STATES else "",
            pool=_id(asked.get("pool", "")),
        )

    @property
    def is_any(self) -> bool:
        return bool(self.q or self.role or self.state or self.pool)


@dataclass(frozen=True, slots=True)
class Row:
    """A member in the list."""

    member: Membership
    presence: presence.Presence
    seats: list[Seat]
    last_here: datetime | None

    @property
    def takes_leads(self) -> bool:
        return self.member.is_active and self.member.role == Role.SALESPERSON

    @property
    def is_missing(self) -> bool:
        """Whether she should take leads and does not now."""
        return self.takes_leads and not self.presence.is_available

    @property
    def is_full(self) -> bool:
        capacity = self.member.capacity
        return capacity is not None and self.member.open_leads >= capacity

    @property
    def load(self) -> int:
        """Her open leads in hundredths of what she takes at most; 0 without a limit."""
        most = self.member.capacity
        return min(100, round(100 * self.member.open_leads / most)) if most else 0

    def stands(self, state: str) -> bool:
        """Whether she is in one of STATES; everybody is in none."""
        return {
            HERE: self.takes_leads and self.presence.is_available and not self.is_full,
            AWAY: self.is_missing,
            FULL: self.member.is_active and self.is_full,
            SEATLESS: self.takes_leads and not self.seats,
        }.get(state, True)


def rows(access: Access, filters: Filters, *, now: datetime) -> list[Row]:
    """The members whom these filters let through, former ones too; by name."""
    members = list(_members(access, filters, now))
    holidays = presence.holidays_of(access.team)
    seats = invited.seats_by_member(members) if access.can(Permission.SEE_ROUTING) else {}
    seen = devices.last_seen([member.user_id for member in members])
    made = [
        Row(
            member=member,
            presence=presence.presence_of(member, now=now, holidays=holidays),
            seats=seats.get(member.pk, []),
            last_here=seen.get(member.user_id),
        )
        for member in members
    ]
    return [row for row in made if row.stands(filters.state)]


def pools(access: Access) -> list[Pool]:
    """The pools by which the list can be filtered."""
    if not access.can(Permission.SEE_ROUTING):
        return []
    return list(Pool.objects.visible_to(access).filter(is_active=True).order_by("name", "pk"))


def _members(access: Access, filters: Filters, now: datetime) -> MembershipQuerySet:
    members = presence.with_time_off(Membership.objects.visible_to(access), now=now)
    skills = MemberSkill.objects.select_related("skill").order_by("skill__name")
    members = members.prefetch_related(Prefetch("memberskill_set", queryset=skills))
    for word in filters.q.split():
        members = members.filter(
            Q(user__name__icontains=word) | Q(user__email__icontains=word)
            | Q(title__icontains=word)
        )  # fmt: skip
    if filters.role:
        members = members.filter(role=filters.role)
    if filters.pool and access.can(Permission.SEE_ROUTING):
        sitting = Seat.objects.filter(team=access.team, pool=filters.pool)
        members = members.filter(pk__in=sitting.values("membership"))
    return members


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) <= 36 else None
    except ValueError:
        return None
