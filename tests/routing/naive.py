"""A second evaluator of conditions, as simple and slow as can be, written apart from the first.

It judges trees against a lead in three values: true, false, and None for what cannot be judged
(an unknown field), which stays None under "not" and never makes a rule match.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from apps.routing.facts import LeadFacts

Verdict = bool | None

TEXTS = {"country", "campaign", "city", "industry", "need"}
NUMBERS = {"employees", "budget"}
PLACES = {"countries": "country", "cities": "city", "postcodes": "postcode"}


def matches(tree: dict[str, Any], lead: LeadFacts) -> bool:
    return _judge(tree, lead) is True


def _judge(tree: dict[str, Any], lead: LeadFacts) -> Verdict:
    if "not" in tree:
        verdict = _judge(tree["not"], lead)
        return None if verdict is None else not verdict
    if "all" in tree:
        found = [_judge(child, lead) for child in tree["all"]]
        return False if False in found else None if None in found else True
    if "any" in tree:
        found = [_judge(child, lead) for child in tree["any"]]
        return True if True in found else None if None in found else False
    if not tree:
        return True
    return _leaf(tree.get("field"), tree["op"], tree.get("value"), lead)


def _leaf(field: Any, op: str, value: Any, lead: LeadFacts) -> Verdict:
    if op == "share_of_leads":
        digest = hashlib.sha256(value["salt"].encode() + b":" + lead.id.bytes).hexdigest()
        return int(digest[:16], 16) / 16**16 < value["percent"] / 100
    if op == "within_area":
        return _is_within(value, lead)
    has = lead.values.get(field)
    if field in TEXTS:
        return _text(op, value, has)
    if field in NUMBERS:
        return _number(op, value, has)
    if field == "decision_maker":
        return _yes_no(op, value, has)
    if field == "interest_group":
        return _set(op, value, has)
    if field == "custom.visit":
        return _date(op, value, has)
    return None


def _same(text: Any) -> str:
    return str(text).strip().lower()


def _text(op: str, value: Any, has: Any) -> Verdict:
    text = _same(has or "")
    if op in ("is_empty", "is_known"):
        return (text == "") is (op == "is_empty")
    if text == "":
        return False
    listed = [_same(each) for each in (value if isinstance(value, list) else [value])]
    tests: dict[str, Callable[[], bool]] = {
        "is": lambda: text == listed[0],
        "is_not": lambda: text != listed[0],
        "is_one_of": lambda: text in listed,
        "contains": lambda: any(each in text for each in listed),
        "starts_with": lambda: any(text[: len(each)] == each for each in listed),
        "ends_with": lambda: any(text[-len(each) :] == each for each in listed),
        "matches": lambda: re.search(value, str(has).strip(), re.IGNORECASE) is not None,
    }
    return tests[op]()


def _number(op: str, value: Any, has: Any) -> Verdict:
    if op in ("is_empty", "is_known"):
        return (has is None) is (op == "is_empty")
    if has is None:
        return False
    if op == "between":
        return Decimal(value[0]) <= Decimal(has) <= Decimal(value[1])
    if op == "is_one_of":
        return any(Decimal(has) == Decimal(each) for each in value)
    less, more = Decimal(has) < Decimal(value), Decimal(has) > Decimal(value)
    return {
        "is": not less and not more, "is_not": less or more, "gt": more, "lt": less,
        "gte": not less, "lte": not more,
    }[op]  # fmt: skip


def _yes_no(op: str, value: Any, has: Any) -> Verdict:
    if op in ("is_empty", "is_known"):
        return (has is None) is (op == "is_empty")
    return has is not None and (has == value) is (op == "is")


def _set(op: str, value: Any, has: Any) -> Verdict:
    mine = {_same(each) for each in has or () if _same(each)}
    if op in ("is_empty", "is_known"):
        return (not mine) is (op == "is_empty")
    wanted = {_same(each) for each in value}
    if not mine:
        return False
    return bool(mine & wanted) if op == "has_any_of" else mine | wanted == mine


def _date(op: str, value: Any, has: Any) -> Verdict:
    if op in ("is_empty", "is_known"):
        return (has is None) is (op == "is_empty")
    if has is None:
        return False
    days = [date.fromisoformat(each) for each in (value if isinstance(value, list) else [value])]
    return {
        "is": has == days[0], "is_not": has != days[0], "before": has < days[0],
        "after": has > days[0], "is_one_of": has in days, "between": days[0] <= has <= days[-1],
    }[op]  # fmt: skip


def _is_within(area: dict[str, list[str]], lead: LeadFacts) -> bool:
    for key, listed in area.items():
        has = _same(lead.values.get(PLACES[key]) or "").replace(" ", "")
        wanted = [_same(each) for each in listed]
        fits = any(has[: len(e)] == e for e in wanted) if key == "postcodes" else has in wanted
        if not fits:
            return False
    return True
