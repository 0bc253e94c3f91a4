"""Seats in words: why one is passed over, and what limits it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.routing.facts import Skip
from apps.rules.models import Seat
from apps.rules.pools.standing import Place


def skip_words(skip: Skip | str | None) -> str:
    """A reason to pass somebody over, in a few words."""
    return _words().get(skip, str(skip)) if skip else ""


def reason(place: Place) -> str:
    """Why this seat would be passed over now, with the numbers behind it."""
    if place.skip is None:
        return ""
    pattern = _with_numbers().get(place.skip)
    if pattern is None:
        return skip_words(place.skip)
    try:
        return pattern % place.detail
    except KeyError:
        return skip_words(place.skip)


def caps(place: Place) -> str:
    """What limits a seat has: "3 of 10 today, 30 a week"; "none" without any."""
    words = [*_caps(place.seat, place.counts)]
    if place.seat.capacity is not None:
        words.append(_("%d open at once") % place.seat.capacity)
    if place.seat.has_head_start:
        words.append(_("head start"))
    return ", ".join(words) or _("none")


def _caps(seat: Seat, counts: Mapping[str, int]) -> list[str]:
    patterns = {
        "cap_hour": (_("%(cap)d an hour"), _("%(count)d of %(cap)d this hour")),
        "cap_day": (_("%(cap)d a day"), _("%(count)d of %(cap)d today")),
        "cap_week": (_("%(cap)d a week"), _("%(count)d of %(cap)d this week")),
        "cap_month": (_("%(cap)d a month"), _("%(count)d of %(cap)d this month")),
    }
    words = []
    for name, (plain, counted) in patterns.items():
        cap: Any = getattr(seat, name)
        if cap is not None:
            count = counts.get(name, 0)
            words.append((counted if count else plain) % {"cap": cap, "count": count})
    return words


def _with_numbers() -> dict[Skip, str]:
    return {
        Skip.CAPACITY: _("has %(limit)d open leads, the most she takes"),
        Skip.POOL_CAPACITY: _("has %(limit)d open leads, the most here"),
        Skip.CAP_HOUR: _("at the limit of %(limit)d an hour"),
        Skip.CAP_DAY: _("at the limit of %(limit)d a day"),
        Skip.CAP_WEEK: _("at the limit of %(limit)d a week"),
        Skip.CAP_MONTH: _("at the limit of %(limit)d a month"),
        Skip.SKILL: _("%(skill)s: needs level %(level)d, has %(has)d"),
        Skip.LANGUAGE: _("does not speak %(language)s"),
        Skip.EXPERIENCE: _("needs %(years)d years, has %(has)d"),
    }


def _words() -> dict[Skip | str, str]:
    return {
        Skip.INACTIVE: _("inactive"),
        Skip.NOT_PERMITTED: _("may not work on leads"),
        Skip.PAUSED: _("paused"),
        Skip.AWAY: _("away"),
        Skip.HOLIDAY: _("on holiday"),
        Skip.OUTSIDE_HOURS: _("outside hours"),
        Skip.SKILL: _("without the skill"),
        Skip.TERRITORY: _("outside her territories"),
        Skip.LANGUAGE: _("without the language"),
        Skip.EXPERIENCE: _("too little experience"),
        Skip.CAPACITY: _("at capacity"),
        Skip.POOL_CAPACITY: _("at capacity here"),
        Skip.CAP_HOUR: _("at the hour’s limit"),
        Skip.CAP_DAY: _("at the day’s limit"),
        Skip.CAP_WEEK: _("at the week’s limit"),
        Skip.CAP_MONTH: _("at the month’s limit"),
        Skip.TRIED: _("had the lead already"),
        Skip.DECLINED: _("declined the lead"),
        Skip.FULL: _("just reached a limit"),
    }
