"""What changed from one revision of a pool to the next, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.leads.models import StatusKind
from apps.routing import filters, fit, performance
from apps.routing.fields import Registry
from apps.rules.models import Pool, PoolRevision, Seat, Sticky
from apps.rules.pools.services import SEAT_SETTINGS
from apps.rules.pools.words import preferred
from apps.rules.wording import duration
from apps.teams.models import Membership

SEAT_WORDS = ("position", *SEAT_SETTINGS)
Settings = Mapping[str, Any]
Say = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Revised:
    """One revision and what it changed; the oldest of a list changed nothing that we know."""

    revision: PoolRevision
    words: tuple[str, ...]


def changes_of(
    revisions: Sequence[PoolRevision], members: QuerySet[Membership], registry: Registry
) -> list[Revised]:
    """Each revision, latest first, against the one before it."""
    names = _names(revisions, members)
    sayings = _sayings(names, registry)
    older = [revision.settings for revision in revisions[1:]]
    return [
        Revised(revision, tuple(_words(before, revision.settings, names, sayings)))
        for revision, before in zip(revisions, [*older, None], strict=True)
    ]


def _words(
    before: Settings | None,
    after: Settings,
    names: Mapping[str, str],
    sayings: Mapping[str, Say],
) -> Iterator[str]:
    if before is None:
        yield _("The pool as it was")
        return
    for key, value in after.items():
        # What an older revision does not know of was not there to be changed.
        if key != "seats" and key in before and before[key] != value:
            say = sayings.get(key, _saying(key, names))
            yield f"{_label(key)}: {say(before[key])} → {say(value)}"
    yield from _seat_words(_by_seat(before), _by_seat(after), names)


def _sayings(names: Mapping[str, str], registry: Registry) -> dict[str, Say]:
    """How settings are said that are more than a number, a name or a choice."""
    seconds = dict.fromkeys(("window_seconds", "response_seconds", "head_start_seconds"), _duration)
    return seconds | {
        "hours": lambda value: _("the team’s hours") if value is None else _("hours of its own"),
        "filters": lambda value: filters.in_words(value, registry) or _("everybody"),
        "fit": lambda value: fit.in_words(value, registry) or "–",
        "performance": lambda value: performance.in_words(value) if value else "–",
        "prefer": lambda value: preferred(value) or "–",
        "sticky": lambda value: _listed(str(Sticky(each).label) for each in value),
        "load_kinds": lambda value: _listed(str(StatusKind(each).label) for each in value),
        "escalate_to": lambda value: _listed(names.get(str(each), "–") for each in value),
    }


def _duration(seconds: int | None) -> str:
    return "–" if seconds is None else duration(seconds)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "–"


def _seat_words(
    before: Mapping[str, Settings], after: Mapping[str, Settings], names: Mapping[str, str]
) -> Iterator[str]:
    for seat_id, seat in after.items():
        name, was = names.get(seat["member"], "–"), before.get(seat_id)
        if was is None:
            yield _("%(name)s has a seat, weight %(weight)d") % {
                "name": name,
                "weight": seat["weight"],
            }
            continue
        for key in SEAT_WORDS:
            if key in was and was[key] != seat.get(key):
                change = f"{_shown(was.get(key))} → {_shown(seat.get(key))}"
                yield f"{name}, {_seat_label(key)}: {change}"
    for seat_id in before.keys() - after.keys():
        name = names.get(before[seat_id]["member"], "–")
        yield _("%(name)s left; the credit was shared out") % {"name": name}


def _by_seat(settings: Settings) -> dict[str, Settings]:
    return {seat["seat"]: seat for seat in settings.get("seats", ())}


def _names(revisions: Sequence[PoolRevision], members: QuerySet[Membership]) -> dict[str, str]:
    ids = {seat["member"] for revision in revisions for seat in revision.settings.get("seats", ())}
    ids |= {revision.settings.get("overflow_member_id") for revision in revisions} - {None}
    ids |= {each for revision in revisions for each in revision.settings.get("escalate_to", ())}
    found = members.filter(pk__in=ids).select_related("user")
    pools = {revision.settings.get("overflow_pool_id") for revision in revisions} - {None}
    others = Pool.objects.filter(pk__in=pools, team__in={each.team_id for each in revisions})
    return {str(each.pk): str(each) for each in (*found, *others)}


def _label(key: str) -> str:
    name = key.removesuffix("_id")
    return str(Pool._meta.get_field(name).verbose_name).capitalize()  # type: ignore[union-attr]


def _saying(key: str, names: Mapping[str, str]) -> Say:
    """How a plain setting is said: a name, a choice as the pool's page calls it, or itself."""
    choices = dict(getattr(Pool._meta.get_field(key.removesuffix("_id")), "flatchoices", ()))
    return lambda value: str(
        names.get(str(value))
        or (choices.get(value) if isinstance(value, str) else None)
        or _shown(value)
    )


def _seat_label(key: str) -> str:
    if key == "position":
        return _("place")
    return str(Seat._meta.get_field(key).verbose_name)  # type: ignore[union-attr]


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)
