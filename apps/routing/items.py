"""Items of a pool's filters and fit: checked when they are saved, and in words.

{"kind": "skill", "skill": "Solar", "level": 3}, {"kind": "skill", "field": "product"},
{"kind": "territory"}, {"kind": "language"},
{"kind": "experience", "field": "employees", "steps": [[0, 0], [500, 3]]} and, in a fit,
{"kind": "similar", "field": "industry"}; there each may have a "weight".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.routing import values
from apps.routing.arguments import shown
from apps.routing.conditions import ConditionError
from apps.routing.fields import Field, FieldType, Registry

Item = Mapping[Any, Any]

HIGHEST_LEVEL = 5
HEAVIEST = 100
MOST_ITEMS, MOST_STEPS, MOST_YEARS = 20, 20, 60
LONGEST_NAME = 80

TEXTS = (FieldType.TEXT, FieldType.CHOICE, FieldType.PLACE)
NUMBERS = (FieldType.NUMBER, FieldType.MONEY)
KEYS = {
    "skill": ("skill", "field", "level"),
    "territory": (),
    "language": (),
    "experience": ("field", "steps"),
    "similar": ("field",),
}
FILTERS = ("skill", "territory", "language", "experience")


@dataclass(frozen=True, slots=True)
class Known:
    """What items may name: the team's fields and, if given, its skills (folded)."""

    registry: Registry
    skills: Collection[str] | None = None


def errors(
    listed: object, path: str, known: Known, *, kinds: Collection[str], has_weight: bool
) -> Iterator[ConditionError]:
    """Everything that is wrong with a list of items, each with its path and the remedy."""
    if not isinstance(listed, list | tuple):
        yield ConditionError(path, f"expected a list, got {shown(listed)}")
        return
    if len(listed) > MOST_ITEMS:
        yield ConditionError(path, f"has more than {MOST_ITEMS} entries; remove some")
        return
    for number, item in enumerate(listed):
        yield from _errors(item, f"{path}[{number}]", known, kinds, has_weight)


def whole(value: object, low: int, high: int) -> str | None:
    """What is wrong with a whole number between two bounds; None if nothing is."""
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return None
    return f"expected a whole number from {low} to {high}, got {shown(value)}"


def _errors(
    item: object, path: str, known: Known, kinds: Collection[str], has_weight: bool
) -> Iterator[ConditionError]:
    if not isinstance(item, Mapping):
        yield ConditionError(path, f"expected an entry with its kind, got {shown(item)}")
        return
    kind = item.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        yield ConditionError(f"{path}.kind", f"unknown kind {shown(kind)}; use {', '.join(kinds)}")
        return
    allowed = ("kind", *KEYS[kind], *(("weight",) if has_weight else ()))
    unknown = [key for key in item if key not in allowed]
    if unknown:
        yield ConditionError(path, f"unknown part {shown(unknown[0])}; use {', '.join(allowed)}")
    if "weight" in item and (wrong := whole(item["weight"], 1, HEAVIEST)):
        yield ConditionError(f"{path}.weight", wrong)
    if kind in CHECKS:
        yield from CHECKS[kind](item, path, known)


def _skill_errors(item: Item, path: str, known: Known) -> Iterator[ConditionError]:
    if "level" in item and (wrong := whole(item["level"], 1, HIGHEST_LEVEL)):
        yield ConditionError(f"{path}.level", wrong)
    if item.get("field") is not None:
        if item.get("skill") is not None:
            yield ConditionError(path, "names a skill and a field; keep one of them")
        yield from _field_errors(item, path, known, (*TEXTS, FieldType.SET))
        return
    name = item.get("skill")
    if not (isinstance(name, str) and name.strip() and name.isprintable()) or (
        len(name) > LONGEST_NAME
    ):
        yield ConditionError(f"{path}.skill", "choose a skill, or a field that names it")
    elif known.skills is not None and values.fold(name) not in known.skills:
        yield ConditionError(
            f"{path}.skill", f"{shown(name)} is no skill of the team; add it to the skills first"
        )


def _experience_errors(item: Item, path: str, known: Known) -> Iterator[ConditionError]:
    yield from _field_errors(item, path, known, NUMBERS)
    steps = item.get("steps")
    if not isinstance(steps, list | tuple) or not 1 <= len(steps) <= MOST_STEPS:
        yield ConditionError(
            f"{path}.steps", "expected steps such as [[0, 0], [500, 3]]: from 500 on, 3 years"
        )
        return
    for number, step in enumerate(steps):
        wrong = _step_error(step)
        if wrong:
            yield ConditionError(f"{path}.steps[{number}]", wrong)


def _step_error(step: object) -> str | None:
    if not isinstance(step, list | tuple) or len(step) != 2:
        return f"expected a number and the years from there on, got {shown(step)}"
    if isinstance(step[0], str) or values.number(step[0]) is None:
        return f"expected a number such as 500, got {shown(step[0])}"
    return whole(step[1], 0, MOST_YEARS)


def _similar_errors(item: Item, path: str, known: Known) -> Iterator[ConditionError]:
    yield from _field_errors(item, path, known, TEXTS)


def _field_errors(
    item: Item, path: str, known: Known, types: Collection[FieldType]
) -> Iterator[ConditionError]:
    key = item.get("field")
    field = known.registry.get(key)
    if field is None:
        yield ConditionError(
            f"{path}.field", f"unknown field {shown(key)}; choose one of the team's fields"
        )
    elif field.is_personal:
        yield ConditionError(f"{path}.field", f"{field.label} is personal; choose another field")
    elif field.type not in types:
        holds = "numbers" if FieldType.NUMBER in types else "text or choices"
        yield ConditionError(f"{path}.field", f"{field.label} does not hold {holds}")


CHECKS: dict[str, Callable[[Item, str, Known], Iterator[ConditionError]]] = {
    "skill": _skill_errors,
    "experience": _experience_errors,
    "similar": _similar_errors,
}


# Words


def in_words(item: Item, registry: Registry) -> str:
    """What an item asks of a member, in words."""
    match item.get("kind"):
        case "skill":
            return _skill_words(item, registry)
        case "territory":
            return "the lead is in one of the member’s territories"
        case "language":
            return "speaks the lead’s language"
        case "experience":
            return _experience_words(item, registry)
        case "similar":
            return f"wins leads of the same {_label(item, registry)}"
    return "?"


def _skill_words(item: Item, registry: Registry) -> str:
    level = int(item.get("level") or 1)
    at = f" at level {level} or above" if level > 1 else ""
    if item.get("field") is not None:
        return f"knows the lead’s {_label(item, registry)}{at}"
    return f"knows {item.get('skill', '?')}{at}"


def _experience_words(item: Item, registry: Registry) -> str:
    needed = [
        f"{years} {'year' if years == 1 else 'years'} from {bound:,}"
        for bound, years in sorted(item.get("steps") or ())
        if years
    ]
    listed = f": {', '.join(needed)}" if needed else ""
    return f"has the experience for the lead’s {_label(item, registry)}{listed}"


def _label(item: Item, registry: Registry) -> str:
    field: Field | None = registry.get(item.get("field"))
    if field is None:
        return str(item.get("field", "?"))
    label = field.label
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
