"""A pool's filters: which of its members may take a lead at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from apps.routing import items, needs, values
from apps.routing.arguments import shown
from apps.routing.conditions import ConditionError
from apps.routing.facts import LeadFacts, SeatFacts
from apps.routing.fields import Registry
from apps.routing.items import Known
from apps.routing.needs import FULL, Need


class Filter:
    """What a pool's filters ask for one lead: all of it, or any of it.

    What the lead does not say is not asked; if it says nothing, everybody may take it.
    """

    def __init__(self, filters: Mapping[str, Any], lead: LeadFacts | None) -> None:
        self._is_any = filters.get("match") == "any"
        listed = filters.get("items") or ()
        self._needs = [need for item in listed if (need := needs.of(item, lead))]

    def unmet(self, seat: SeatFacts) -> Need | None:
        """The first need that keeps a seat out; None if it may take the lead."""
        if not self._needs:
            return None
        unmet = [need for need in self._needs if need.score(seat) < FULL]
        if self._is_any and len(unmet) < len(self._needs):
            return None
        return unmet[0] if unmet else None


def validate(
    filters: object, registry: Registry, *, skills: Collection[str] | None = None
) -> list[ConditionError]:
    """Everything that is wrong with filters, each with its path and the remedy; [] if nothing.

    `skills` are the names of the team's skills; without them, any name will do.
    """
    if not isinstance(filters, Mapping):
        return [ConditionError("", f"expected filters with a list of items, got {shown(filters)}")]
    return list(_errors(filters, Known(registry, _folded(skills))))


def in_words(filters: Mapping[str, Any], registry: Registry) -> str:
    """What the filters ask, in one line; "" if they ask nothing."""
    joiner = " or " if filters.get("match") == "any" else "; "
    return joiner.join(items.in_words(item, registry) for item in filters.get("items") or ())


def _errors(filters: Mapping[Any, Any], known: Known) -> Iterator[ConditionError]:
    for key in filters:
        if key not in ("match", "items"):
            yield ConditionError("", f"unknown part {shown(key)}; use match and items")
    match = filters.get("match", "all")
    if match not in ("all", "any"):
        yield ConditionError("match", f"expected all or any, got {shown(match)}")
    yield from items.errors(
        filters.get("items", ()), "items", known, kinds=items.FILTERS, has_weight=False
    )


def _folded(skills: Collection[str] | None) -> Collection[str] | None:
    return None if skills is None else {values.fold(name) for name in skills}
