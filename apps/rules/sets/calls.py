"""Which rule sets send leads through which others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from apps.rules.models import Destination, Rule, RuleSet, Version


@dataclass(frozen=True, slots=True)
class Calls:
    """A team's rule sets by name, those switched on, and what each calls while it is live."""

    names: Mapping[UUID, str]
    active: frozenset[UUID]
    called_by: Mapping[UUID, frozenset[UUID]]

    @classmethod
    def of(cls, rule_set: RuleSet) -> Calls:
        """Of the set's team. Nothing is sent through distribution rules."""
        sets = RuleSet.objects.filter(team=rule_set.team_id, kind=RuleSet.Kind.ASSIGNMENT)
        listed = list(sets.values_list("pk", "name", "is_active"))
        called: dict[UUID, set[UUID]] = {}
        pairs = Rule.objects.filter(
            version__rule_set__team=rule_set.team_id,
            version__state=Version.State.PUBLISHED,
            destination=Destination.RULE_SET,
        ).values_list("version__rule_set_id", "rule_set_id")
        for caller, target in pairs:
            if target is not None:
                called.setdefault(caller, set()).add(target)
        return cls(
            names={pk: name for pk, name, _active in listed},
            active=frozenset(pk for pk, _name, is_active in listed if is_active),
            called_by={caller: frozenset(targets) for caller, targets in called.items()},
        )

    def circle(self, caller: UUID, target: UUID) -> list[str]:
        """The names on the way from `caller` through `target` back to it; [] if there is none."""
        path = [target] if target == caller else self._way(target, caller, {target})
        return [self.names[each] for each in (caller, *path)] if path else []

    def _way(self, start: UUID, end: UUID, seen: set[UUID]) -> list[UUID]:
        for following in sorted(self.called_by.get(start, ())):
            if following == end:
                return [start, end]
            if following not in seen:
                seen.add(following)
                rest = self._way(following, end, seen)
                if rest:
                    return [start, *rest]
        return []


def callers_of(rule_set: RuleSet) -> list[Rule]:
    """Live rules and rules of drafts that send leads through this set."""
    rules = Rule.objects.filter(
        rule_set=rule_set, version__state__in=[Version.State.PUBLISHED, Version.State.DRAFT]
    )
    return list(rules.select_related("version__rule_set").order_by("version", "position"))
