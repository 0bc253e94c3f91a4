"""manage.py relay: announces what is left over and acts on deadlines, broker or no broker."""

from __future__ import annotations

import json
import signal
import time
from argparse import ArgumentParser
from collections import Counter
from threading import Event
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.alerts import announcer, duties
from apps.alerts.duties import BEAT_EVERY, Duty
from apps.assignments import services

log = structlog.get_logger(__name__)

ANNOUNCE_EVERY = 0.25
EXPIRE_EVERY = 1.0


class Relay:
    """One relay process. Two at once do no harm: every duty takes rows by lock."""

    def __init__(self) -> None:
        self.name = duties.process_name()
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
        duties.keep_doing(self._duties, self._stopping)
        announcer.stop()
        log.info("relay_stopped", name=self.name)

    def beat(self) -> None:
        duties.beat(self.name, now=timezone.now())


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
