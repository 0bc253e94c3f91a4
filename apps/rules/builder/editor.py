"""The editor's rows as they were posted, and what its buttons do to them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.http import QueryDict

from apps.routing.arguments import AREA_FIELDS
from apps.routing.conditions import DEEPEST
from apps.rules.builder.hour_lines import WEEK
from apps.rules.builder.sheets import (
    ALL,
    ANY,
    FIRST_FIELD,
    GROUPS,
    KEPT,
    LEAF,
    NONE,
    NOT_ALL,
    TURNED,
    Row,
    Sheet,
    operator_of,
    place_errors,
    settle,
    sheet_of,
    tree_of,
)  # fmt: skip

__all__ = [
    "ALL", "ANY", "KEPT", "NONE", "NOT_ALL", "Row", "Sheet", "act", "operator_of", "place_errors",
    "read", "settle", "sheet_of", "tree_of",
]  # fmt: skip

MOST_ROWS = 200
DEEPEST_ROW = DEEPEST - 1  # the sheet itself is the first level of the tree
DEEPEST_KEPT = 3 * DEEPEST  # a level of a tree takes an object, a list, at its end a value


def read(data: QueryDict) -> Sheet:
    """The rows as they were posted, in their order on the page."""
    joiner = ANY if data.get("joiner") == ANY else ALL
    return Sheet(joiner, _Reader(data).rows("row", "")).number()


class _Reader:
    """Reads rows until there are too many. A row's id begins with its group's, so none holds
    itself."""

    def __init__(self, data: QueryDict) -> None:
        self.data, self.left = data, MOST_ROWS

    def rows(self, name: str, prefix: str) -> list[Row]:
        ids = self.data.getlist(name)[: self.left]
        mine = [each for each in ids if _is_below(each, prefix)]
        self.left -= len(mine)
        return [self.row(each) for each in mine]

    def row(self, row_id: str) -> Row:
        kind = self._text("kind", row_id, LEAF)
        is_turned = self._text("not", row_id) == "1"
        if kind == KEPT:
            return Row(kind=KEPT, kept=_json(self._text("kept", row_id)), is_turned=is_turned)
        if kind in GROUPS:
            is_too_deep = row_id.count("-") >= DEEPEST_ROW
            inner = [] if is_too_deep else self.rows(f"row-{row_id}", f"{row_id}-")
            return Row(kind=kind, rows=inner)
        return self._leaf(row_id, is_turned)

    def _leaf(self, row_id: str, is_turned: bool) -> Row:
        field = self._text("field", row_id, FIRST_FIELD)
        row = Row(field=field, op=self._text("op", row_id, "is"), is_turned=is_turned)
        if self._text("was", row_id, field) != field:
            return row  # another field was chosen: what was there was meant for the one before
        row.texts = [
            line.strip()
            for each in self.data.getlist(f"value-{row_id}")
            for line in each.replace("\x00", "").splitlines() or [""]
        ]
        row.area = {key: self._text("area", f"{row_id}-{key}") for key in AREA_FIELDS}
        row.hours = {day: self._text("hours", f"{row_id}-{day}") for day in WEEK}
        return row

    def _text(self, name: str, row_id: str, default: str = "") -> str:
        return str(self.data.get(f"{name}-{row_id}", default)).replace("\x00", "")


def _is_below(row_id: str, prefix: str) -> bool:
    rest = row_id.removeprefix(prefix)
    return row_id.startswith(prefix) and rest.isascii() and rest.isdecimal() and len(rest) < 5


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
    """What a button of the form asks: add, group, turn or drop, with ":<id>" of a row.

    Without an id, add and group mean the sheet itself; a group that is left empty goes.
    """
    verb, _, row_id = deed.partition(":")
    row = next((each for each in sheet.walk() if each.id == row_id), None) if row_id else None
    if row_id and row is None:
        return sheet
    match verb:
        case "drop":
            sheet.rows = _without(sheet.rows, row_id)
        case "turn" if row is not None:
            turn(row)
        case "add" | "group":
            rows, joiner = (row.rows, row.kind) if row else (sheet.rows, sheet.joiner)
            rows.append(_group(joiner) if verb == "group" else Row(is_new=True))
    return sheet.number()


def turn(row: Row) -> None:
    """Make a row hold where it did not, and the other way round."""
    if row.is_group:
        row.kind = TURNED[row.kind]
    else:
        row.is_turned = not row.is_turned


def _group(joiner: str) -> Row:
    """Within “all of” a group asks for any, and the other way round."""
    kind = ANY if joiner.endswith(ALL) else ALL
    return Row(kind=kind, rows=[Row(is_new=True), Row()])


def _without(rows: Sequence[Row], row_id: str) -> list[Row]:
    kept = []
    for row in rows:
        if row.id == row_id:
            continue
        had_rows, row.rows = bool(row.rows), _without(row.rows, row_id)
        if row.rows or not had_rows:
            kept.append(row)
    return kept
