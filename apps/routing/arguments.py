"""Reading the values that rules give to operators. What cannot be used raises `Mistake`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

import re2

from apps.routing import values
from apps.routing.calendar import Schedule
from apps.routing.fields import Field, FieldType
from apps.routing.values import Known, Number

AREA_FIELDS = {
    "countries": "country",
    "regions": "region",
    "cities": "city",
    "postcodes": "postcode",
}
LONGEST_TEXT = 2_000
LONGEST_LIST = 10_000
LONGEST_PATTERN = 500

T = TypeVar("T")


class Mistake(ValueError):
    """A rule's value cannot be used; `path` leads from the value to the wrong part of it."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path


def shown(value: object) -> str:
    """A value as messages quote it; short, whatever was sent."""
    if value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and abs(value) >= values.LARGEST:
        return "a number that is too large"
    if isinstance(value, str | int | float):
        return (
            ascii(value)[:60]
            if isinstance(value, str) and not value.isprintable()
            else repr(value)[:60]
        )
    kinds: dict[type, str] = {
        type(None): "nothing",
        dict: "an object",
        list: "a list",
        tuple: "a list",
    }
    return kinds.get(type(value), type(value).__name__)


def nothing(value: object, field: Field) -> None:
    """For operators that take no value; one that is given is ignored."""


def one(value: object, field: Field) -> Known:
    """One value of the field's type."""
    match field.type:
        case FieldType.NUMBER | FieldType.MONEY:
            return _number(value)
        case FieldType.DATE:
            return _day(value)
        case FieldType.YES_NO:
            return _yes_no(value)
    return _option(value, field)


def many(value: object, field: Field) -> tuple[Known, ...]:
    """A list of one or more values of the field's type."""
    if not isinstance(value, list | tuple):
        raise Mistake(f"expected a list, got {shown(value)}")
    if not value:
        raise Mistake("expected at least one value in the list")
    if len(value) > LONGEST_LIST:
        raise Mistake(f"is too long; use at most {LONGEST_LIST:,} values")
    return tuple(_at(f"[{number}]", one, item, field) for number, item in enumerate(value))


def parts(value: object, field: Field) -> tuple[str, ...]:
    """One text or a list of texts, any of which will do; they need not be whole options."""
    free = replace(field, options=())
    given = value if isinstance(value, list | tuple) else [value]
    texts = many(given, free) if given is value else (one(value, free),)
    return tuple(map(str, texts))


def span(value: object, field: Field) -> tuple[Any, Any]:
    """The lowest and the highest value, both included."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise Mistake(f"expected two values, the lowest and the highest, got {shown(value)}")
    low, high = (_at(f"[{number}]", one, item, field) for number, item in enumerate(value))
    if _is_above(low, high):
        raise Mistake("the first value is above the second; swap them")
    return low, high


def pattern(value: object, field: Field) -> Any:
    """A regular expression that runs in linear time, without case."""
    if not isinstance(value, str) or not value:
        raise Mistake(f"expected a pattern, got {shown(value)}")
    if len(value) > LONGEST_PATTERN:
        raise Mistake(f"is too long; use at most {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.case_sensitive, options.log_errors = False, False
    try:
        return re2.compile(value, options)
    except UnicodeError:
        raise Mistake("holds characters that are no text; remove them") from None
    except re2.error as error:
        raise Mistake(
            f"is not a pattern that can run ({_reason(error)}); "
            "look-around and back-references are not supported"
        ) from None


def area(value: object, field: Field) -> dict[str, tuple[str, ...]]:
    """Lists of countries, regions, cities, and beginnings or ranges of postcodes."""
    if not isinstance(value, Mapping):
        raise Mistake(f'expected an area such as {{"postcodes": ["10", "12"]}}, got {shown(value)}')
    _only(value, tuple(AREA_FIELDS))
    listed = {key: _places(value[key], key, field) for key in AREA_FIELDS if value.get(key)}
    if not listed:
        raise Mistake("expected at least one country, region, city or postcode")
    return listed


def hours(value: object, field: Field) -> str | Schedule:
    """ "open" or "closed" for the team's hours, or weekly hours."""
    if value in ("open", "closed"):
        return str(value)
    if not isinstance(value, Mapping):
        raise Mistake(f"expected “open”, “closed” or weekly hours, got {shown(value)}")
    if not any(value.values()):
        raise Mistake("expected the hours of at least one day, such as 09:00–18:00")
    try:
        return Schedule.from_json(value)
    except ValueError as error:
        raise Mistake(str(error)) from None


