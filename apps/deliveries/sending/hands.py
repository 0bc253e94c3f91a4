"""Threads that do what they are given. An idle one gives its database connection back."""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from django.db import connection

LINGER = 5.0
Work = Callable[[], Any]


class Hands:
    """They start with the first work, and end with the process: nobody waits for one that hangs."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._work: SimpleQueue[Work | None] = SimpleQueue()
        self._threads: list[Thread] = []

    def do(self, work: Work) -> None:
        """As soon as one is free. `work` does not raise."""
        if len(self._threads) < self._size:
            thread = Thread(target=self._run, name=f"hand-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._work.put(work)

    def finish(self, seconds: float) -> None:
        """Wait for what is under way, for so long at most."""
        until = time.monotonic() + seconds
        for _thread in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        while (work := self._next()) is not None:
            work()
        connection.close()

    def _next(self) -> Work | None:
        try:
            return self._work.get(timeout=LINGER)
        except Empty:
            connection.close()
            return self._work.get()
