"""The team's own settings: name, time zone, opening hours, holidays, skills, territories."""

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.teams import audit
from apps.teams.access import Access
from apps.teams.availability import checked_hours
from apps.teams.models import Holiday, Skill, Team, Territory
from apps.teams.permissions import Permission

EDITABLE = (
    "name", "timezone", "country", "currency", "response_seconds", "claims_per_day",
    "max_unworked", "hopper_days",
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


@transaction.atomic
def add_holiday(*, on: date, name: str, by: Access, now: datetime) -> Holiday:
    """A day on which the team is closed."""
    by.require(Permission.EDIT_TEAM)
    holiday = Holiday(team=by.team, date=on, name=name.strip())
    _save_once(holiday, _("%(date)s is a holiday already.") % {"date": on})
    routing_moved(by.team)
    audit.record(by=by, action="holiday.added", target=holiday, now=now)
    return holiday


@transaction.atomic
def remove_holiday(holiday: Holiday, *, by: Access, now: datetime) -> None:
    """A working day after all."""
    by.require(Permission.EDIT_TEAM)
    audit.record(by=by, action="holiday.removed", target=holiday, now=now)
    holiday.delete()
    routing_moved(by.team)


@transaction.atomic
def add_skill(*, name: str, kind: str, by: Access, now: datetime) -> Skill:
    """Something that members may have and leads may need."""
    by.require(Permission.EDIT_ROUTING)
    skill = Skill(team=by.team, name=name.strip(), kind=kind)
    _save_once(skill, _("“%(name)s” exists already.") % {"name": name})
    audit.record(by=by, action="skill.added", target=skill, now=now)
    return skill


@transaction.atomic
def add_territory(*, name: str, area: dict[str, list[str]], by: Access, now: datetime) -> Territory:
    """A part of the market: {"countries", "regions", "cities", "postcodes"}, each a list."""
    by.require(Permission.EDIT_ROUTING)
    territory = Territory(team=by.team, name=name.strip(), area=area)
    _save_once(territory, _("“%(name)s” exists already.") % {"name": name})
    audit.record(by=by, action="territory.added", target=territory, now=now)
    return territory


def routing_moved(team: Team) -> None:
    """Tell every process that what it remembers of the team's routing changed.

    Rules, fields, statuses, interest groups and holidays are remembered so: call it in the
    transaction that changes one of them.
    """
    Team.objects.filter(pk=team.pk).update(routing_version=F("routing_version") + 1)
    team.refresh_from_db(fields=["routing_version"])


def _save_once(row: Holiday | Skill | Territory, message: str) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise SettingRefused(message) from error
