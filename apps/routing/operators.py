"""The operators of rules: their words, the values they take, and how they test a lead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from apps.routing import arguments, calendar, splits, values
from apps.routing.calendar import Schedule
from apps.routing.facts import LeadFacts
from apps.routing.fields import Field, FieldType
from apps.routing.values import READERS

Test = Callable[[LeadFacts, Schedule | None], bool]
Build = Callable[[Field, Any], Test]

RECEIVED_AT = "received_at"


class Takes(StrEnum):
    """What a page asks for beside an operator."""

    NOTHING = "nothing"
    ONE = "one"
    MANY = "many"
    RANGE = "range"
    AREA = "area"
    HOURS = "hours"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: `parse` reads its value or raises Mistake, `build` makes it a test.

    One that is about the whole lead needs no field.
    """

    name: str
    words: str
    takes: Takes
    parse: Callable[[object, Field], Any]
    build: Build
    is_about_lead: bool = False


def raw(lead: LeadFacts, key: str) -> object:
    """The lead's value of a field, as it came."""
    value = lead.values.get(key)
    return lead.received_at if value is None and key == RECEIVED_AT else value


def on_value(check: Callable[[Any, Any], bool]) -> Build:
    """A test of a field's value against the rule's; a missing value is false."""

    def build(field: Field, wanted: Any) -> Test:
        key, read = field.key, READERS[field.type]

        def test(lead: LeadFacts, hours: Schedule | None) -> bool:
            value = read(raw(lead, key))
            return value is not None and check(value, wanted)

        return test

    return build


def on_date(check: Callable[[date, Any, Schedule | None], bool]) -> Build:
    """A test of a date, read in the time zone of the team's hours; a missing one is false."""

    def build(field: Field, wanted: Any) -> Test:
        def test(lead: LeadFacts, hours: Schedule | None) -> bool:
            value = values.moment(raw(lead, field.key))
            return value is not None and check(value, wanted, hours)

        return test

    return build


def _compare(value: date, bound: date, hours: Schedule | None) -> int:
    """Below, at or above 0: two moments exactly, anything else day by day."""
    if not (isinstance(value, datetime) and isinstance(bound, datetime)):
        value, bound = _day(value, hours), _day(bound, hours)
    return (value > bound) - (value < bound)


def _day(at: date, hours: Schedule | None) -> date:
    if not isinstance(at, datetime):
        return at
    try:
        return at.astimezone(ZoneInfo(hours.timezone) if hours else UTC).date()
    except OverflowError:  # the first and last days of the calendar have no other time zone
        return at.date()


def _is_between(value: date, wanted: tuple[date, date], hours: Schedule | None) -> bool:
    return _compare(value, wanted[0], hours) >= 0 >= _compare(value, wanted[1], hours)


def _is_on_one_of(value: date, wanted: tuple[date, ...], hours: Schedule | None) -> bool:
    return any(_compare(value, day, hours) == 0 for day in wanted)


def _is_one_of(field: Field, wanted: tuple[object, ...]) -> Test:
    return on_value(lambda value, listed: value in listed)(field, frozenset(wanted))


def _has_any_of(field: Field, wanted: tuple[str, ...]) -> Test:
    return on_value(lambda value, listed: not value.isdisjoint(listed))(field, frozenset(wanted))


def _has_all_of(field: Field, wanted: tuple[str, ...]) -> Test:
    return on_value(lambda value, listed: value >= listed)(field, frozenset(wanted))


def _matches(field: Field, pattern: Any) -> Test:
    def test(lead: LeadFacts, hours: Schedule | None) -> bool:
        text = values.plain(lead.values.get(field.key))
        try:
            return bool(text) and pattern.search(text) is not None
        except UnicodeError:  # a lone surrogate is no text
            return False

    return test


def _is_known(field: Field, wanted: None) -> Test:
    return on_value(lambda value, _: True)(field, None)


def _is_empty(field: Field, wanted: None) -> Test:
    test = _is_known(field, None)
    return lambda lead, hours: not test(lead, hours)


def _within_area(field: Field, area: Mapping[str, tuple[str, ...]]) -> Test:
    """Each kind of place that the area lists must fit; within a kind any one will do."""
    places = [(arguments.AREA_FIELDS[k], frozenset(v)) for k, v in area.items() if k != "postcodes"]
    has_postcode = arguments.among_postcodes(area.get("postcodes", ()))

    def test(lead: LeadFacts, hours: Schedule | None) -> bool:
        if not all(values.text(lead.values.get(key)) in listed for key, listed in places):
            return False
        return has_postcode(arguments.postcode(values.text(lead.values.get("postcode"))))

    return test


