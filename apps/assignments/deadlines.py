"""When a lead must be acted upon: deadlines in business time, and the warnings before."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.routing.calendar import Schedule, add_business
from apps.rules import calendars
from apps.rules.compiled import Target
from apps.rules.models import Pool
from apps.teams.models import Membership, Team

FIRST_WARNING, SECOND_WARNING = 0.5, 0.8
SHORTEST_WARNED = timedelta(seconds=20)


def response_seconds(target: Target | None, pool: Pool | None, team: Team) -> int | None:
    """The rule's target, else the pool's, else the team's; None: never taken back."""
    for seconds in (target and target.response_seconds, pool and pool.response_seconds):
        if seconds is not None:
            return seconds or None
    return team.response_seconds or None


def respond_by(
    now: datetime, *, seconds: int | None, team: Team, pool: Pool | None, member: Membership
) -> datetime | None:
    """When the first attempt is due, in hours common to pool and member."""
    return None if seconds is None else _after(now, seconds, team, pool, member)


def expires_at(now: datetime, *, team: Team, pool: Pool, member: Membership | None) -> datetime:
    """When an offer of this pool closes; an open claim knows the pool's hours only."""
    return _after(now, pool.window_seconds, team, pool, member)


def warn_at(start: datetime, deadline: datetime | None, now: datetime) -> datetime | None:
    """The next warning after `now`, at half or at 80 %; None when both are past."""
    if deadline is None or deadline - start < SHORTEST_WARNED:
        return None
    moments = (start + (deadline - start) * part for part in (FIRST_WARNING, SECOND_WARNING))
    return next((moment for moment in moments if moment > now), None)


def _after(
    now: datetime, seconds: int, team: Team, pool: Pool | None, member: Membership | None
) -> datetime:
    if pool is not None and not pool.business_time:
        return now + timedelta(seconds=seconds)
    schedules: list[Schedule | None] = [
        calendars.pool_schedule(pool, team) if pool else calendars.team_schedule(team)
    ]
    if member is not None:
        schedules.append(calendars.member_schedule(member, team))
    return add_business(now, seconds, schedules)
