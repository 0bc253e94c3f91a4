"""Condition trees: checked when a rule is saved, compiled once, and explained leaf by leaf.

A tree is {"all": […]}, {"any": […]}, {"not": …} or a leaf {"field", "op", "value"};
{} and {"all": []} match everything. A path such as "all[1].not.value" points into it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from apps.routing import operators
from apps.routing.arguments import AREA_FIELDS, Mistake, shown
from apps.routing.calendar import Schedule
from apps.routing.facts import LeadFacts
from apps.routing.fields import Field, FieldType, Registry
from apps.routing.operators import ABOUT_LEAD, OPERATORS, RECEIVED_AT, Operator, Test
from apps.routing.wording import Group, Phrase, describe, in_words

__all__ = [
    "OPERATORS", "Compiled", "ConditionError", "Group", "Leaf", "Phrase", "compile_condition",
    "describe", "in_words", "validate",
]  # fmt: skip

DEEPEST = 10
MOST_LEAVES = 1_000
LEAF_KEYS = frozenset({"field", "op", "value"})
BRANCHES = ("all", "any", "not")

Pair = tuple[str, object]


@dataclass(frozen=True, slots=True)
class ConditionError:
    """What is wrong with a tree, where, and what would be right."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


@dataclass(frozen=True, slots=True)
class Leaf:
    """One compiled condition. A negated one holds where its operator does not."""

    path: str
    field: str
    op: str
    value: Any
    is_negated: bool
    is_broken: bool
    test: Test
    pairs: tuple[frozenset[Pair], ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """All or any of its children, with every "not" already pushed down to the leaves."""

    is_all: bool
    children: tuple[Node, ...]
    test: Test


Node = Leaf | Branch


@dataclass(frozen=True)
class Compiled:
    """A tree ready to run. Evaluating never raises: what cannot be judged does not match."""

    root: Node

    def matches(self, lead: LeadFacts, calendar: Schedule | None = None) -> bool:
        """Whether the lead fits; `calendar` is the team's hours and time zone."""
        return self.root.test(lead, calendar)

    def first_failure(self, lead: LeadFacts, calendar: Schedule | None = None) -> Leaf | None:
        """The first condition that keeps the lead out; None if it matches."""
        return _blame(self.root, lead, calendar)

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Every condition, in the order of the page."""
        return tuple(_walk(self.root))

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The keys of the fields that the tree asks for, each once, in order."""
        return tuple(dict.fromkeys(key for leaf in self.leaves for key in _keys(leaf)))

    @cached_property
    def anchors(self) -> tuple[frozenset[Pair], ...]:
        """Sets of (field, value); of each, a lead that matches must have at least one."""
        return _anchors(self.root)


# Checking


def validate(tree: object, registry: Registry) -> list[ConditionError]:
    """Everything that is wrong with a tree, each with its path and the remedy; [] if nothing."""
    if isinstance(tree, Mapping) and not tree:
        return []
    errors = list(_errors(tree, "", registry, 1))
    if not errors and _count(tree) > MOST_LEAVES:
        errors = [
            ConditionError(
                "", f"has more than {MOST_LEAVES:,} conditions; use “is one of” or more rules"
            )
        ]
    return errors


def _errors(tree: object, path: str, registry: Registry, depth: int) -> Iterator[ConditionError]:
    if depth > DEEPEST:
        yield ConditionError(path, f"is nested deeper than {DEEPEST} levels; flatten it")
        return
    if not isinstance(tree, Mapping):
        yield ConditionError(path, f"expected a condition, got {shown(tree)}")
        return
    kind = next((name for name in BRANCHES if name in tree), None)
    if kind is None:
        yield from _leaf_errors(tree, path, registry)
    elif len(tree) > 1:
        yield ConditionError(path, f"“{kind}” stands alone; move the other keys into it")
    elif kind == "not":
        yield from _errors(tree[kind], _join(path, kind), registry, depth + 1)
    else:
        yield from _list_errors(tree[kind], _join(path, kind), registry, depth)


def _list_errors(
    listed: object, path: str, registry: Registry, depth: int
) -> Iterator[ConditionError]:
    if not isinstance(listed, list | tuple):
        yield ConditionError(path, f"expected a list of conditions, got {shown(listed)}")
        return
    if not listed and path != "all":
        yield ConditionError(path, "is empty; add a condition or remove it")
    for number, child in enumerate(listed):
        yield from _errors(child, f"{path}[{number}]", registry, depth + 1)


def _leaf_errors(
    leaf: Mapping[Any, object], path: str, registry: Registry
) -> Iterator[ConditionError]:
    unknown = [key for key in leaf if key not in LEAF_KEYS]
    if unknown:
        yield ConditionError(
            path, f"unknown key {shown(unknown[0])}; use all, any, not, or field, op and value"
        )
        return
    field, operator = _resolve(leaf, registry)
    if field is None:
        yield _unknown_field(leaf, path)
    elif operator is None:
        yield _unknown_operator(leaf, path, field)
    else:
        yield from _value_errors(leaf, path, field, operator)


def _value_errors(
    leaf: Mapping[Any, object], path: str, field: Field, operator: Operator
) -> Iterator[ConditionError]:
    try:
        operator.parse(leaf.get("value"), field)
    except Mistake as mistake:
        yield ConditionError(_join(path, "value") + mistake.path, mistake.message)


def _unknown_field(leaf: Mapping[Any, object], path: str) -> ConditionError:
    key = leaf.get("field")
    if key is None:
        return ConditionError(_join(path, "field"), "is missing; name the field to look at")
    return ConditionError(
        _join(path, "field"), f"unknown field {shown(key)}; choose one of the team's fields"
    )


def _unknown_operator(leaf: Mapping[Any, object], path: str, field: Field) -> ConditionError:
    usable = ", ".join(operators.of(field))
    name = leaf.get("op")
    found = "is missing" if name is None else f"{shown(name)} does not apply to {field.label}"
    return ConditionError(_join(path, "op"), f"{found}; use one of {usable}")


def _count(tree: object) -> int:
    """How many leaves a valid tree has."""
    if not isinstance(tree, Mapping):
        return 0
    if "not" in tree:
        return _count(tree["not"])
    listed = tree.get("all", tree.get("any"))
    return sum(map(_count, listed)) if isinstance(listed, list | tuple) else 1


def _resolve(
    leaf: Mapping[Any, object], registry: Registry
) -> tuple[Field | None, Operator | None]:
    """The leaf's field and operator; one about the whole lead stands on its arrival."""
    name, key = leaf.get("op"), leaf.get("field")
    about_lead = ABOUT_LEAD.get(name) if isinstance(name, str) else None
    field = registry.get(RECEIVED_AT if about_lead and not key else key)
    if field is None or not isinstance(name, str):
        return field, None
    return field, operators.of(field).get(name)


def _join(path: str, part: str) -> str:
    return f"{path}.{part}" if path else part


# Compiling


def compile_condition(tree: object, registry: Registry) -> Compiled:
    """Closures for a tree, made once. It never raises: a broken leaf matches nothing.

    A broken leaf (an unknown field, say) matches nothing under "not" either.
    """
    if isinstance(tree, Mapping) and not tree:
        return Compiled(_branch(True, ()))
    return Compiled(_compile(tree, "", registry, False, 1))


def _compile(tree: object, path: str, registry: Registry, is_negated: bool, depth: int) -> Node:
    if not isinstance(tree, Mapping) or depth > DEEPEST:
        return _broken(path, {})
    if len(tree) == 1 and "not" in tree:
        return _compile(tree["not"], _join(path, "not"), registry, not is_negated, depth + 1)
    for kind in ("all", "any"):
        listed = tree.get(kind)
        if len(tree) == 1 and isinstance(listed, list | tuple):
            base = _join(path, kind)
            children = tuple(
                _compile(child, f"{base}[{number}]", registry, is_negated, depth + 1)
                for number, child in enumerate(listed)
            )
            return _branch((kind == "all") is not is_negated, children)
    return _leaf(tree, path, registry, is_negated)


def _leaf(leaf: Mapping[Any, object], path: str, registry: Registry, is_negated: bool) -> Leaf:
    field, operator = _resolve(leaf, registry)
    if field is None or operator is None or not leaf.keys() <= LEAF_KEYS:
        return _broken(path, leaf)
    value = leaf.get("value")
    try:
        parsed = operator.parse(value, field)
    except Mistake:
        return _broken(path, leaf)
    test = operator.build(field, parsed)
    pairs = () if is_negated else _pairs(field, operator.name, parsed)
    return Leaf(
        path,
        field.key,
        operator.name,
        value,
        is_negated,
        False,
        _not(test) if is_negated else test,
        pairs,
    )


def _broken(path: str, leaf: Mapping[Any, object]) -> Leaf:
    field, op = str(leaf.get("field", "")), str(leaf.get("op", ""))
    return Leaf(path, field, op, leaf.get("value"), False, True, lambda lead, hours: False)


def _not(test: Test) -> Test:
    return lambda lead, hours: not test(lead, hours)


def _branch(is_all: bool, children: tuple[Node, ...]) -> Branch:
    tests = [child.test for child in children]
    if len(tests) == 1:
        return Branch(is_all, children, tests[0])

    def test(lead: LeadFacts, hours: Schedule | None) -> bool:
        for each in tests:
            if each(lead, hours) is not is_all:
                return not is_all
        return is_all

    return Branch(is_all, children, test)


def _pairs(field: Field, op: str, parsed: Any) -> tuple[frozenset[Pair], ...]:
    """For an equality: sets of (field, value), each of which a matching lead must meet."""
    if field.type is FieldType.DATE:
        return ()
    match op:
        case "is":
            return (frozenset({(field.key, parsed)}),)
        case "is_one_of" | "has_any_of":
            return (frozenset((field.key, each) for each in parsed),)
        case "has_all_of":
            return tuple(frozenset({(field.key, each)}) for each in parsed)
    return ()


def _anchors(node: Node) -> tuple[frozenset[Pair], ...]:
    if isinstance(node, Leaf):
        return node.pairs
    if node.is_all:
        return tuple(anchor for child in node.children for anchor in _anchors(child))
    smallest = [min(_anchors(child), key=len, default=None) for child in node.children]
    found = [anchor for anchor in smallest if anchor is not None]
    return (frozenset().union(*found),) if found and len(found) == len(smallest) else ()


# Explaining


def _blame(node: Node, lead: LeadFacts, hours: Schedule | None) -> Leaf | None:
    if node.test(lead, hours):
        return None
    if isinstance(node, Leaf):
        return node
    failed = (_blame(child, lead, hours) for child in node.children)
    return next((leaf for leaf in failed if leaf is not None), None)


def _walk(node: Node) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
        return
    for child in node.children:
        yield from _walk(child)


def _keys(leaf: Leaf) -> Sequence[str]:
    """The fields that a leaf looks at."""
    if leaf.is_broken or leaf.op in ABOUT_LEAD:
        return ()
    if leaf.op == "within_area":
        return [field for key, field in AREA_FIELDS.items() if leaf.value.get(key)]
    return (leaf.field,)
