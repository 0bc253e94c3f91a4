"""Conditions as a sentence: "country is one of DE, AT, CH; employees ≥ 500"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from apps.routing.arguments import AREA_FIELDS, postcode_range
from apps.routing.fields import Field, Registry
from apps.routing.operators import ABOUT_LEAD, OPERATORS, Operator, Takes

HIDDEN = "…"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NEGATIVE = {
    "is": "is not", "is not": "is", "is on": "is not on", "is not on": "is on",
    "is empty": "is known", "is known": "is empty", ">": "≤", "≥": "<", "<": "≥", "≤": ">",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phrase:
    """One condition in words: “country”, “is one of”, (“DE”, “AT”, “CH”).

    `is_known` is false for a field or operator that the registry does not know (any more).
    """

    path: str
    field: str
    operator: str
    values: tuple[str, ...]
    is_negated: bool = False
    is_known: bool = True

    @property
    def value(self) -> str:
        """The values in one line."""
        return ", ".join(self.values)

    def __str__(self) -> str:
        words = " ".join(filter(None, (self.field, self.operator, self.value)))
        return f"not ({words})" if self.is_negated else words


@dataclass(frozen=True, slots=True)
class Group:
    """Phrases and groups that must hold all, or any of them."""

    joiner: str
    parts: tuple[Phrase | Group, ...]

    def __str__(self) -> str:
        return self.joined(" and " if self.joiner == "all" else " or ")

    def joined(self, by: str) -> str:
        """The parts in one line; groups inside stand in parentheses."""
        return by.join(f"({part})" if isinstance(part, Group) else str(part) for part in self.parts)


def describe(tree: object, registry: Registry) -> Group:
    """The whole tree as parts for a page; a rule that matches everything has none."""
    described = _part(tree, "", registry, False) if tree else Group("all", ())
    return described if isinstance(described, Group) else Group("all", (described,))


def in_words(tree: object, registry: Registry, *, hides_personal: bool = False) -> str:
    """The whole tree in one line; conditions that must all hold are set apart by semicolons.

    With `hides_personal` it does not say what it asks of a personal field.
    """
    group = describe(_without_personal(tree, registry) if hides_personal else tree, registry)
    if not group.parts:
        return "every lead"
    return group.joined("; " if group.joiner == "all" else " or ")


def phrase(
    leaf: Mapping[str, object], path: str, registry: Registry, is_negated: bool = False
) -> Phrase:
    """One condition in words."""
    key, op = leaf.get("field"), leaf.get("op")
    field, operator = registry.get(key), _operator(registry.get(key), op)
    if operator is None or (field is None and not operator.is_about_lead):
        return Phrase(
            path, str(key or "?"), str(op or "?").replace("_", " "), (), is_negated, False
        )
    label = _subject(field, operator)
    values = _values(leaf.get("value"), operator)
    if is_negated and operator.words in NEGATIVE:
        return Phrase(path, label, NEGATIVE[operator.words], values)
    return Phrase(path, label, operator.words, values, is_negated)


def _part(tree: object, path: str, registry: Registry, is_negated: bool) -> Phrase | Group:
    if not isinstance(tree, Mapping):
        return Phrase(path, "?", "?", (), is_negated, False)
    prefix = f"{path}." if path else ""
    if "not" in tree:
        return _part(tree["not"], prefix + "not", registry, not is_negated)
    for kind in ("all", "any"):
        listed = tree.get(kind)
        if isinstance(listed, Sequence) and not isinstance(listed, str):
            parts = (
                _part(child, f"{prefix}{kind}[{number}]", registry, is_negated)
                for number, child in enumerate(listed)
            )
            is_all = (kind == "all") is not is_negated
            return Group("all" if is_all else "any", tuple(parts))
    return phrase(tree, path, registry, is_negated)


def _without_personal(tree: Any, registry: Registry) -> Any:
    if isinstance(tree, list | tuple):
        return [_without_personal(each, registry) for each in tree]
    if not isinstance(tree, Mapping):
        return tree
    field = registry.get(tree.get("field"))
    if field is not None and field.is_personal:
        return {**tree, "value": None}
    return {
        key: _without_personal(each, registry) if key in ("all", "any", "not") else each
        for key, each in tree.items()
    }


def _operator(field: Field | None, op: object) -> Operator | None:
    if not isinstance(op, str):
        return None
    return ABOUT_LEAD.get(op) or (OPERATORS[field.type].get(op) if field else None)


def _subject(field: Field | None, operator: Operator) -> str:
    if operator.name == "share_of_leads":
        return "the lead"
    if operator.name == "within_area":
        return "place"
    return _lower(field.label) if field else "received"


def _lower(label: str) -> str:
    """A label as it stands within a sentence; abbreviations keep their capitals."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _values(value: object, operator: Operator) -> tuple[str, ...]:
    match operator.takes:
        case Takes.NOTHING:
            return ()
        case Takes.RANGE if isinstance(value, Sequence) and len(value) == 2:
            return (f"{_word(value[0])} and {_word(value[1])}",)
        case Takes.AREA if isinstance(value, Mapping):
            return tuple(_place(key, value[key]) for key in AREA_FIELDS if value.get(key))
        case Takes.HOURS:
            return (f"{value} hours" if isinstance(value, str) else _weekly(value),)
        case Takes.SHARE:
            percent = value.get("percent") if isinstance(value, Mapping) else value
            return (f"the {percent} % share",)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(map(_word, value))
    return (_word(value),)


def _weekly(hours: object) -> str:
    """Weekly hours in one line, like days together: "Mon–Fri 09:00–18:00, Sat 10:00–14:00"."""
    if not isinstance(hours, Mapping):
        return HIDDEN
    shifts = {day: _shifts(hours.get(str(day))) for day in range(7)}
    parts = []
    for words, days in groupby(range(7), key=lambda day: shifts[day]):
        listed = [DAYS[day] for day in days]
        if words:
            parts.append(f"{'–'.join(dict.fromkeys((listed[0], listed[-1])))} {words}")
    return ", ".join(parts) or "hours of its own"


def _shifts(listed: object) -> str:
    given = listed if isinstance(listed, list | tuple) else ()
    pairs = [pair for pair in given if isinstance(pair, list | tuple)]
    return " and ".join("–".join(map(str, pair)) for pair in pairs)


def _place(key: str, listed: object) -> str:
    names = listed if isinstance(listed, Sequence) and not isinstance(listed, str) else [listed]
    words = ", ".join(map(_word, names))
    if key != "postcodes":
        return words
    is_range = postcode_range(str(names[-1])) if names else None
    return f"postcodes {words}" if is_range else f"postcodes {words}…"


def _word(value: object) -> str:
    if value is None:
        return HIDDEN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    return str(value).strip()
