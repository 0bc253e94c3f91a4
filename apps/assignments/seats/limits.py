"""How much one member may take by herself: claims a day, unworked leads, capacity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection

from apps.assignments.models import Assignment
from apps.assignments.road.together import Fragment
from apps.rules.models import Pool
from apps.teams.access import Access
from apps.teams.models import Membership, Team


class ClaimRefused(Exception):
    """The member may not take it now (403); `message` says why and what to do."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason, self.message = reason, message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Limits:
    """The guardrails of a pool, or of the team where the pool says nothing."""

    per_day: int | None
    max_unworked: int | None
    today: date

    def counting(self, member: Membership) -> Fragment:
        """The conditional UPDATE that counts one claim; it locks the member's row, so that her
        claims are counted one after another."""
        sql = (
            "UPDATE teams_membership SET open_leads = open_leads + 1, claims_date = %s, "
            "claims_count = CASE WHEN claims_date = %s THEN claims_count + 1 ELSE 1 END "
            "WHERE id = %s AND is_active AND (capacity IS NULL OR open_leads < capacity) "
            "AND (%s::int IS NULL "
            "OR CASE WHEN claims_date = %s THEN claims_count ELSE 0 END < %s::int)"
        )
        day = self.today
        return sql, [day, day, member.pk, self.per_day, day, self.per_day]

    def refusal(self, member: Membership) -> ClaimRefused:
        """Why the counting found no row."""
        member.refresh_from_db(fields=["open_leads", "capacity", "is_active"])
        if not member.is_active:
            return ClaimRefused("inactive", "Your membership is switched off.")
        if member.capacity is not None and member.open_leads >= member.capacity:
            return ClaimRefused(
                "capacity",
                f"You have {member.open_leads} open leads of at most {member.capacity}. "
                "Close one before you claim another.",
            )
        return ClaimRefused(
            "limit", f"You have claimed {self.per_day} of {self.per_day} leads today."
        )

    def check_unworked(self, member: Membership) -> None:
        """ClaimRefused with too many unworked leads. After counting, under the row's lock."""
        if self.max_unworked is None:
            return
        count = (
            Assignment.objects.live()
            .filter(member=member, responded_at=None, stopped_at=None)
            .count()
        )
        if count >= self.max_unworked:
            raise ClaimRefused(
                "unworked",
                f"You have {count} unworked leads of at most {self.max_unworked}. "
                "Work one before you claim another.",
            )


def of(pool: Pool | None, team: Team, now: datetime) -> Limits:
    """The limits that hold for this pool today."""
    per_day = pool.claims_per_day if pool else None
    unworked = pool.max_unworked if pool else None
    return Limits(
        per_day=team.claims_per_day if per_day is None else per_day,
        max_unworked=team.max_unworked if unworked is None else unworked,
        today=now.astimezone(ZoneInfo(team.timezone)).date(),
    )


def refuse_paused(member: Membership, now: datetime) -> None:
    """ClaimRefused for a member who is switched off for the moment."""
    if member.is_paused and (member.paused_until is None or member.paused_until > now):
        raise ClaimRefused("paused", "You are paused. Switch yourself on before you claim.")


def count(member: Membership, pool: Pool | None, *, by: Access, now: datetime) -> None:
    """Count one claim against the member's limits, or raise ClaimRefused."""
    refuse_paused(member, now)
    limits = of(pool, by.team, now)
    sql, values = limits.counting(member)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        if cursor.rowcount == 0:
            raise limits.refusal(member)
    limits.check_unworked(member)
