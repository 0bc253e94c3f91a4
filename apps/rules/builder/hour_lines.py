"""Weekly hours as a line for each day: "09:00-12:00, 13:00-18:00"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

WEEK = tuple(map(str, range(7)))
_BLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:-|–|—|to)\s*(\d{1,2})(?:[:.](\d{2}))?")


def lines_of(hours: Mapping[str, Any]) -> dict[str, str]:
    """Stored weekly hours as lines; what is no pair of times is left out."""
    return {day: ", ".join(_blocks(hours.get(day))) for day in WEEK}


def from_lines(lines: Mapping[str, str]) -> dict[str, Any]:
    """The weekly hours that the lines say; a line that can't be read stays text, to be refused."""
    return {day: _read(lines[day]) for day in WEEK if lines.get(day, "").strip()}


def _blocks(listed: Any) -> list[str]:
    pairs = listed if isinstance(listed, list) else []
    return [
        f"{pair[0]}–{pair[1]}"
        for pair in pairs
        if isinstance(pair, list | tuple) and len(pair) == 2
    ]


def _read(line: str) -> list[list[str]] | str:
    found = [_BLOCK.fullmatch(part.strip()) for part in re.split(r"[,;]", line) if part.strip()]
    if any(each is None for each in found):
        return line.strip()[:80]
    return [[_time(*each.group(1, 2)), _time(*each.group(3, 4))] for each in found if each]


def _time(hour: str, minute: str | None) -> str:
    return f"{int(hour):02}:{minute or '00'}"
