"""A pool's filters: which of its members may take a lead at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.routing import needs
from apps.routing.facts import LeadFacts, SeatFacts
from apps.routing.needs import FULL, Need


class Filter:
    """What a pool's filters ask for one lead: all of it, or any of it.

    What the lead does not say is not asked; if it says nothing, everybody may take it.
    """

    def __init__(self, filters: Mapping[str, Any], lead: LeadFacts | None) -> None:
        self._is_any = filters.get("match") == "any"
        items = filters.get("items") or ()
        self._needs = [need for item in items if (need := needs.of(item, lead))]

    def unmet(self, seat: SeatFacts) -> Need | None:
        """The first need that keeps a seat out; None if it may take the lead."""
        if not self._needs:
            return None
        unmet = [need for need in self._needs if need.score(seat) < FULL]
        if self._is_any and len(unmet) < len(self._needs):
            return None
        return unmet[0] if unmet else None
