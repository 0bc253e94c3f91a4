"""What a look at rules and pools needs to know, and what it finds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from apps.leads.models import Source
from apps.rules.models import Pool, Rule, RuleSet
from apps.rules.registry import TeamRegistry


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to look at; `tone` is "urgent" where leads go nowhere, else "soon"."""

    tone: str
    title: str
    text: str
    rule_key: UUID | None = None
    pool_id: UUID | None = None


def titled(rule: Rule) -> str:
    return _("Rule %(number)d “%(name)s”") % {"number": rule.position, "name": rule.name}


def note_of(rule: Rule, tone: str, text: str) -> Note:
    """A note about a rule; what is switched off is never urgent."""
    return Note(tone if rule.is_active else "soon", titled(rule), text, rule_key=rule.key)


@dataclass(frozen=True, slots=True)
class House:
    """The team's pools with the number of active seats in each, and its sources."""

    pools: Mapping[UUID, Pool]
    seated: Mapping[UUID, int]
    sources: Sequence[Source]


@dataclass(frozen=True, slots=True)
class Around:
    """What else the rules of a set may name. `live_sets` are the other sets that decide now."""

    rule_set: RuleSet
    registry: TeamRegistry
    rule_sets: Mapping[UUID, RuleSet]
    live_sets: frozenset[UUID]
    members: frozenset[UUID]
    groups: frozenset[UUID]
    is_called: bool

    @property
    def group_names(self) -> Collection[tuple[str, ...]]:
        """Of every interest group, each name that it ever had."""
        return self.registry.groups.values()
