"""Conditions as rows of inputs: a stored tree becomes rows, and rows become a tree.

A row holds a condition or a group of rows; groups nest as deep as conditions may. What the page
can't draw, such as a field that is gone, is shown as words and kept as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any

from apps.leads import normalise
from apps.routing import values
from apps.routing.arguments import AREA_FIELDS
from apps.routing.conditions import ConditionError
from apps.routing.fields import Field, FieldType, Registry
from apps.routing.operators import Operator, Takes, of
from apps.rules.builder.hour_lines import WEEK, from_lines, lines_of

LEAF, ANY, ALL, NONE, NOT_ALL, KEPT = "leaf", "any", "all", "none", "not_all", "kept"
GROUPS = (ANY, ALL, NONE, NOT_ALL)
TURNED = {ANY: NONE, NONE: ANY, ALL: NOT_ALL, NOT_ALL: ALL}
# How the rows of a group hold together, and whether the group is turned around.
INSIDE = {ANY: (ANY, False), ALL: (ALL, False), NONE: (ANY, True), NOT_ALL: (ALL, True)}
FIRST_FIELD = "source"
OWN_HOURS = "own"


@dataclass
class Row:
    """One line of the editor. `id` is its name in the form: "2", or "2-0" within group 2."""

    kind: str = LEAF
    field: str = FIRST_FIELD
    op: str = "is"
    is_turned: bool = False
    texts: list[str] = made(default_factory=list)
    area: dict[str, str] = made(default_factory=dict)
    hours: dict[str, str] = made(default_factory=dict)
    rows: list[Row] = made(default_factory=list)
    kept: Any = None
    id: str = ""
    is_new: bool = False
    errors: list[str] = made(default_factory=list)

    @property
    def is_group(self) -> bool:
        return self.kind in GROUPS

    @property
    def depth(self) -> int:
        return self.id.count("-") + 1

    @property
    def text(self) -> str:
        return self.texts[0] if self.texts else ""

    @property
    def second(self) -> str:
        return self.texts[1] if len(self.texts) > 1 else ""

    @property
    def lines(self) -> str:
        return "\n".join(self.texts)

    @property
    def kept_json(self) -> str:
        return json.dumps(self.kept)

    def walk(self) -> Iterator[Row]:
        yield self
        for row in self.rows:
            yield from row.walk()


@dataclass
class Sheet:
    """All rows of a rule and whether all of them must hold, or any."""

    joiner: str = ALL
    rows: list[Row] = made(default_factory=list)
    errors: list[str] = made(default_factory=list)

    def number(self) -> Sheet:
        """Give every row the id that its place has."""
        _number(self.rows, "")
        return self

    def walk(self) -> Iterator[Row]:
        for row in self.rows:
            yield from row.walk()


def _number(rows: Sequence[Row], prefix: str) -> None:
    for place, row in enumerate(rows):
        row.id = f"{prefix}{place}"
        _number(row.rows, f"{row.id}-")


# From a tree


def sheet_of(tree: Mapping[str, Any], registry: Registry) -> Sheet:
    """A stored tree as rows."""
    kind, children = _open(tree)
    return Sheet(kind, [_row(child, registry) for child in children]).number()


def _open(tree: Mapping[str, Any]) -> tuple[str, Sequence[Any]]:
    for kind in (ALL, ANY):
        if isinstance(tree.get(kind), list) and len(tree) == 1:
            return kind, tree[kind]
    return ALL, [tree] if tree else []


def _row(tree: Any, registry: Registry, *, is_turned: bool = False) -> Row:
    if not isinstance(tree, Mapping):
        return Row(kind=KEPT, kept=tree, is_turned=is_turned)
    if len(tree) == 1 and "not" in tree:
        return _row(tree["not"], registry, is_turned=not is_turned)
    for kind in (ANY, ALL):
        listed = tree.get(kind)
        if len(tree) == 1 and isinstance(listed, list):
            rows = [_row(child, registry) for child in listed]
            return Row(kind=TURNED[kind] if is_turned else kind, rows=rows)
    return _leaf(tree, registry, is_turned)


def _leaf(tree: Mapping[str, Any], registry: Registry, is_turned: bool) -> Row:
    found = registry.get(tree.get("field"))
    operator = of(found).get(str(tree.get("op"))) if found else None
    if operator is None or not tree.keys() <= {"field", "op", "value"}:
        return Row(kind=KEPT, kept=dict(tree), is_turned=is_turned)
    value = tree.get("value")
    row = Row(field=str(tree["field"]), op=operator.name, is_turned=is_turned)
    if operator.takes is Takes.AREA and isinstance(value, Mapping):
        row.area = {key: "\n".join(_texts(value.get(key))) for key in AREA_FIELDS}
    elif operator.takes is Takes.HOURS and isinstance(value, Mapping):
        row.texts, row.hours = [OWN_HOURS], lines_of(value)
    elif operator.takes is Takes.SHARE and isinstance(value, Mapping):
        row.texts = [str(value.get("percent", "")), str(value.get("salt", ""))]
    else:
        row.texts = _texts(value)
    return row


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [str(value)]


# To a tree


def tree_of(sheet: Sheet, registry: Registry) -> dict[str, Any]:
    """The tree that the rows say; values are typed as far as they can be read."""
    children = [_tree(row, registry) for row in sheet.rows]
    return {sheet.joiner: children} if children else {}


def _tree(row: Row, registry: Registry) -> Any:
    if row.is_group:
        inner, is_turned = INSIDE[row.kind]
        tree: Any = {inner: [_tree(each, registry) for each in row.rows]}
    else:
        tree = row.kept if row.kind == KEPT else _leaf_tree(row, registry)
        is_turned = row.is_turned
    return {"not": tree} if is_turned else tree


def _leaf_tree(row: Row, registry: Registry) -> dict[str, Any]:
    operator, found = operator_of(row, registry), registry.get(row.field)
    leaf = {"field": row.field, "op": row.op}
    if operator is None or found is None or operator.takes is Takes.NOTHING:
        return leaf
    return {**leaf, "value": _value(row, operator, found)}


def operator_of(row: Row, registry: Registry) -> Operator | None:
    found = registry.get(row.field)
    return of(found).get(row.op) if found else None


def _value(row: Row, operator: Operator, found: Field) -> Any:
    match operator.takes:
        case Takes.MANY:
            return [_typed(text, found) for text in row.texts if text]
        case Takes.RANGE:
            return [_typed(text, found) for text in (row.text, row.second)]
        case Takes.AREA:
            listed = {key: _places(key, row.area.get(key, "")) for key in AREA_FIELDS}
            return {key: places for key, places in listed.items() if places}
        case Takes.HOURS:
            return from_lines(row.hours) if row.text == OWN_HOURS else row.text
        case Takes.SHARE:
            percent = _number_of(row.text)
            return {"percent": percent, "salt": row.second} if row.second else percent
    return row.text if operator.name == "matches" else _typed(row.text, found)


def _places(key: str, text: str) -> list[str]:
    places = [line.strip() for line in text.splitlines() if line.strip()]
    return [_country(place) for place in places] if key == "countries" else places


def _country(text: str) -> str:
    """A country's code, also from its name: leads have codes."""
    return normalise.country(text) or text


