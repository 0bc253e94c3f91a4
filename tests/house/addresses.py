"""Every address below a team, taken from the URLconf, with the objects that it names."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import get_resolver

from apps.teams.checks import policy_of, walk

_PART = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>|\(\?P<(?P<regex_name>\w+)>[^)]*\)")
# Parts that name no object.
PLAIN: Mapping[str, str] = {
    "number": "1", "figure": "volume", "format": "json", "dimension": "source",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """A pattern such as t/<slug:team>/leads/<uuid:lead>/, and what stands behind it."""

    pattern: str
    view: Any

    def __str__(self) -> str:
        return self.pattern

    @property
    def names(self) -> tuple[str, ...]:
        """The objects in it, in order."""
        named = (match["name"] or match["regex_name"] for match in _PART.finditer(self.pattern))
        return tuple(name for name in named if name != "team" and name not in PLAIN)

    def path(self, *, team: str, ids: Mapping[str, UUID]) -> str:
        """The address in that team, of these objects."""
        words = {**PLAIN, "team": team, **{name: str(value) for name, value in ids.items()}}
        filled = _PART.sub(lambda match: words[match["name"] or match["regex_name"]], self.pattern)
        return "/" + filled.replace("^", "").replace("$", "").replace("\\Z", "")


def team_pages() -> Iterator[Address]:
    """What lies below /t/<team>/."""
    for pattern, view in walk(get_resolver()):
        policy = policy_of(view)
        if policy is not None and policy.kind == "team" and pattern.startswith("t/"):
            yield Address(pattern, view)


def api_addresses() -> Iterator[Address]:
    """What lies below /api/ and asks for a member of a team."""
    for pattern, view in walk(get_resolver()):
        policy = policy_of(view)
        if policy is not None and policy.kind == "api":
            yield Address(pattern, view)
