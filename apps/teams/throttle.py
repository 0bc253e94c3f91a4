"""How much may come in by one address: a bucket of tokens in each process."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from uuid import UUID


class Throttle:
    """At most `rate` a second and a burst of `burst` (as many as a second's) for each source.

    Only this process is counted: the limit keeps a runaway sender from filling the inbox, so
    a few times more with several processes does no harm.
    """

    def __init__(
        self, rate: float = 200.0, sources: int = 10_000, *, burst: float | None = None
    ) -> None:
        self._rate = rate
        self._burst = rate if burst is None else burst
        self._most = sources
        self._buckets: OrderedDict[UUID, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def allows(self, source: UUID, seconds: float) -> bool:
        """Take a token; `seconds` is a clock that never goes back."""
        with self._lock:
            left, since = self._buckets.pop(source, (self._burst, seconds))
            left = min(self._burst, left + max(0.0, seconds - since) * self._rate)
            is_allowed = left >= 1
            self._buckets[source] = (left - 1 if is_allowed else left, seconds)
            while len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        return is_allowed

    def clear(self) -> None:
        with self._lock:
            self._buckets.clear()
