"""manage.py relay: announces what is left over and acts on deadlines, broker or no broker."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from apps.alerts import announcer
from apps.alerts.models import RelayHeartbeat
from apps.assignments import services

log = structlog.get_logger(__name__)

ANNOUNCE_EVERY = 0.25
EXPIRE_EVERY = 1.0
BEAT_EVERY = 2.0
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
            log.warning("relay_duty_failed", duty=self.name, error=str(error))
            connection.close()


class Relay:
    """One relay process. Two at once do no harm: every duty takes rows by lock."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._stopping = Event()
        self._duties = [
            Duty("beat", BEAT_EVERY, self.beat),
            # In the announcer's own thread: a hanging Redis must not hold up a deadline.
            Duty("announce", ANNOUNCE_EVERY, announcer.wake),
            Duty("expire", EXPIRE_EVERY, expire_all),
        ]

    def stop(self, *_signal: object) -> None:
        self._stopping.set()

    def run(self) -> None:
        """Until it is stopped; the duty under way is finished first."""
        log.info("relay_started", name=self.name)
        while not self._stopping.is_set():
            for duty in self._duties:
                duty.do_if_due(time.monotonic())
            next_at = min(duty.due_at for duty in self._duties)
            self._stopping.wait(max(0.0, next_at - time.monotonic()))
        announcer.stop()
        connection.close()
        log.info("relay_stopped", name=self.name)

    def beat(self) -> None:
        now = timezone.now()
        RelayHeartbeat.objects.update_or_create(name=self.name, defaults={"beat_at": now})
        RelayHeartbeat.objects.filter(beat_at__lt=now - FORGOTTEN_AFTER).delete()


def expire_all(seconds: float = EXPIRE_EVERY) -> dict[str, int]:
    """Act on what is due, batch by batch, for about `seconds` at most; what was done."""
    total: Counter[str] = Counter()
    until = time.monotonic() + seconds
    while any((done := services.expire_due()).values()):
        log.info("relay_expired", **done)
        total.update(done)
        if time.monotonic() > until:
            break
    return dict(total)


class Command(BaseCommand):
    help = "Announce alerts that are left over and act on deadlines. Runs until SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Do everything once and end.")
        parser.add_argument("--json", action="store_true", help="With --once: print what was done.")

    def handle(self, *args: Any, once: bool, json: bool, **options: Any) -> None:
        relay = Relay()
        if once:
            self._once(relay, as_json=json)
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, relay.stop)
        relay.run()

    def _once(self, relay: Relay, *, as_json: bool) -> None:
        relay.beat()
        done = {**expire_all(), "announced": 0}
        while number := announcer.announce_pending():
            done["announced"] += number
        self.stdout.write(json.dumps(done) if as_json else f"Done: {done}")
