"""Copies while one recipient hangs: what the others notice of it.

Copies for healthy recipients come at a steady pace, and one for a recipient that never answers with
each lead. Measured is the time from the copy's row to its arrival, at a real HTTP receiver.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from tests.bench.figures import Figure, Options, alternate
from tests.chaos.history import percentile
from tests.stand import Stand

HEALTHY = 8
LEADS_A_SECOND = 4
HANGS = 60.0  # longer than anybody waits
PATIENCE = 60.0


def measure(stand: Stand, options: Options) -> list[Figure]:
    """The others' p99 with one recipient that hangs, beside the same without."""
    from tests.deliveries.receiver import receiving

    with receiving() as receiver:
        site = Crowd(receiver)
        stand.site.start("deliver")
        site.pace(2, hanging=False)  # the process has proved its recipients
        seconds = max(4.0, 2 * options.seconds)
        found = alternate(
            options,
            alone=lambda: site.pace(seconds, hanging=False),
            hanging=lambda: site.pace(seconds, hanging=True),
        )
        stand.site.kill("deliver")
    return [
        Figure(
            11, "p99 of copies while one recipient hangs", "ms", found["hanging"],
            "nobody hangs", found["alone"], goal=1.2, is_ceiling=True,
            more={"asked of the one that hangs": len(receiver["hangs"].taken)},
        )
    ]  # fmt: skip


class Crowd:
    """A team with healthy recipients and one that hangs."""

    def __init__(self, receiver: Any) -> None:
        from tests import factories

        self._receiver = receiver
        receiver["hangs"].hangs = HANGS
        self._team = factories.TeamFactory(slug="copies")
        self._names = [f"healthy-{n}" for n in range(HEALTHY)]
        self._healthy = [self._recipient(name) for name in self._names]
        self._hanging = self._recipient("hangs")

    def _recipient(self, name: str) -> Any:
        from apps.rules.recipients import secrets
        from tests import factories

        secret, encrypted = secrets.first()
        self._receiver[name].secret = secret
        return factories.RecipientFactory(
            team=self._team, name=name, url=self._receiver.url_of(name),
            secrets_encrypted=encrypted,
        )  # fmt: skip

    def pace(self, seconds: float, *, hanging: bool) -> float:
        """p99 in milliseconds of the healthy ones' copies, sent for so long."""
        recipients = [*self._healthy, self._hanging] if hanging else self._healthy
        made: dict[str, float] = {}
        started = time.monotonic()
        for number in range(round(seconds * LEADS_A_SECOND)):
            time.sleep(max(0.0, started + number / LEADS_A_SECOND - time.monotonic()))
            made |= self._queue(recipients)
        arrived = self._wait_for(made)
        self._end_hanging()
        return 1000 * percentile((arrived[one] - made[one] for one in made), 0.99)

    def _queue(self, recipients: Sequence[Any]) -> dict[str, float]:
        """A copy of one lead for each; when those for the healthy were written, by id."""
        from django.db import transaction
        from django.utils import timezone

        from tests import factories

        now = timezone.now()
        with transaction.atomic():
            sent = factories.DistributionFactory(team=self._team)
            rows = [
                factories.DeliveryFactory(
                    team=self._team, distribution=sent, lead=sent.lead, recipient=each,
                    queued_at=now, next_attempt_at=now,
                )
                for each in recipients
            ]  # fmt: skip
        written = time.time()
        return {str(row.pk): written for row in rows if row.recipient_id != self._hanging.pk}

    def _wait_for(self, made: dict[str, float]) -> dict[str, float]:
        until = time.monotonic() + PATIENCE
        arrived: dict[str, float] = {}
        while made.keys() - arrived.keys():
            assert time.monotonic() < until, "The copies did not arrive in time."
            time.sleep(0.05)
            for name in self._names:
                for taken in self._receiver[name].taken:
                    arrived.setdefault(taken.id, taken.at)
        return arrived

    def _end_hanging(self) -> None:
        """What is left for the one that hangs is called back; it begins as new."""
        from apps.deliveries.models import Delivery
        from apps.rules.models import Recipient

        left = Delivery.objects.filter(recipient=self._hanging)
        left.update(state=Delivery.State.WITHDRAWN, next_attempt_at=None, locked_until=None)
        rows = Recipient.objects.filter(pk=self._hanging.pk)
        rows.update(failures=0, failing_since=None, slowed_until=None)
