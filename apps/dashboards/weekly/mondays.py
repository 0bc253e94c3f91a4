"""Who gets the mail of Monday, and when: as the team opens, by each person's own clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef

from apps.dashboards.models import WeeklyMail
from apps.teams.models import Membership, Team
from apps.teams.permissions import Role

EARLIEST = time(7)
CLOSED = time(8)  # for a team that is closed on Mondays
ROLES = (Role.MANAGER, Role.ADMIN)
_LAST_DAY = 1  # who was not written down on Monday still is on Tuesday
_FIRST_ZONE = timedelta(hours=14)


def write_down(*, now: datetime) -> int:
    """A mail for everybody with whom Monday has begun; how many are new. May run at once."""
    newest = now.astimezone(UTC) + _FIRST_ZONE
    if newest.weekday() > _LAST_DAY + 1:  # it is Wednesday or later everywhere
        return 0
    mails = [mail for member in _without(_monday(newest.date())) if (mail := _mail(member, now))]
    WeeklyMail.objects.bulk_create(mails, ignore_conflicts=True)
    return len(mails)


def readers() -> Any:
    """Managers and admins who want it, of teams in use."""
    rows = Membership.objects.active().filter(
        role__in=ROLES, user__wants_weekly=True, team__is_active=True
    )
    return rows.select_related("user", "team")


def send_at(monday: date, *, timezone: str, team: Team) -> datetime:
    """The opening of the team by the clock of `timezone`; never before the team's week is over."""
    own = datetime.combine(monday, _opening(team), ZoneInfo(timezone))
    over = datetime.combine(monday, time(), ZoneInfo(team.timezone))
    return max(own.astimezone(UTC), over.astimezone(UTC))


def _without(monday: date) -> Any:
    """Readers who have no mail of this Monday."""
    has = WeeklyMail.objects.filter(membership=OuterRef("pk"), week=monday)
    return readers().exclude(Exists(has))


def _mail(member: Membership, now: datetime) -> WeeklyMail | None:
    """None before her Monday, long after it, or if she came after the mail."""
    today = now.astimezone(ZoneInfo(member.user.timezone)).date()
    if today.weekday() > _LAST_DAY:
        return None
    monday = _monday(today)
    due = send_at(monday, timezone=member.user.timezone, team=member.team)
    if member.joined_at > due:
        return None
    return WeeklyMail(team=member.team, membership=member, week=monday, try_at=due)


def _opening(team: Team) -> time:
    shifts = team.hours.get("0") or []
    opens = min((time.fromisoformat(opens) for opens, _closes in shifts), default=CLOSED)
    return max(opens, EARLIEST)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
