"""Which rules a lead matches, in order, without looking at those that cannot match."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.routing import wording
from apps.routing.calendar import Schedule
from apps.routing.conditions import Compiled, Leaf, Pair, compile_condition
from apps.routing.facts import LeadFacts
from apps.routing.fields import Field, Registry
from apps.routing.operators import raw
from apps.routing.values import READERS

NO_RULES: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A rule as published: its number and name on the page, and its conditions."""

    id: UUID
    number: int
    name: str
    conditions: Mapping[str, Any] = field(default_factory=dict)


def compile_rules(rules: Sequence[RuleSpec], registry: Registry) -> CompiledRules:
    """Compile a rule set, in the order given; do it once per published version."""
    return CompiledRules(tuple(rules), registry)


class CompiledRules:
    """A rule set with an index by each rule's most selective equality condition."""

    def __init__(self, rules: tuple[RuleSpec, ...], registry: Registry) -> None:
        self.rules = rules
        self.registry = registry
        self._compiled = tuple(compile_condition(rule.conditions, registry) for rule in rules)
        self._places = {rule.id: place for place, rule in enumerate(rules)}
        self._unindexed, self._index = _build_index(self._compiled)
        self._indexed = [found for key in self._index if (found := registry.get(key))]

    def matches(self, lead: LeadFacts, calendar: Schedule | None = None) -> Iterator[RuleSpec]:
        """The rules that match, in order, each tested only when it is asked for."""
        return (self.rules[place] for place in self._matching(lead, calendar))

    def fields_of(self, rule_id: UUID) -> tuple[str, ...]:
        """The keys of the fields that a rule asks for."""
        return self._compiled[self._places[rule_id]].fields

    def trace(
        self,
        lead: LeadFacts,
        upto: RuleSpec | None = None,
        limit: int = 50,
        calendar: Schedule | None = None,
    ) -> list[dict[str, Any]]:
        """Each rule until `upto` (or to the end) for a decision, ready for JSON.

        Those that matched are all there; of the others, the first ones, at most `limit` in all.
        """
        last = len(self.rules) if upto is None else self._places[upto.id] + 1
        matched = set(self._matching(lead, calendar, before=last))
        room = max(limit - len(matched), 0)
        failed = _first(room, (place for place in range(last) if place not in matched))
        return [
            self._entry(place, lead, calendar, place in matched)
            for place in sorted(matched | failed)
        ]

    def ruled_out(self, listed: Sequence[Mapping[str, Any]], upto: RuleSpec | None = None) -> int:
        """How many rules until `upto` a trace leaves out: all of them did not match."""
        last = len(self.rules) if upto is None else self._places[upto.id] + 1
        return last - len(listed)

    def facts(self, lead: LeadFacts, rule: RuleSpec) -> dict[str, Any]:
        """The lead's values that a rule asks for, ready for JSON; personal ones never."""
        fields = map(self.registry.get, self._compiled[self._places[rule.id]].fields)
        public = [field for field in fields if field is not None and not field.is_personal]
        return {field.key: _to_json(raw(lead, field.key)) for field in public}

    def _matching(
        self, lead: LeadFacts, calendar: Schedule | None, before: int | None = None
    ) -> Iterator[int]:
        previous = -1
        for place in self._possible(lead):
            if before is not None and place >= before:
                return
            if place != previous and self._compiled[place].root.test(lead, calendar):
                yield place
            previous = place

    def _possible(self, lead: LeadFacts) -> Iterator[int]:
        """The places of the rules that could match, ascending; one may come twice in a row."""
        found = [self._unindexed]
        for each in self._indexed:
            places = self._index[each.key]
            found.extend(places[value] for value in _values(lead, each) if value in places)
        return iter(found[0]) if len(found) == 1 else heapq.merge(*found)

    def _entry(
        self, place: int, lead: LeadFacts, calendar: Schedule | None, is_match: bool
    ) -> dict[str, Any]:
        rule, compiled = self.rules[place], self._compiled[place]
        entry: dict[str, Any] = {
            "rule": str(rule.id), "name": rule.name, "n": rule.number, "matched": is_match,
        }  # fmt: skip
        if is_match:
            entry["words"] = wording.in_words(rule.conditions, self.registry, hides_personal=True)
        elif failed := compiled.first_failure(lead, calendar):
            entry["failed"] = self._failed(failed)
        return entry

    def _failed(self, leaf: Leaf) -> dict[str, Any]:
        """The condition that failed; what a rule says of a personal field stays hidden."""
        found = self.registry.get(leaf.field)
        hides = found is not None and found.is_personal
        value = wording.HIDDEN if hides else leaf.value
        failed = {"path": leaf.path, "field": leaf.field, "op": leaf.op, "value": value}
        return {**failed, "negated": True} if leaf.is_negated else failed


def _build_index(
    compiled: Sequence[Compiled],
) -> tuple[tuple[int, ...], dict[str, dict[object, tuple[int, ...]]]]:
    """The places of rules without an equality, and of the others by field and value."""
    seen = Counter(pair for each in compiled for anchor in each.anchors for pair in anchor)
    unindexed: list[int] = []
    index: dict[str, dict[object, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, each in enumerate(compiled):
        if not each.anchors:
            unindexed.append(place)
            continue
        for key, value in min(each.anchors, key=lambda anchor: _commonness(anchor, seen)):
            index[key][value].append(place)
    frozen = {key: {v: tuple(p) for v, p in values.items()} for key, values in index.items()}
    return tuple(unindexed), frozen


def _commonness(anchor: frozenset[Pair], seen: Counter[Pair]) -> int:
    """How many rules share the anchor's values: the fewer, the more it rules out."""
    return sum(seen[pair] for pair in anchor)


def _values(lead: LeadFacts, field: Field) -> tuple[object, ...] | frozenset[str]:
    value = READERS[field.type](raw(lead, field.key))
    if value is None:
        return ()
    return value if isinstance(value, frozenset) else (value,)


def _first(count: int, places: Iterator[int]) -> set[int]:
    return {place for _, place in zip(range(count), places, strict=False)}


def _to_json(value: object) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple | frozenset | set):
        return sorted(value)
    return value
