"""The team's own settings: name, time zone, limits, opening hours."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.teams import audit
from apps.teams.access import Access
from apps.teams.availability import checked_hours
from apps.teams.models import Team
from apps.teams.permissions import Permission

EDITABLE = (
    "name", "timezone", "country", "currency", "response_seconds", "claims_per_day",
    "max_unworked", "hopper_days", "duplicate_policy",
)  # fmt: skip


class SettingRefused(ValueError):
    """A setting that can't be; the message says why."""


@transaction.atomic
def change_team(*, values: dict[str, Any], by: Access, now: datetime) -> Team:
    """Change some of EDITABLE; what is not named stays."""
    by.require(Permission.EDIT_TEAM)
    team = Team.objects.select_for_update(no_key=True).get(pk=by.team.pk)
    changed = {key: values[key] for key in EDITABLE if key in values}
    before = {key: getattr(team, key) for key in changed}
    for key, value in changed.items():
        setattr(team, key, value)
    team.save(update_fields=list(changed))
    detail = {"before": before, "after": changed}
    audit.record(by=by, action="team.changed", target=team, now=now, detail=detail)
    return team


@transaction.atomic
def set_team_active(*, is_active: bool, by: Access, now: datetime) -> None:
    """Open the team, or close it: nobody can come in, and its sources take nothing."""
    by.require(Permission.EDIT_TEAM)
    changed = Team.objects.filter(pk=by.team.pk, is_active=not is_active).update(
        is_active=is_active
    )
    if changed:
        action = "team.activated" if is_active else "team.deactivated"
        audit.record(by=by, action=action, target=by.team, now=now)


@transaction.atomic
def set_team_hours(*, hours: dict[str, Any], by: Access, now: datetime) -> Team:
    """The opening hours that deadlines, and members without hours of their own, follow."""
    by.require(Permission.EDIT_TEAM)
    team = Team.objects.select_for_update(no_key=True).get(pk=by.team.pk)
    before, team.hours = team.hours, checked_hours(hours)
    team.save(update_fields=["hours"])
    detail = {"before": before, "after": team.hours}
    audit.record(by=by, action="team.hours", target=team, now=now, detail=detail)
    return team


def routing_moved(team: Team) -> None:
    """Tell every process that what it remembers of the team's routing changed.

    Rules, fields, statuses, interest groups and holidays are remembered so: call it in the
    transaction that changes one of them.
    """
    Team.objects.filter(pk=team.pk).update(routing_version=F("routing_version") + 1)
    team.refresh_from_db(fields=["routing_version"])
