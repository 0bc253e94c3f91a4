"""Values on their way into a spreadsheet: nothing in them may run as a formula."""

from __future__ import annotations

import re

_PHONE = re.compile(r"\+[0-9][0-9 ()/.\-]*\Z")
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "|")


def harmless(value: str) -> str:
    """The value, with an apostrophe before what a spreadsheet would take for a formula.

    A phone number that begins with + holds nothing that could run and stays readable.
    """
    if _PHONE.match(value):
        return value
    return f"'{value}" if value.lstrip(" \n").startswith(_STARTS_A_FORMULA) else value
