"""Nested bodies as flat paths: {"contact": {"email": …}} becomes {"contact.email": …}."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

DEEPEST = 8
MOST_PATHS = 500
LONGEST_PATH = 200
# [{"name": "email", "values": ["x@y.z"]}] and the like, as form providers send answers.
_NAMES = ("name", "key", "label", "field", "column_id", "title")
_VALUES = ("values", "value", "answer", "string_value")


def flatten(data: Mapping[str, Any]) -> dict[str, Any]:
    """Every value by its dotted path, the first 500 of them; lists of plain values stay lists."""
    flat: dict[str, Any] = {}
    for path, value in _walk(data, "", DEEPEST):
        if len(flat) >= MOST_PATHS:
            break
        flat.setdefault(path[:LONGEST_PATH], value)
    return flat


def _walk(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth < 0:
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(item, f"{path}.{key}" if path else str(key), depth - 1)
    elif isinstance(value, list):
        yield from _walk_list(value, path, depth)
    else:
        yield path, value


def _walk_list(items: list[Any], path: str, depth: int) -> Iterator[tuple[str, Any]]:
    if not any(isinstance(item, Mapping | list) for item in items):
        yield path, items[0] if len(items) == 1 else items
        return
    for number, item in enumerate(items):
        name, value = _answer(item)
        if name:
            yield from _walk(value, f"{path}.{name}", depth - 1)
        else:
            yield from _walk(item, f"{path}.{number}", depth - 1)


def _answer(item: Any) -> tuple[str, Any]:
    """The name and value of an answer in a list of answers; no name if it is not one."""
    if not isinstance(item, Mapping):
        return "", None
    name = next((item[key] for key in _NAMES if isinstance(item.get(key), str)), "")
    value_key = next((key for key in _VALUES if key in item), "")
    if not name or not value_key:
        return "", None
    value = item[value_key]
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 1:
        value = value[0]
    return name, value
