"""Many processes that start the same work at the same moment, each with its own connection."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.context import ForkServerContext
from typing import Any

from django.db import connection

# Forked from a process that has Django ready and no threads, locks or connections of the test's.
_context: ForkServerContext = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.concurrency.ready"])


class Crew:
    """Processes that each run `work(number, *arguments)`, all released together."""

    def __init__(self, size: int, work: Callable[..., Any], *arguments: Any) -> None:
        self._results: Any = _context.Queue()
        self.stop = _context.Event()
        self._gate = _context.Barrier(size)
        database = str(connection.settings_dict["NAME"])
        self._processes = [
            _context.Process(
                target=_run,
                args=(number, database, self._gate, self.stop, self._results, work, arguments),
                daemon=True,
            )
            for number in range(size)
        ]

    def start(self) -> Crew:
        for process in self._processes:
            process.start()
        return self

    def results(self, seconds: float = 120) -> list[Any]:
        """What each returned, in the order of their numbers; fails with the first traceback."""
        found = dict(self._results.get(timeout=seconds) for _ in self._processes)
        for process in self._processes:
            process.join(10)
            process.close()
        self._results.close()
        failures = [one for one in found.values() if isinstance(one, _Failure)]
        assert not failures, failures[0].words
        return [found[number] for number in sorted(found)]


class _Failure:
    def __init__(self, words: str) -> None:
        self.words = words


def _run(
    number: int,
    database: str,
    gate: Any,
    stop: Any,
    results: Any,
    work: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> None:
    try:
        _use(database)
        gate.wait(60)
        answer = work(number, stop, *arguments)
    except BaseException:
        gate.abort()
        answer = _Failure(traceback.format_exc())
    with suppress(Exception):
        _finish()
    results.put((number, answer))


def _use(database: str) -> None:
    connection.settings_dict["NAME"] = database
    connection.ensure_connection()


def _finish() -> None:
    from apps.alerts import announcer

    announcer.stop()
    connection.close()
