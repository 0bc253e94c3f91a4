"""Time in a team's opening hours, for whoever counts it above the rules."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.routing.calendar import business_seconds
from apps.rules.calendars import team_schedule
from apps.teams.models import Team

LOOK_BACK = timedelta(days=60)


def seconds_between(start: datetime, end: datetime, *, team: Team) -> float:
    """Seconds of the team's hours that lie between two moments."""
    return business_seconds(start, end, team_schedule(team))


def moment_before(now: datetime, *, seconds: float, team: Team) -> datetime:
    """The latest moment from which `seconds` of the team's hours lie before `now`.

    What was received later still has time left. Looks back 60 days at most.
    """
    schedule = team_schedule(team)
    low, high = now - LOOK_BACK, now
    if business_seconds(low, now, schedule) < seconds:
        return low
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if business_seconds(middle, now, schedule) >= seconds:
            low = middle
        else:
            high = middle
    return low
