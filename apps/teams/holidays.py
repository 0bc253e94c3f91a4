"""Public holidays by country and region, and the days on which a team is closed."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType

import holidays
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django_countries import countries

from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Holiday, Team
from apps.teams.permissions import Permission
from apps.teams.team_settings import SettingRefused, routing_moved

# Every year that a lead may have come in or a deadline may fall in; some milliseconds a country.
YEARS = range(2010, 2061)
AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Day:
    """A day as the page of holidays lists it; `own` is the team's row about it, if any."""

    date: date
    name: str
    is_public: bool
    own: Holiday | None

    @property
    def is_closed(self) -> bool:
        return not (self.own and self.own.is_open)


@lru_cache(maxsize=64)
def public_holidays(country: str, region: str = "") -> Mapping[date, str]:
    """Names by date over YEARS; empty for no country, or one that nobody has a list of."""
    if country not in regions():
        return MappingProxyType({})
    known = region if region in regions()[country] else None
    with warnings.catch_warnings():
        # Some calendars are announced late: then there are none for the years far ahead.
        warnings.simplefilter("ignore")
        found = holidays.country_holidays(country, subdiv=known, years=YEARS)
    return MappingProxyType(dict(sorted(found.items())))


@lru_cache(maxsize=1)
def regions() -> Mapping[str, tuple[str, ...]]:
    """Every country that has a list of holidays, with the codes of its regions."""
    listed = holidays.list_supported_countries()
    return {
        code: tuple(each for each in known if len(each) <= 10) for code, known in listed.items()
    }


def region_names(country: str) -> list[tuple[str, str]]:
    """The regions of a country as (code, name), by name."""
    if country not in regions():
        return []
    aliases = holidays.country_holidays(country).get_subdivision_aliases()
    named = [(code, next(iter(aliases.get(code) or ()), code)) for code in regions()[country]]
    return sorted(named, key=lambda each: each[1].casefold())


def country_names() -> list[tuple[str, str]]:
    """The countries that have a list, as (code, name), by name."""
    return [(code, str(name)) for code, name in countries if code in regions()]


def closed_days(team: Team) -> frozenset[date]:
    """The public holidays of the team's country and its own, without those it works on."""
    public = public_holidays(team.holiday_country, team.holiday_region)
    own = dict(Holiday.objects.filter(team_id=team.pk).values_list("date", "is_open"))
    closed = {day for day, is_open in own.items() if not is_open}
    return frozenset(closed | (public.keys() - own.keys()))


def coming(team: Team, *, today: date) -> list[Day]:
    """The public holidays and the team's own days of the next 400 days, by date."""
    until = today + AHEAD
    public = public_holidays(team.holiday_country, team.holiday_region)
    names = {day: name for day, name in public.items() if today <= day < until}
    rows = Holiday.objects.filter(team_id=team.pk, date__gte=today)
    own = {row.date: row for row in rows}
    return [
        Day(day, own[day].name if day in own else names[day], day in names, own.get(day))
        for day in sorted(names.keys() | own.keys())
    ]


@transaction.atomic
def follow(*, country: str, region: str, by: Access, now: datetime) -> Team:
    """Close on the public holidays of a country (or of one of its regions); none: of nowhere."""
    by.require(Permission.EDIT_TEAM)
    if country and country not in regions():
        raise SettingRefused(_("There is no list of holidays for this country."))
    if region and region not in regions().get(country, ()):
        raise SettingRefused(_("Choose a region of this country."))
    team: Team = Team.objects.select_for_update(no_key=True).get(pk=by.team.pk)
    before = [team.holiday_country, team.holiday_region]
    team.holiday_country, team.holiday_region = country, region
    team.save(update_fields=["holiday_country", "holiday_region"])
    routing_moved(team)
    detail = {"before": before, "after": [country, region]}
    audit.record(by=by, action="team.holidays", target=team, now=now, detail=detail)
    return team


@transaction.atomic
def add_day(*, on: date, name: str, is_open: bool, by: Access, now: datetime) -> Holiday:
    """A day on which the team is closed, or works although its country does not."""
    by.require(Permission.EDIT_TEAM)
    row = Holiday(team=by.team, date=on, name=name.strip(), is_open=is_open)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        words = _("%(date)s is on the list already: remove that line first.")
        raise SettingRefused(words % {"date": on}) from error
    routing_moved(by.team)
    detail = {"date": on.isoformat(), "is_open": is_open}
    audit.record(by=by, action="holiday.added", target=row, now=now, detail=detail)
    return row


@transaction.atomic
def remove_day(row: Holiday, *, by: Access, now: datetime) -> None:
    """Forget what the team itself said about a day."""
    by.require(Permission.EDIT_TEAM)
    audit.record(by=by, action="holiday.removed", target=row, now=now)
    row.delete()
    routing_moved(by.team)
