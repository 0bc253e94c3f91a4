"""Who gets a thread: quick recipients as they like, all others together only a part. Pure.

A recipient that hangs is known by it only afterwards, so whoever has not just proved to be quick
counts as slow: new ones, failing ones, and those that are being waited for right now.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

QUICK = 2.0  # seconds
MOST_REMEMBERED = 10_000
BATCH = 8  # copies of a quick recipient that one thread takes with it


@dataclass(frozen=True, slots=True)
class Due:
    """A recipient with due copies that nobody is at, and how many runs it has already."""

    recipient: UUID
    runs: int


@dataclass
class Lanes:
    """The threads of one process, `size` in all, `slow` of them at most for the slow."""

    size: int
    _quick: OrderedDict[UUID, None] = field(default_factory=OrderedDict)
    _busy: dict[int, tuple[UUID, float]] = field(default_factory=dict)  # since when, by number
    _last: int = 0
    _lock: Lock = field(default_factory=Lock)

    @property
    def slow(self) -> int:
        return max(1, self.size // 3)

    def choose(self, due: Iterable[Due], *, now: float) -> list[UUID]:
        """Which of these recipients get one run more, in their order."""
        with self._lock:
            free = self.size - len(self._busy)
            room = self.slow - sum(self._is_slow(*each, now) for each in self._busy.values())
            waited_for = {who for who, since in self._busy.values() if now - since > QUICK}
            chosen: list[UUID] = []
            for each in due:
                if len(chosen) >= free:
                    break
                if each.recipient in self._quick and each.recipient not in waited_for:
                    chosen.append(each.recipient)
                elif not each.runs and room > 0:
                    room -= 1
                    chosen.append(each.recipient)
            return chosen

    def batch(self, recipient: UUID) -> int:
        """How many copies a run of this recipient may hold."""
        with self._lock:
            return BATCH if recipient in self._quick else 1

    def begin(self, recipient: UUID, *, now: float) -> int:
        """A thread begins with this recipient; the number to end it by."""
        with self._lock:
            self._last += 1
            self._busy[self._last] = (recipient, now)
            return self._last

    def touch(self, number: int, *, now: float) -> None:
        """The thread goes on with the next copy: it waits for nobody."""
        with self._lock:
            self._busy[number] = (self._busy[number][0], now)

    def end(self, number: int) -> None:
        with self._lock:
            del self._busy[number]

    def learn(self, recipient: UUID, *, is_quick: bool) -> None:
        """How its last copy went."""
        with self._lock:
            self._quick.pop(recipient, None)
            if is_quick:
                self._quick[recipient] = None
            while len(self._quick) > MOST_REMEMBERED:
                self._quick.popitem(last=False)

    def _is_slow(self, recipient: UUID, since: float, now: float) -> bool:
        return recipient not in self._quick or now - since > QUICK
