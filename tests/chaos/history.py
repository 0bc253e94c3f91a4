"""What happened, one JSON object a line: written while it happens, judged afterwards."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any

Event = dict[str, Any]


class History:
    """Events in the order in which they became known. Safe to share between threads."""

    def __init__(self, place: Path) -> None:
        self._file = place.open("w", buffering=1)
        self._lock = Lock()
        self._events: list[Event] = []

    def note(self, what: str, **details: Any) -> None:
        event = {"at": round(time.time(), 4), "what": what, **details}
        with self._lock:
            self._events.append(event)
            self._file.write(json.dumps(event, default=str) + "\n")

    def count(self, what: str) -> int:
        with self._lock:
            return sum(1 for event in self._events if event["what"] == what)

    def close(self) -> None:
        self._file.close()


def read(place: Path) -> list[Event]:
    return [json.loads(line) for line in place.read_text().splitlines()]


def of(events: Iterable[Event], what: str) -> Iterator[Event]:
    return (event for event in events if event["what"] == what)


def percentile(values: Iterable[float], part: float) -> float:
    """The smallest value that `part` of all are not above; 0 for none."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