def _typed(text: str, found: Field) -> Any:
    if found.type in (FieldType.NUMBER, FieldType.MONEY):
        return _number_of(text)
    if found.type is FieldType.YES_NO and text in ("yes", "no"):
        return text == "yes"
    return _country(text) if found.key == "country" else text


def _number_of(text: str) -> int | float | str:
    read = values.number(text)
    if read is None:
        return text
    return int(read) if read == int(read) else float(read)


# Errors and defaults


def settle(sheet: Sheet, registry: Registry) -> Sheet:
    """After a field was chosen: an operator that it has, and no values of another kind."""
    for row in sheet.walk():
        found = registry.get(row.field)
        if row.kind != LEAF or found is None:
            continue
        if row.op not in of(found):
            row.op, row.texts = next(iter(of(found))), []
        if row.text == OWN_HOURS and not row.hours:
            row.hours = dict.fromkeys(WEEK, "")
    return sheet


def place_errors(sheet: Sheet, errors: Sequence[ConditionError]) -> None:
    """Put each error beside the row that it is about, or above all rows."""
    paths = dict(_paths(sheet.rows, sheet.joiner))
    for error in errors:
        row = next((paths[path] for path in _ends(error.path) if path in paths), None)
        (row.errors if row else sheet.errors).append(error.message)


def _paths(rows: Sequence[Row], prefix: str) -> Iterator[tuple[str, Row]]:
    for place, row in enumerate(rows):
        path = f"{prefix}[{place}]"
        yield path, row
        if row.is_group:
            inner, is_turned = INSIDE[row.kind]
            yield from _paths(row.rows, f"{path}.not.{inner}" if is_turned else f"{path}.{inner}")


def _ends(path: str) -> Iterator[str]:
    """The path, then the path of what holds it, and so on."""
    while path:
        yield path
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
