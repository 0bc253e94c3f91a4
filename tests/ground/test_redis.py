"""What goes through Redis arrives late at worst, and nobody waits for it."""

import socket
import time
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from celery import Celery

from config.celery import Nudger


def anything() -> None:
    """A task's body."""


@pytest.fixture
def hung_broker() -> Iterator[str]:
    """The address of something that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def test_a_nudge_to_a_hung_broker_keeps_nobody_waiting(hung_broker: str) -> None:
    task = Celery("hung", broker=hung_broker, set_as_current=False).task(anything)
    started = time.monotonic()

    Nudger().send(task)

    assert time.monotonic() - started < 0.2


def test_nudges_beyond_the_limit_are_dropped_without_an_error() -> None:
    nudger = Nudger(limit=1)
    nudger._start = Mock()  # type: ignore[method-assign]  # nobody empties the queue
    task = Mock()
    task.name = "any"

    for _ in range(3):
        nudger.send(task)

    assert nudger._queue.qsize() == 1
