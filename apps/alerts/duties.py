"""What a process does at intervals, each apart from the next, and the proof that it lives."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import structlog
from django.db import connection

from apps.alerts.models import RelayHeartbeat

log = structlog.get_logger(__name__)

BEAT_EVERY = 2.0
DELIVER = "deliver"  # begins the names of those that send copies
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass
class Duty:
    """Something done at an interval. A failure is logged and waits for its next turn."""

    name: str
    every: float
    do: Callable[[], Any]
    due_at: float = field(default=0.0)

    def do_if_due(self, now: float) -> None:
        if now < self.due_at:
            return
        self.due_at = now + self.every
        try:
            self.do()
        except Exception as error:
            # The database may be restarting: forget the connection, the next turn makes a new one.
            log.warning("duty_failed", duty=self.name, error=str(error))
            connection.close()


_added: dict[str, tuple[float, Callable[[], Any]]] = {}


def add(name: str, every: float, do: Callable[[], Any]) -> None:
    """Have the process that sends copies do this too: for apps that it knows nothing of."""
    _added[name] = (every, do)


def added() -> list[Duty]:
    """What apps have added, none of it done yet."""
    return [Duty(name, every, do) for name, (every, do) in _added.items()]


def keep_doing(duties: Sequence[Duty], stopping: Event) -> None:
    """Each when it is due, until it is stopped; the duty under way is finished first."""
    while not stopping.is_set():
        for duty in duties:
            duty.do_if_due(time.monotonic())
        next_at = min(duty.due_at for duty in duties)
        stopping.wait(max(0.0, next_at - time.monotonic()))
    connection.close()


def process_name() -> str:
    """This process among all that share the database."""
    return f"{socket.gethostname()}:{os.getpid()}"


def beat(name: str, *, now: datetime) -> None:
    """Say that this process lives, and forget those of yesterday."""
    RelayHeartbeat.objects.update_or_create(name=name[:120], defaults={"beat_at": now})
    RelayHeartbeat.objects.filter(beat_at__lt=now - FORGOTTEN_AFTER).delete()