def share(value: object, field: Field) -> tuple[int, str]:
    """A percentage, alone or with a salt that makes the split independent of other splits."""
    given = value if isinstance(value, Mapping) else {"percent": value}
    path = ".percent" if given is value else ""
    _only(given, ("percent", "salt"))
    percent = values.number(given.get("percent"))
    if percent is None or percent != int(percent) or not 0 <= percent <= 100:
        raise Mistake(
            f"expected a whole number from 0 to 100, got {shown(given.get('percent'))}", path
        )
    salt = given.get("salt", "")
    if not isinstance(salt, str):
        raise Mistake(f"expected text, got {shown(salt)}", ".salt")
    return int(percent), salt


def postcode(folded: str) -> str:
    """A postcode as it is compared: without spaces and dashes."""
    return folded.replace(" ", "").replace("-", "")


@lru_cache(maxsize=1024)
def among_postcodes(listed: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a postcode begins as one of those listed, or lies in one of their ranges."""
    if not listed:
        return lambda postcode: True
    bounds = {each: postcode_range(each) for each in listed}
    ranges = [found for found in bounds.values() if found]
    prefixes = tuple(each for each, found in bounds.items() if not found)

    def test(postcode: str) -> bool:
        return postcode.startswith(prefixes) or any(
            len(postcode) >= len(first) and first <= postcode[: len(first)] <= last
            for first, last in ranges
        )

    return test


def _number(value: object) -> Number:
    read = values.number(value)
    if read is None:
        raise Mistake(f"expected a number such as 500, got {shown(value)}")
    return read


def _day(value: object) -> date:
    read = values.moment(value)
    if read is None:
        raise Mistake(f"expected a date such as 2026-03-14, got {shown(value)}")
    return read


def _yes_no(value: object) -> bool:
    read = values.yes_no(value)
    if read is None:
        raise Mistake(f"expected yes or no (true or false), got {shown(value)}")
    return read


def _option(value: object, field: Field) -> str:
    folded = _text(value)
    if field.options and folded not in map(values.fold, field.options):
        choices = ", ".join(field.options[:10])
        raise Mistake(f"{shown(value)} is not an option of {field.label}; use one of {choices}")
    return folded


def _text(value: object) -> str:
    folded = values.text(value)
    if not folded:
        found = "none" if value == "" else shown(value)
        raise Mistake(f"expected text, got {found}")
    if len(folded) > LONGEST_TEXT:
        raise Mistake(f"is too long; use at most {LONGEST_TEXT:,} characters")
    return folded


def _is_above(low: Any, high: Any) -> bool:
    try:
        return bool(low > high)
    except TypeError:  # a day and a moment: which is first depends on the team's time zone
        return False


def _places(value: object, key: str, field: Field) -> tuple[str, ...]:
    names = _at(f".{key}", parts, value, field)
    if key != "postcodes":
        return names
    return tuple(_postcodes(name, f".{key}[{number}]") for number, name in enumerate(names))


def _postcodes(text: str, path: str) -> str:
    """How a postcode begins, or a range of them as "10115-12099"."""
    bounds = postcode_range(text)
    if bounds is None:
        return postcode(text)
    if bounds[0] > bounds[1]:
        raise Mistake(f"{shown(text)} is a range that ends before it begins; swap the two", path)
    return "-".join(bounds)


def postcode_range(text: str) -> tuple[str, str] | None:
    """The first and the last postcode of a range such as "10115-12099"; None for a single one.

    Both must be of one length: "12345-6789" and "00-950" are postcodes themselves.
    """
    first, dash, last = text.replace(" ", "").replace("–", "-").partition("-")
    is_range = bool(dash) and len(first) == len(last) > 0 and (first + last).isalnum()
    return (first, last) if is_range and any(map(str.isdigit, first)) else None


def _only(given: Mapping[Any, object], allowed: tuple[str, ...]) -> None:
    for key in given:
        if key not in allowed:
            raise Mistake(f"unknown part {shown(key)}; use {', '.join(allowed)}")


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else "unreadable"
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)


def _at(path: str, parse: Callable[[object, Field], T], value: object, field: Field) -> T:
    try:
        return parse(value, field)
    except Mistake as mistake:
        raise Mistake(mistake.message, path + mistake.path) from None
