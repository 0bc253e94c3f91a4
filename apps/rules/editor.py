"""The conditions of a rule as a form: a tree becomes rows of inputs, and rows become a tree.

Rows hold a condition, or a group of conditions one level deep. What is nested deeper, or is of
a form that the page can't draw, is shown as words and kept as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any

from django.http import QueryDict

from apps.routing import values
from apps.routing.arguments import AREA_FIELDS
from apps.routing.conditions import DEEPEST, ConditionError
from apps.routing.fields import Field, FieldType, Registry
from apps.routing.operators import Operator, Takes, of

LEAF, ANY, ALL, NONE, KEPT = "leaf", "any", "all", "none", "kept"
GROUPS = (ANY, ALL, NONE)
FIRST_FIELD = "source"
MOST_ROWS = 200
DEEPEST_KEPT = 3 * DEEPEST  # a level of a tree takes an object, a list, at its end a value


@dataclass
class Row:
    """One line of the editor. `id` is its name in the form: "2", or "2-0" within a group."""

    kind: str = LEAF
    field: str = FIRST_FIELD
    op: str = "is"
    texts: list[str] = made(default_factory=list)
    area: dict[str, str] = made(default_factory=dict)
    rows: list[Row] = made(default_factory=list)
    kept: Any = None
    id: str = ""
    is_new: bool = False
    errors: list[str] = made(default_factory=list)

    @property
    def is_group(self) -> bool:
        return self.kind in GROUPS

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


@dataclass
class Sheet:
    """All rows of a rule and whether all of them must hold, or any."""

    joiner: str = ALL
    rows: list[Row] = made(default_factory=list)
    errors: list[str] = made(default_factory=list)

    def number(self) -> Sheet:
        """Give every row the id that its place has."""
        for place, row in enumerate(self.rows):
            row.id = str(place)
            for inner_place, inner in enumerate(row.rows):
                inner.id = f"{place}-{inner_place}"
        return self

    def walk(self) -> Iterator[Row]:
        for row in self.rows:
            yield row
            yield from row.rows


# From a tree


def sheet_of(tree: Mapping[str, Any], registry: Registry) -> Sheet:
    """A stored tree as rows."""
    joiner, children = _open(tree)
    rows = [_row(child, registry, may_group=True) for child in children]
    return Sheet(joiner, rows).number()


def _open(tree: Mapping[str, Any]) -> tuple[str, Sequence[Any]]:
    for kind in (ALL, ANY):
        if isinstance(tree.get(kind), list) and len(tree) == 1:
            return kind, tree[kind]
    return ALL, [tree] if tree else []


def _row(tree: Any, registry: Registry, *, may_group: bool) -> Row:
    if isinstance(tree, Mapping) and "field" in tree:
        return _leaf(tree, registry)
    group = _group(tree) if may_group else None
    if group is None:
        return Row(kind=KEPT, kept=tree)
    kind, children = group
    return Row(kind=kind, rows=[_row(child, registry, may_group=False) for child in children])


def _group(tree: Any) -> tuple[str, Sequence[Any]] | None:
    if not isinstance(tree, Mapping) or len(tree) != 1:
        return None
    if "not" in tree:
        inner = tree["not"]
        if isinstance(inner, Mapping) and isinstance(inner.get(ANY), list):
            return NONE, inner[ANY]
        return (NONE, [inner]) if isinstance(inner, Mapping) and "field" in inner else None
    kind = next(iter(tree))
    return (kind, tree[kind]) if kind in (ANY, ALL) and isinstance(tree[kind], list) else None


def _leaf(tree: Mapping[str, Any], registry: Registry) -> Row:
    found = registry.get(tree.get("field"))
    operator = of(found).get(str(tree.get("op"))) if found else None
    value = tree.get("value")
    if operator is None or (operator.takes is Takes.HOURS and not isinstance(value, str)):
        return Row(kind=KEPT, kept=dict(tree))
    row = Row(field=str(tree["field"]), op=operator.name)
    if operator.takes is Takes.AREA and isinstance(value, Mapping):
        row.area = {key: "\n".join(_texts(value.get(key))) for key in AREA_FIELDS}
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


# From a form


def read(data: QueryDict) -> Sheet:
    """The rows as they were posted, in their order on the page."""
    joiner = ANY if data.get("joiner") == ANY else ALL
    ids = data.getlist("row")[:MOST_ROWS]
    return Sheet(joiner, [_posted(data, row_id) for row_id in ids]).number()


def _posted(data: QueryDict, row_id: str, *, is_inner: bool = False) -> Row:
    """One row. A group stands at the top only, so that none can hold itself."""
    kind = data.get(f"kind-{row_id}", LEAF)
    if kind == KEPT:
        return Row(kind=KEPT, kept=_json(data.get(f"kept-{row_id}", "")))
    if kind in GROUPS and not is_inner:
        inner = data.getlist(f"row-{row_id}")[:MOST_ROWS]
        return Row(kind=kind, rows=[_posted(data, each, is_inner=True) for each in inner])
    posted = [line for each in data.getlist(f"value-{row_id}") for line in each.splitlines()]
    return Row(
        field=data.get(f"field-{row_id}", FIRST_FIELD),
        op=data.get(f"op-{row_id}", "is"),
        texts=[text.replace("\x00", "").strip() for text in posted],
        area={key: data.get(f"area-{row_id}-{key}", "").replace("\x00", "") for key in AREA_FIELDS},
    )


def _json(text: str) -> Any:
    """What a row kept; None, which is refused on saving, for what was never kept by us."""
    try:
        tree = json.loads(text)
        stored = json.dumps(tree, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return tree if b"\\u0000" not in stored and _is_shallow(tree, DEEPEST_KEPT) else None


def _is_shallow(tree: Any, levels: int) -> bool:
    if not isinstance(tree, dict | list):
        return True
    parts = tree.values() if isinstance(tree, dict) else tree
    return levels > 0 and all(_is_shallow(part, levels - 1) for part in parts)


def act(sheet: Sheet, deed: str) -> Sheet:
    """What a button of the form asks: add, group, add:<group's id>, drop:<row's id>."""
    verb, _, row_id = deed.partition(":")
    if verb == "drop":
        sheet.rows = _without(sheet.rows, row_id)
        for row in sheet.rows:
            row.rows = _without(row.rows, row_id)
        sheet.rows = [row for row in sheet.rows if row.rows or not row.is_group]
    elif verb == "group":
        kind = ALL if sheet.joiner == ANY else ANY
        sheet.rows.append(Row(kind=kind, rows=[Row(is_new=True), Row()]))
    elif verb == "add" and row_id:
        for row in sheet.rows:
            if row.id == row_id and row.is_group:
                row.rows.append(Row(is_new=True))
    elif verb == "add":
        sheet.rows.append(Row(is_new=True))
    return sheet.number()


def _without(rows: Sequence[Row], row_id: str) -> list[Row]:
    return [row for row in rows if row.id != row_id]


# To a tree


def tree_of(sheet: Sheet, registry: Registry) -> dict[str, Any]:
    """The tree that the rows say; values are typed as far as they can be read."""
    children = [_tree(row, registry) for row in sheet.rows]
    return {sheet.joiner: children} if children else {}


def _tree(row: Row, registry: Registry) -> Any:
    if row.kind == KEPT:
        return row.kept
    if row.is_group:
        children = [_tree(inner, registry) for inner in row.rows]
        return {"not": {ANY: children}} if row.kind == NONE else {row.kind: children}
    operator = operator_of(row, registry)
    leaf = {"field": row.field, "op": row.op}
    if operator is None or operator.takes is Takes.NOTHING:
        return leaf
    found = registry.get(row.field)
    assert found is not None, "an operator belongs to a field"
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
            listed = {key: _split(row.area.get(key, "")) for key in AREA_FIELDS}
            return {key: places for key, places in listed.items() if places}
        case Takes.SHARE:
            percent = _number(row.text)
            return {"percent": percent, "salt": row.second} if row.second else percent
    return row.text if operator.name == "matches" else _typed(row.text, found)


def _split(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _typed(text: str, found: Field) -> Any:
    if found.type in (FieldType.NUMBER, FieldType.MONEY):
        return _number(text)
    if found.type is FieldType.YES_NO and text in ("yes", "no"):
        return text == "yes"
    return text


def _number(text: str) -> int | float | str:
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
    return sheet


def place_errors(sheet: Sheet, errors: Sequence[ConditionError]) -> None:
    """Put each error beside the row that it is about, or above all rows."""
    paths = dict(_paths(sheet))
    for error in errors:
        row = next((paths[path] for path in _ends(error.path) if path in paths), None)
        (row.errors if row else sheet.errors).append(error.message)


def _paths(sheet: Sheet) -> Iterator[tuple[str, Row]]:
    for place, row in enumerate(sheet.rows):
        path = f"{sheet.joiner}[{place}]"
        yield path, row
        prefix = f"{path}.not.any" if row.kind == NONE else f"{path}.{row.kind}"
        for inner_place, inner in enumerate(row.rows):
            yield f"{prefix}[{inner_place}]", inner


def _ends(path: str) -> Iterator[str]:
    """The path, then the path of what holds it, and so on."""
    while path:
        yield path
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
