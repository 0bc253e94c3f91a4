"""Reading a lead's values into what comparisons understand, by field type.

A value that makes no sense for its field counts as missing, never as an error.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from apps.routing.fields import FieldType

Number = int | Decimal
Known = str | Number | bool | date | frozenset[str]

LARGEST = 10**18
LONGEST_NUMBER = 40


def fold(text: str) -> str:
    """Text as it is compared: trimmed, without case, with composed accents."""
    text = text.strip()
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).casefold()


def text(value: object) -> str:
    """A lead's value as folded text; empty when there is none."""
    return fold(plain(value))


def plain(value: object) -> str:
    """A lead's value as trimmed text, its case kept."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return str(value) if abs(value) < LARGEST else ""
    return str(value) if isinstance(value, float | Decimal) else ""


def members(value: object) -> frozenset[str] | None:
    """A lead's set of names; a single text is a set of one."""
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, Sequence | frozenset | set):
        return None
    return frozenset(filter(None, map(text, value))) or None


def number(value: object) -> Number | None:
    """A finite number of sensible size, also from text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < LARGEST else None
    if not isinstance(value, float | Decimal | str) or len(str(value)) > LONGEST_NUMBER:
        return None
    try:
        read = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return read if read.is_finite() and abs(read) < LARGEST else None


def moment(value: object) -> date | None:
    """A date, or an aware moment (a datetime is a date), also from ISO text."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        return None
    iso = value.strip()
    try:
        return moment(datetime.fromisoformat(iso)) if len(iso) > 10 else date.fromisoformat(iso)
    except ValueError:
        return None


def yes_no(value: object) -> bool | None:
    """True, False, or their usual words."""
    if isinstance(value, bool):
        return value
    return {"yes": True, "true": True, "no": False, "false": False}.get(text(value))


def filled_text(value: object) -> str | None:
    """A lead's value as folded text, or None."""
    return text(value) or None


READERS: dict[FieldType, Callable[[object], Known | None]] = {
    FieldType.TEXT: filled_text,
    FieldType.CHOICE: filled_text,
    FieldType.PLACE: filled_text,
    FieldType.NUMBER: number,
    FieldType.MONEY: number,
    FieldType.DATE: moment,
    FieldType.SET: members,
    FieldType.YES_NO: yes_no,
}
