"""Whether one rule's conditions let through everything that another's do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.routing.operators import ABOUT_LEAD
from apps.routing.values import fold, number
from apps.rules.sets.checking import matches_everything

AT_LEAST = ("gt", "gte")
AT_MOST = ("lt", "lte")


def covers(wide: Mapping[str, Any], narrow: Mapping[str, Any]) -> bool:
    """Whether every lead that fits `narrow` fits `wide`; may miss some, never claims too much."""
    if matches_everything(wide):
        return not matches_everything(narrow)
    return not matches_everything(narrow) and _implies(narrow, wide)


def _implies(narrow: Any, wide: Any) -> bool:
    """Whether what fits one tree always fits the other."""
    if not (isinstance(narrow, Mapping) and isinstance(wide, Mapping)):
        return False
    if narrow == wide:
        return True
    every, some = _listed(wide, "all"), _listed(narrow, "any")
    if every is not None:
        return all(_implies(narrow, each) for each in every)
    if some:
        return all(_implies(each, wide) for each in some)
    if "not" in narrow and "not" in wide:
        return _implies(wide["not"], narrow["not"])
    return (
        any(_implies(narrow, each) for each in _listed(wide, "any") or ())
        or any(_implies(each, wide) for each in _listed(narrow, "all") or ())
        or _leaf_implies(narrow, wide)
    )


def _listed(tree: Mapping[str, Any], kind: str) -> list[Any] | None:
    listed = tree.get(kind)
    return listed if isinstance(listed, list) and len(tree) == 1 else None


def _leaf_implies(given: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    if "field" not in given or given.get("field") != wanted.get("field"):
        return False
    if wanted.get("op") == "is_known":
        return given.get("op") not in ("is_empty", *ABOUT_LEAD)
    mine, theirs = _equals(given), _equals(wanted)
    if mine and theirs:
        return mine <= theirs
    return _bound(given, wanted, AT_LEAST, 1) or _bound(given, wanted, AT_MOST, -1)


def _equals(leaf: Mapping[str, Any]) -> frozenset[str]:
    value = leaf.get("value")
    if leaf.get("op") == "is":
        return frozenset({fold(str(value))})
    listed = value if leaf.get("op") == "is_one_of" and isinstance(value, list) else ()
    return frozenset(fold(str(each)) for each in listed)


def _bound(
    given: Mapping[str, Any], wanted: Mapping[str, Any], ops: tuple[str, str], sign: int
) -> bool:
    if given.get("op") not in ops or wanted.get("op") not in ops:
        return False
    mine, theirs = number(given.get("value")), number(wanted.get("value"))
    if mine is None or theirs is None:
        return False
    is_stricter_or_same = given["op"] == wanted["op"] or wanted["op"] == ops[1]
    return (mine > theirs if sign > 0 else mine < theirs) or (
        mine == theirs and is_stricter_or_same
    )
