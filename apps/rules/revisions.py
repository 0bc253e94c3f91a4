"""What changed from one revision of a pool to the next, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.rules.models import Pool, PoolRevision
from apps.teams.models import Membership

SEAT_WORDS = ("weight", "cap_day", "is_active", "position")
Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Revised:
    """One revision and what it changed; the oldest of a list changed nothing that we know."""

    revision: PoolRevision
    words: tuple[str, ...]


def changes_of(revisions: Sequence[PoolRevision], members: QuerySet[Membership]) -> list[Revised]:
    """Each revision, latest first, against the one before it."""
    names = _names(revisions, members)
    older = [revision.settings for revision in revisions[1:]]
    return [
        Revised(revision, tuple(_words(before, revision.settings, names)))
        for revision, before in zip(revisions, [*older, None], strict=True)
    ]


def _words(before: Settings | None, after: Settings, names: Mapping[str, str]) -> Iterator[str]:
    if before is None:
        yield _("The pool as it was")
        return
    for key, value in after.items():
        if key != "seats" and before.get(key) != value:
            was, will_be = (_named(key, each, names) for each in (before.get(key), value))
            yield f"{_label(key)}: {was} → {will_be}"
    yield from _seat_words(_by_seat(before), _by_seat(after), names)


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
            if was.get(key) != seat.get(key):
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
    found = members.filter(pk__in=ids).select_related("user")
    pools = {revision.settings.get("overflow_pool_id") for revision in revisions} - {None}
    others = Pool.objects.filter(pk__in=pools, team__in={each.team_id for each in revisions})
    return {str(each.pk): str(each) for each in (*found, *others)}


def _label(key: str) -> str:
    name = key.removesuffix("_id")
    return str(Pool._meta.get_field(name).verbose_name).capitalize()  # type: ignore[union-attr]


def _named(key: str, value: Any, names: Mapping[str, str]) -> str:
    """A setting's value as the pool's page says it."""
    choices = dict(getattr(Pool._meta.get_field(key.removesuffix("_id")), "flatchoices", ()))
    return str(names.get(str(value)) or choices.get(value) or _shown(value))


def _seat_label(key: str) -> str:
    labels = {
        "weight": _("weight"),
        "cap_day": _("leads a day"),
        "is_active": _("active"),
        "position": _("place"),
    }
    return labels[key]


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value) if not isinstance(value, dict) else _("other hours")
