"""The courier: takes due copies and hands them over by their channels, in many threads.

No database transaction is open while the network is spoken to. A process that dies leaves its
leases: when they are over, another sends the copies again under the same id.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Event
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.deliveries import erasure
from apps.deliveries.models import Delivery
from apps.deliveries.sending import claims, progress
from apps.deliveries.sending.channels import CHANNELS
from apps.deliveries.sending.claims import Run
from apps.deliveries.sending.hands import Hands
from apps.deliveries.sending.lanes import QUICK, Lanes
from apps.deliveries.sending.outcomes import Came, Copy, Result
from apps.deliveries.sending.waiting import Wait, wait_of
from apps.rules.models import Recipient

log = structlog.get_logger(__name__)

POLL = 0.25
# After so long a run begins no other copy: with the last one it stays well within its lease.
LONGEST_RUN = 15.0
FINISH_WITHIN = 8.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at the due copies came to; false if there was nothing to do."""

    runs: Sequence[Run] = ()
    postponed: int = 0

    def __bool__(self) -> bool:
        return bool(self.runs or self.postponed)


class Courier:
    """One process' courier. Two processes at once do no harm: copies are taken by lease."""

    def __init__(self, threads: int) -> None:
        self.lanes = Lanes(threads)
        self._hands = Hands(threads)
        self._stopping = Event()
        self._wake = Event()

    def run(self) -> None:
        """Until it is stopped. What is being sent then is finished, if it does not take long."""
        while not self._stopping.is_set():
            self._wake.clear()
            if not self._round():
                self._wake.wait(POLL)
        self._hands.finish(FINISH_WITHIN)
        connection.close()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()

    def deliver_due(self) -> int:
        """All that is due, here and now, one after the other; how many tries were made."""
        tries = 0
        while found := claim(self.lanes, now=timezone.now()):
            for run in found.runs:
                tries += self._work(run, self.lanes.begin(run.recipient.pk, now=time.monotonic()))
        return tries

    def _round(self) -> bool:
        """Take what is due and hand it to the threads; whether there was anything to do."""
        try:
            found = claim(self.lanes, now=timezone.now())
        except Exception as error:
            # The database may be restarting: forget the connection, the next round makes a new one.
            log.warning("claiming_failed", error=str(error))
            connection.close()
            return False
        for run in found.runs:
            number = self.lanes.begin(run.recipient.pk, now=time.monotonic())
            self._hands.do(partial(self._work, run, number))
        return bool(found)

    def _work(self, run: Run, number: int) -> int:
        """Send the copies of a run; how many tries were made."""
        try:
            return self._send_all(run, number)
        except Exception as error:
            log.warning("run_failed", recipient=str(run.recipient.pk), error=str(error))
            connection.close()
            return 0
        finally:
            self.lanes.end(number)
            self._wake.set()

    def _send_all(self, run: Run, number: int) -> int:
        """One after the other, until one fails or it takes long: the rest is due as before."""
        until = time.monotonic() + LONGEST_RUN
        for tries, delivery in enumerate(run.deliveries, start=1):
            self.lanes.touch(number, now=time.monotonic())
            goes_on = send_one(delivery, run, self.lanes)
            if self._stopping.is_set() or time.monotonic() > until or not goes_on:
                claims.release(run)
                return tries
        return len(run.deliveries)


def claim(lanes: Lanes, *, now: datetime) -> Found:
    """Take runs of what is due for as many threads as are free; what must wait is moved."""
    runs: list[Run] = []
    waits: list[tuple[Recipient, Wait]] = []
    with transaction.atomic():
        claims.wait_for_turn()
        chosen = lanes.choose(claims.due(), now=time.monotonic())
        recipients = claims.recipients(chosen) if chosen else {}
        for pk in chosen:
            recipient = recipients[pk]
            if wait := wait_of(recipient, recipient.team, now=now):
                waits.append((recipient, wait))
            elif run := claims.take(recipient, lanes.batch(pk)):
                runs.append(run)
    for recipient, wait in waits:
        claims.postpone(recipient, wait, now=now)
    return Found(runs, len(waits))


def send_one(pk: UUID, run: Run, lanes: Lanes) -> bool:
    """One try for one copy of a run; whether the next may follow at once."""
    delivery = claims.held(pk, run)
    if delivery is None:
        return True
    if gone := erasure.gone(delivery.lead):
        progress.withdraw(delivery, gone, now=timezone.now())
        return True
    is_offer = delivery.state == delivery.State.OFFERED
    copy = Copy(delivery, delivery.recipient, delivery.team, is_offer)
    started = time.monotonic()
    result = _spoken(copy)
    seconds = time.monotonic() - started
    is_quick = result.is_success and seconds < QUICK
    lanes.learn(run.recipient.pk, is_quick=is_quick)
    _settle(delivery, result, milliseconds=int(1000 * seconds))
    return is_quick


def _settle(delivery: Delivery, result: Result, *, milliseconds: int) -> None:
    """Write it down; a connection that was cut while we waited for an answer is made anew."""
    try:
        progress.settle(delivery, result, milliseconds=milliseconds, now=timezone.now())
    except (OperationalError, InterfaceError):
        connection.close()
        progress.settle(delivery, result, milliseconds=milliseconds, now=timezone.now())


def _spoken(copy: Copy) -> Result:
    """What the channel says; a fault of ours is a failure like any other."""
    send = CHANNELS.get(copy.delivery.channel)
    if send is None:
        return Result(Came.FAILED, error=_("There is no way to send this yet."))
    try:
        return send(copy, timezone.now())
    except Exception:
        log.exception("channel_failed", delivery=str(copy.delivery.pk))
        return Result(Came.FAILED, error=_("Something went wrong on our side."))
