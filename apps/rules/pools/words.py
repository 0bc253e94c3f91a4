"""A pool's settings in words, section by section, as its page folds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.leads.models import StatusKind
from apps.routing import filters, fit, performance
from apps.routing.fields import Registry
from apps.rules.models import Absent, CapWindow, GiveBack, Mode, OnExpiry, Ranking, Sticky
from apps.rules.pools.settings import PoolSettings
from apps.rules.wording import duration


def in_words(
    settings: PoolSettings, *, registry: Registry, names: Mapping[UUID, str]
) -> dict[str, str]:
    """What each folded section says now. `names` are the members' by membership."""
    return {
        "who": filters.in_words(settings.filters, registry) or _("everybody who sits here"),
        "match": _match(settings, registry),
        "performance": _performance(settings),
        "turns": _turns(settings),
        "limits": _limits(settings),
        "keep": _kept(settings),
        "time": _time(settings),
        "told": _told(settings, names),
        "hours": _hours(settings),
    }


def preferred(keys: Iterable[str]) -> str:
    """What comes before the ranking: "best match, then least busy"."""
    words = {Ranking.FIT: _("best match"), Ranking.LOAD: _("least busy")}
    return _(", then ").join(words[Ranking(key)] for key in keys)


def _match(settings: PoolSettings, registry: Registry) -> str:
    if not settings.fit:
        return preferred(settings.prefer) or _("nothing is weighed")
    words = fit.in_words(settings.fit, registry)
    if not settings.prefer:
        return words
    return _("first by %(keys)s: %(words)s") % {"keys": preferred(settings.prefer), "words": words}


def _performance(settings: PoolSettings) -> str:
    if settings.ranking != Ranking.PERFORMANCE and not settings.performance:
        return _("not measured")
    return performance.in_words(settings.performance)


def _turns(settings: PoolSettings) -> str:
    absent = str(Absent(settings.absent).label)
    if settings.absent == Absent.CATCH_UP:
        most = settings.catch_up_turns
        absent = (
            ngettext(
                "the absent catch up, by %d turn at most",
                "the absent catch up, by %d turns at most",
                most,
            )
            % most
        )
    else:
        absent = _("the absent neither gain nor lose")
    back = (
        _("a bad lead gives the turn back")
        if settings.give_back == GiveBack.BAD_LEAD
        else _("turns are never given back")
    )
    return f"{absent}; {back}"


def _limits(settings: PoolSettings) -> str:
    window = {
        CapWindow.CALENDAR: _("by the calendar"),
        CapWindow.ROLLING: _("over the last hour, day, week, month"),
    }
    words = [window[CapWindow(settings.cap_window)]]
    if settings.load_kinds:
        kinds = ", ".join(str(StatusKind(kind).label).lower() for kind in settings.load_kinds)
        words.append(_("load counts %(kinds)s") % {"kinds": kinds})
    if settings.claims_per_day:
        words.append(_("%d claims a day") % settings.claims_per_day)
    if settings.max_unworked:
        words.append(_("%d unworked at most") % settings.max_unworked)
    if settings.hopper_hours:
        words.append(_("%d h in the hopper") % settings.hopper_hours)
    return "; ".join(words)


def _kept(settings: PoolSettings) -> str:
    if not settings.sticky:
        return _("every lead is new")
    return ", ".join(str(Sticky(each).label) for each in settings.sticky)


def _time(settings: PoolSettings) -> str:
    hops = settings.max_hops
    words = [
        _("business time") if settings.business_time else _("clock time"),
        ngettext("%d member asked at most", "%d members asked at most", hops) % hops,
        str(OnExpiry(settings.on_expiry).label),
    ]
    if settings.head_start_seconds and settings.mode == Mode.CLAIM:
        words.append(_("head start of %s") % duration(settings.head_start_seconds))
    return "; ".join(words)


def _told(settings: PoolSettings, names: Mapping[UUID, str]) -> str:
    known = [names[each] for each in settings.escalate_to if each in names]
    return ", ".join([_("the managers"), *known])


def _hours(settings: PoolSettings) -> str:
    if settings.is_always_open:
        opens = _("day and night")
    else:
        opens = _("the team’s hours") if settings.hours is None else _("its own hours")
    if not settings.respects_hours:
        return _("%(opens)s; members get leads outside their hours too") % {"opens": opens}
    return opens
