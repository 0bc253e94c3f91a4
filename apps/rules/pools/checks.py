"""What can't be kept of a pool's settings: each problem at the setting that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext as _

from apps.leads.models import OPEN_KINDS
from apps.routing import filters, fit, performance
from apps.routing.calendar import Schedule
from apps.rules.models import (
    RANKINGS_OF_MODE,
    Absent,
    CapWindow,
    EmptyPolicy,
    GiveBack,
    Mode,
    OnExpiry,
    Overflow,
    Pool,
    Ranking,
    Rule,
    Sticky,
    Version,
)
from apps.rules.pools.settings import PoolSettings
from apps.rules.refusals import Problem
from apps.rules.registry import registry
from apps.teams.models import Membership, Skill, Team

LONGEST = 366 * 24 * 3600
# The least and the most that a number may be; an empty one is judged by its own field.
RANGES = {
    "window_seconds": (1, LONGEST),
    "response_seconds": (0, LONGEST),
    "max_hops": (1, 1_000),
    "claims_per_day": (1, 1_000_000),
    "max_unworked": (1, 1_000_000),
    "catch_up_turns": (1, 100),
    "head_start_seconds": (0, LONGEST),
    "hopper_hours": (1, 24 * 366),
}
CHOICES: Mapping[str, type[TextChoices]] = {
    "empty_policy": EmptyPolicy,
    "cap_window": CapWindow,
    "absent": Absent,
    "give_back": GiveBack,
    "on_expiry": OnExpiry,
}
# Rankings that leave ties for the next one to decide.
PREFERABLE = (Ranking.FIT, Ranking.LOAD)


def problems(settings: PoolSettings, team: Team, *, pool: Pool | None) -> list[Problem]:
    """Everything wrong with these settings for a new pool, or for `pool` as it stands."""
    return [
        *_name(settings, team, pool),
        *_handover(settings),
        *_preferences(settings),
        *_match(settings, team),
        *_choices(settings),
        *_lists(settings),
        *_numbers(settings),
        *_hours(settings),
        *_people(settings, team),
        *_overflow(settings, team, pool),
        *(_uses(pool) if pool and not settings.is_active else ()),
    ]


def overflow_chain(pool_id: UUID, overflows: Mapping[UUID, UUID | None]) -> list[UUID]:
    """The pools that a lead walks from this one; the last comes twice if it is a circle."""
    chain = [pool_id]
    following = overflows.get(pool_id)
    while following is not None:
        chain.append(following)
        if chain.index(following) < len(chain) - 1:
            break
        following = overflows.get(following)
    return chain


def _name(settings: PoolSettings, team: Team, pool: Pool | None) -> Iterator[Problem]:
    if not settings.name.strip():
        yield Problem("name", _("Give the pool a name."))
        return
    others = Pool.objects.filter(team=team, name=settings.name)
    if (others.exclude(pk=pool.pk) if pool else others).exists():
        yield Problem("name", _("There is a pool of this name already."))


def _handover(settings: PoolSettings) -> Iterator[Problem]:
    if settings.mode not in Mode.values:
        yield Problem("handover", _("Choose how leads are handed over."))
    elif settings.ranking not in RANKINGS_OF_MODE[Mode(settings.mode)]:
        yield Problem("handover", _("This ranking does not go with this way of handing over."))


def _preferences(settings: PoolSettings) -> Iterator[Problem]:
    given = list(settings.prefer)
    if any(key not in PREFERABLE for key in given) or len(set(given)) < len(given):
        yield Problem("prefer", _("Choose the best match, the load, or both."))
    elif settings.ranking in given:
        yield Problem("prefer", _("The pool ranks by this already: choose another one first."))
    elif given and settings.mode == Mode.CLAIM:
        yield Problem("prefer", _("Claims go to whoever is first: there is nothing to prefer."))
    if Ranking.FIT in (settings.ranking, *given) and not settings.fit:
        yield Problem("fit", _("Say what makes a good match: give at least one thing a weight."))


def _match(settings: PoolSettings, team: Team) -> Iterator[Problem]:
    """What routing says of filters, fit and performance, each at its own path."""
    fields = registry(team)
    names = Skill.objects.filter(team=team, kind=Skill.Kind.SKILL) if _asks_skill(settings) else ()
    skills = [skill.name for skill in names]
    found = {
        "filters": filters.validate(settings.filters, fields, skills=skills),
        "fit": fit.validate(list(settings.fit), fields, skills=skills),
        "performance": performance.validate(settings.performance),
    }
    for name, errors in found.items():
        for error in errors:
            path = error.path if error.path.startswith("[") or not error.path else f".{error.path}"
            yield Problem(f"{name}{path}", sentence(error.message))


def sentence(message: str) -> str:
    """A message of routing as it stands alone beside a field."""
    return message[:1].upper() + message[1:] + ("" if message.endswith(".") else ".")


def _asks_skill(settings: PoolSettings) -> bool:
    items = settings.filters.get("items") if isinstance(settings.filters, Mapping) else ()
    listed = [*(items if isinstance(items, list | tuple) else ()), *settings.fit]
    return any(isinstance(item, Mapping) and item.get("skill") is not None for item in listed)


def _choices(settings: PoolSettings) -> Iterator[Problem]:
    for name, choices in CHOICES.items():
        if getattr(settings, name) not in choices.values:
            yield Problem(name, _("Choose one of the answers."))


def _lists(settings: PoolSettings) -> Iterator[Problem]:
    wanted = {"sticky": set(Sticky.values), "load_kinds": set(map(str, OPEN_KINDS))}
    for name, allowed in wanted.items():
        if not set(getattr(settings, name)) <= allowed:
            yield Problem(name, _("Choose among the answers."))


def _numbers(settings: PoolSettings) -> Iterator[Problem]:
    for name, (least, most) in RANGES.items():
        value = getattr(settings, name)
        if value is not None and not least <= value <= most:
            words = _("Use a number from %(least)d to %(most)d.")
            yield Problem(name, words % {"least": least, "most": most})
    if settings.mode == Mode.CLAIM and settings.head_start_seconds >= settings.window_seconds:
        words = _("The head start must end before the claim does: make it shorter.")
        yield Problem("head_start_seconds", words)


def _hours(settings: PoolSettings) -> Iterator[Problem]:
    if settings.hours is None:
        return
    try:
        Schedule.from_json(settings.hours)
    except ValueError as error:
        yield Problem("hours", str(error))


def _people(settings: PoolSettings, team: Team) -> Iterator[Problem]:
    told = set(settings.escalate_to)
    if told and Membership.objects.active().filter(team=team, pk__in=told).count() < len(told):
        yield Problem("escalate_to", _("Choose active members of this team."))


def _overflow(settings: PoolSettings, team: Team, pool: Pool | None) -> list[Problem]:
    match settings.overflow:
        case Overflow.POOL:
            return _chain(settings.overflow_pool_id, team, pool)
        case Overflow.MEMBER:
            members = Membership.objects.active().filter(team=team)
            member_id = settings.overflow_member_id
            if member_id is None or not members.filter(pk=member_id).exists():
                return [Problem("overflow", _("Choose an active member of this team."))]
        case Overflow.MANAGER | Overflow.HOPPER:
            return []
        case _:
            return [Problem("overflow", _("Choose where leads go that nobody took."))]
    return []


def _chain(overflow: UUID | None, team: Team, pool: Pool | None) -> list[Problem]:
    pools = {each.pk: each for each in Pool.objects.filter(team=team)}
    if overflow not in pools or not pools[overflow].is_active:
        return [Problem("overflow", _("Choose an active pool of this team."))]
    if pool is None:
        return []
    overflows = {pk: each.overflow_pool_id for pk, each in pools.items()} | {pool.pk: overflow}
    chain = overflow_chain(pool.pk, overflows)
    if len(set(chain)) == len(chain):
        return []
    names = " → ".join(pools[pk].name for pk in chain)
    return [
        Problem("overflow", _("Leads would go round in a circle: %(chain)s.") % {"chain": names})
    ]


def _uses(pool: Pool) -> list[Problem]:
    """A pool that leads are sent to can't be switched off."""
    live = Rule.objects.filter(pool=pool, version__state=Version.State.PUBLISHED, is_active=True)
    from_rules = [_("rule %(number)d") % {"number": rule.position} for rule in live]
    feeders: Any = Pool.objects.filter(overflow_pool=pool, is_active=True)
    used = [*from_rules, *feeders.values_list("name", flat=True)]
    if not used:
        return []
    message = _("Leads still come here from %(places)s: change that first.")
    return [Problem("is_active", message % {"places": ", ".join(used)})]
