"""The announcer: numbers what was committed and tells the processes that hold sockets.

One thread a process, woken after a commit; many wakes become one round. A request only sets a
flag. Whatever a crash leaves behind, the relay announces within 250 ms.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from threading import Event, Lock, Thread
from uuid import UUID

import structlog
from django.db import connection

from apps.alerts import numbering, wire

log = structlog.get_logger(__name__)

# An idle announcer gives its database connection back.
LINGER = 0.5


def announce_pending(limit: int = 500) -> int:
    """Number about `limit` committed alerts and send them to their users; how many there were."""
    numbered = numbering.number_waiting(limit)
    if numbered:
        _publisher.send(wire.pack(numbered))
    return len(numbered)


def stir(teams: Iterable[UUID]) -> None:
    """Tell whoever watches these teams that something changed there. May be lost; never raises."""
    if changed := set(teams):
        _publisher.send(wire.stirred(changed))


class Announcer:
    """The thread of this process. It starts with the first wake."""

    def __init__(self) -> None:
        self._work = Event()
        self._starting = Lock()
        self._thread: Thread | None = None
        self._is_stopping = False

    def wake(self) -> None:
        """There may be something to announce. Returns at once and never raises."""
        self._work.set()
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def stop(self) -> None:
        """Finish the present round, give the connection back, end the thread."""
        thread = self._thread
        if thread is None:
            return
        self._is_stopping = True
        self._work.set()
        thread.join()
        self._thread = None
        self._is_stopping = False
        self._work.clear()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="announcer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._is_stopping:
            if not self._work.wait(LINGER):
                connection.close()
                self._work.wait()
            self._work.clear()
            if not self._is_stopping:
                self._announce_all()
        connection.close()

    def _announce_all(self) -> None:
        try:
            while announce_pending():
                pass
        except Exception as error:
            # The relay comes by for what is left: trying again here would only add load.
            log.warning("announcing_failed", error=str(error))
            connection.close()


_publisher = wire.Publisher()
_announcer = Announcer()
# A forked worker has neither the thread nor the sockets of its parent.
os.register_at_fork(after_in_child=_announcer.__init__)  # type: ignore[misc]
os.register_at_fork(after_in_child=_publisher.__init__)  # type: ignore[misc]

wake = _announcer.wake
stop = _announcer.stop
