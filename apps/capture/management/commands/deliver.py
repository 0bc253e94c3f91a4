"""manage.py deliver: sends copies of leads to recipients, broker or no broker."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from threading import Event, Thread
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.alerts import announcer, duties
from apps.alerts.duties import BEAT_EVERY, DELIVER, Duty
from apps.capture import copies
from apps.deliveries.plans import campaigns, offers
from apps.deliveries.returns import coming_back
from apps.deliveries.sending.courier import Courier

log = structlog.get_logger(__name__)

COPIES_EVERY = 0.25
OFFERS_EVERY = 1.0
SWEEP_EVERY = 15.0
CAMPAIGNS_EVERY = 60.0
AT_ONCE = 100


class Deliver:
    """One deliver process. Two at once do no harm: every duty takes rows by lock."""

    def __init__(self) -> None:
        self.name = f"{DELIVER} {duties.process_name()}"
        self._stopping = Event()
        self._courier = Courier(settings.DELIVER_THREADS)
        self._copies = [Duty("copies", COPIES_EVERY, lambda: copies.take_due(AT_ONCE))]
        self._others = [
            Duty("beat", BEAT_EVERY, self.beat),
            Duty("offers", OFFERS_EVERY, lambda: offers.expire_due(now=timezone.now())),
            Duty("sweep", SWEEP_EVERY, lambda: coming_back.sweep(now=timezone.now())),
            Duty("campaigns", CAMPAIGNS_EVERY, lambda: campaigns.warn_due(now=timezone.now())),
        ]

    def stop(self, *_signal: object) -> None:
        self._stopping.set()
        self._courier.stop()

    def run(self) -> None:
        """Until it is stopped; what is under way is finished first, if it does not take long.

        Sending, taking copies into teams, what apps added, and the rest: none waits for another.
        """
        log.info("deliver_started", name=self.name)
        threads = [
            self._thread(self._courier.run),
            self._thread(self._keep_copies),
            *(self._thread(partial(self._keep, duty)) for duty in duties.added()),
        ]
        duties.keep_doing(self._others, self._stopping)
        for thread in threads:
            thread.join()
        announcer.stop()
        log.info("deliver_stopped", name=self.name)

    def once(self) -> dict[str, int]:
        """All that is due, in this thread; how much of each there was."""
        self.beat()
        now = timezone.now()
        return {
            "offers": offers.expire_due(now=now),
            "copies": _all_copies(),
            "tries": self._courier.deliver_due(),
            "came_back": coming_back.sweep(now=timezone.now()),
            "campaigns": campaigns.warn_due(now=now),
        }

    def beat(self) -> None:
        duties.beat(self.name, now=timezone.now())

    def _keep_copies(self) -> None:
        duties.keep_doing(self._copies, self._stopping)

    def _keep(self, duty: Duty) -> None:
        duties.keep_doing([duty], self._stopping)

    def _thread(self, work: Callable[[], None]) -> Thread:
        thread = Thread(target=work, daemon=True)
        thread.start()
        return thread


def _all_copies() -> int:
    total = 0
    while taken := copies.take_due(AT_ONCE):
        total += taken
    return total


class Command(BaseCommand):
    help = "Send copies of leads to recipients. Runs until SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Do everything once and end.")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        deliver = Deliver()
        if once:
            self.stdout.write(f"Done: {deliver.once()}")
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, deliver.stop)
        deliver.run()
