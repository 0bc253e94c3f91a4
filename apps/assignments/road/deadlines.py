"""When a lead must be acted upon: deadlines in business time, and the warnings before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from apps.routing.calendar import Schedule, add_business, common_seconds
from apps.rules import calendars
from apps.rules.models import Pool
from apps.rules.sets.compiled import Target
from apps.teams.models import Membership, Team

WARNED_AT = (0.5, 0.8)
SHORTEST_WARNED = 20.0

Hours = Sequence[Schedule | None]


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
    return None if seconds is None else add_business(now, seconds, hours_of(team, pool, member))


def expires_at(now: datetime, *, team: Team, pool: Pool, member: Membership | None) -> datetime:
    """When an offer of this pool closes; an open claim knows the pool's hours only."""
    return add_business(now, pool.window_seconds, hours_of(team, pool, member))


def hopper_until(now: datetime, *, team: Team, pool: Pool | None) -> datetime:
    """How long a lead waits in the hopper: as the pool says, else the team. By the clock."""
    if pool is not None and pool.hopper_hours is not None:
        return now + timedelta(hours=pool.hopper_hours)
    return now + timedelta(days=team.hopper_days)


def warn_at(
    start: datetime, deadline: datetime | None, now: datetime, *, hours: Hours = ()
) -> datetime | None:
    """The next warning after `now`, at half or at 80 % of the time; None when both are past.

    The time is what of `hours` lies before the deadline: nobody is warned at night of a deadline
    in the morning.
    """
    if deadline is None:
        return None
    length = common_seconds(start, deadline, hours)
    if not length:  # the hours were changed since
        hours, length = (), (deadline - start).total_seconds()
    if length < SHORTEST_WARNED:
        return None
    moments = (add_business(start, length * part, hours) for part in WARNED_AT)
    return next((moment for moment in moments if moment > now), None)


def hours_of(team: Team, pool: Pool | None, member: Membership | None) -> Hours:
    """The schedules whose common hours a deadline counts; none if the clock counts."""
    if pool is not None and not pool.business_time:
        return ()
    own = calendars.pool_schedule(pool, team) if pool else calendars.team_schedule(team)
    return (own,) if member is None else (own, calendars.member_schedule(member, team))