def _received_during(field: Field, when: str | Schedule) -> Test:
    if isinstance(when, str):
        return lambda lead, hours: calendar.is_open(hours, lead.received_at) is (when == "open")

    def test(lead: LeadFacts, hours: Schedule | None) -> bool:
        local = replace(when, timezone=hours.timezone) if hours else when
        return calendar.is_open(local, lead.received_at)

    return test


def _share_of_leads(field: Field, share: tuple[int, str]) -> Test:
    """A stable split by lead id: a larger percentage holds every lead of a smaller one."""
    percent, salt = share[0], share[1].encode(errors="replace") + b":"

    def test(lead: LeadFacts, hours: Schedule | None) -> bool:
        return splits.place(lead.id, salt) * 100 < percent

    return test


def _one(name: str, words: str, check: Callable[[Any, Any], bool]) -> Operator:
    return Operator(name, words, Takes.ONE, arguments.one, on_value(check))


def _part(name: str, words: str, check: Callable[[Any, Any], bool]) -> Operator:
    return Operator(name, words, Takes.MANY, arguments.parts, on_value(check))


def _date(name: str, words: str, check: Callable[[int], bool]) -> Operator:
    test = on_date(lambda value, wanted, hours: check(_compare(value, wanted, hours)))
    return Operator(name, words, Takes.ONE, arguments.one, test)


_IS = _one("is", "is", lambda value, wanted: value == wanted)
_IS_NOT = _one("is_not", "is not", lambda value, wanted: value != wanted)
_EQUAL = (_IS, _IS_NOT, Operator("is_one_of", "is one of", Takes.MANY, arguments.many, _is_one_of))
_PRESENCE = (
    Operator("is_empty", "is empty", Takes.NOTHING, arguments.nothing, _is_empty),
    Operator("is_known", "is known", Takes.NOTHING, arguments.nothing, _is_known),
)
_PARTS = (
    _part("contains", "contains", lambda value, parts: any(part in value for part in parts)),
    _part("starts_with", "starts with", lambda value, parts: value.startswith(parts)),
    _part("ends_with", "ends with", lambda value, parts: value.endswith(parts)),
    Operator("matches", "matches", Takes.ONE, arguments.pattern, _matches),
)
_ORDER = (
    _one("gt", ">", lambda value, bound: value > bound),
    _one("gte", "≥", lambda value, bound: value >= bound),
    _one("lt", "<", lambda value, bound: value < bound),
    _one("lte", "≤", lambda value, bound: value <= bound),
    Operator(
        "between", "is between", Takes.RANGE, arguments.span,
        on_value(lambda value, span: span[0] <= value <= span[1]),
    ),
)  # fmt: skip
_DATES = (
    _date("is", "is on", lambda order: order == 0),
    _date("is_not", "is not on", lambda order: order != 0),
    Operator("is_one_of", "is on one of", Takes.MANY, arguments.many, on_date(_is_on_one_of)),
    _date("before", "is before", lambda order: order < 0),
    _date("after", "is after", lambda order: order > 0),
    Operator("between", "is between", Takes.RANGE, arguments.span, on_date(_is_between)),
)
_SETS = (
    Operator("has_any_of", "has any of", Takes.MANY, arguments.many, _has_any_of),
    Operator("has_all_of", "has all of", Takes.MANY, arguments.many, _has_all_of),
)
_AREA = Operator("within_area", "is within", Takes.AREA, arguments.area, _within_area)
_DURING = Operator(
    "received_during_hours", "during", Takes.HOURS, arguments.hours, _received_during, True
)
_SHARE = Operator("share_of_leads", "is in", Takes.SHARE, arguments.share, _share_of_leads, True)


def _table(*operators: Operator) -> dict[str, Operator]:
    return {operator.name: operator for operator in operators}


OPERATORS: dict[FieldType, dict[str, Operator]] = {
    FieldType.TEXT: _table(*_EQUAL, *_PARTS, *_PRESENCE),
    FieldType.NUMBER: _table(*_EQUAL, *_ORDER, *_PRESENCE),
    FieldType.MONEY: _table(*_EQUAL, *_ORDER, *_PRESENCE),
    FieldType.DATE: _table(*_DATES, *_PRESENCE),
    FieldType.CHOICE: _table(*_EQUAL, *_PARTS, *_PRESENCE),
    FieldType.SET: _table(*_SETS, *_PRESENCE),
    FieldType.PLACE: _table(*_EQUAL, *_PARTS, _AREA, *_PRESENCE),
    FieldType.YES_NO: _table(_IS, _IS_NOT, *_PRESENCE),
}
ABOUT_LEAD: dict[str, Operator] = _table(_DURING, _SHARE)


def of(field: Field) -> dict[str, Operator]:
    """What a page offers for a field; operators about the whole lead go with its arrival."""
    own = OPERATORS[field.type]
    return {**own, **ABOUT_LEAD} if field.key == RECEIVED_AT else own
