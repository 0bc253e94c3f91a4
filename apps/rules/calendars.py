"""The schedules of a team, its pools and its members, as the pure calendar reads them."""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from typing import Any

from apps.routing.calendar import ALWAYS_OPEN, Schedule
from apps.rules.models import Pool
from apps.teams.holidays import closed_days
from apps.teams.models import Membership, Team
from apps.teams.remembered import Remembered


def team_schedule(team: Team) -> Schedule | None:
    """The team's opening hours, holidays included."""
    return _schedule(json.dumps(team.hours), team.timezone, _holidays(team))


def pool_schedule(pool: Pool, team: Team) -> Schedule | None:
    """The pool's own hours, or the team's; None if it is open day and night."""
    if pool.is_always_open:
        return ALWAYS_OPEN
    if pool.hours is None:
        return team_schedule(team)
    return _schedule(json.dumps(pool.hours), team.timezone, _holidays(team))


def member_schedule(membership: Membership, team: Team) -> Schedule | None:
    """A member's own hours in her time zone; without any, what the pool says holds alone."""
    return schedule_of(membership.hours, membership.user.timezone, team)


def schedule_of(hours: Any, timezone: str, team: Team) -> Schedule | None:
    """The same, of a member's columns."""
    if hours is None:
        return ALWAYS_OPEN
    return _schedule(json.dumps(hours), timezone or team.timezone, _holidays(team))


@lru_cache(maxsize=4096)
def _schedule(hours: str, timezone: str, holidays: frozenset[date]) -> Schedule:
    return Schedule.from_json(json.loads(hours), timezone, holidays)


# The days by team, with what they were counted for; the team that was used least goes first.
_kept: Remembered[frozenset[date]] = Remembered(closed_days)


def _holidays(team: Team) -> frozenset[date]:
    """The days on which the team is closed.

    Whatever changes them moves the routing version, so every process reads them once a change.
    """
    return _kept.of(team)
