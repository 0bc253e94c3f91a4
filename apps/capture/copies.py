"""Copies that teams send each other come in by the one door for leads, each exactly once.

A copy is one transaction: the delivery is taken under lock, the capture kept with the delivery's
id as its key, the lead made, and the delivery settled. Killed on the way, it is as if nothing was
done.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.assignments.models import Door
from apps.capture import copy_rows, services, sources
from apps.deliveries import arrivals, erasure
from apps.deliveries.models import Delivery
from apps.deliveries.plans.choosing import MOST_DEPTH
from apps.deliveries.sending import progress
from apps.deliveries.sending.outcomes import Came, Result
from apps.deliveries.sending.waiting import Wait, wait_of
from apps.leads.models import Source
from apps.rules.models import Agreement, Recipient

log = structlog.get_logger(__name__)

JSON = "application/json"
AT_ONCE = 200
State = Delivery.State
# The sender learns that the copy is there, and nothing of what became of it.
IN_THE_INBOX = Result(Came.DELIVERED)


def take_due(limit: int = AT_ONCE) -> int:
    """Hand over the copies for teams whose time has come; how many were settled.

    Any number of processes may do this at once: a copy that another one holds is passed over.
    """
    return sum(_take(delivery_id) for delivery_id in _due_ids(limit))


def _due_ids(limit: int) -> Sequence[UUID]:
    """By the database's clock. An offer is nobody's copy yet, unless its consent is gone."""
    is_copy = Q(state__in=[State.QUEUED, State.FAILED])
    is_void = Q(state=State.OFFERED) & ~Q(recipient__agreement__state=Agreement.State.ACCEPTED)
    is_free = Q(locked_until=None) | Q(locked_until__lte=Now())
    rows = Delivery.objects.filter(channel=Recipient.Kind.TEAM, next_attempt_at__lte=Now())
    due = rows.filter(is_free, is_copy | is_void).order_by("next_attempt_at", "id")
    return list(due.values_list("pk", flat=True)[:limit])


def _take(delivery_id: UUID) -> bool:
    """Settle one copy; False if another process has it or had it.

    What fails on the way is undone and tried again later, so that it stops no other copy.
    """
    started = time.monotonic()
    try:
        with transaction.atomic():
            delivery = copy_rows.locked(delivery_id)
            if delivery is not None:
                _settle(delivery, started, timezone.now())
            return delivery is not None
    except Exception as error:
        if not connection.is_usable():
            raise  # the database went away: the caller waits for it
        log.exception("copy_failed", delivery=str(delivery_id))
        return _put_off(delivery_id, error, started)


def _settle(delivery: Delivery, started: float, now: datetime) -> None:
    """Take the copy in, or say in words why not."""
    gone = erasure.gone(delivery.lead)
    if gone:
        progress.withdraw(delivery, gone, now=now)
        return
    source = _source(delivery)
    why_not = _refusal(delivery, source)
    if why_not or source is None:
        progress.refuse(delivery, why_not, now=now)
        return
    wait = wait_of(delivery.recipient, delivery.team, now=now)
    if wait is not None:
        _let_wait(delivery, wait, now)
        return
    if not arrivals.record(delivery, to=source.team_id, now=now):
        progress.refuse(delivery, _("They have this lead already: it came another way."), now=now)
        return
    services.receive(
        source, body=json.dumps(delivery.payload).encode(), content_type=JSON,
        key=str(delivery.pk), door=Door.COPY, now=now,
    )  # fmt: skip
    progress.settle(delivery, IN_THE_INBOX, milliseconds=_since(started), now=now)


def _source(delivery: Delivery) -> Source | None:
    """Where this sender's leads come in at the other team, while it consents."""
    agreement = delivery.recipient.agreement
    if agreement is None or agreement.state != Agreement.State.ACCEPTED or not agreement.to_id:
        return None
    return sources.of_sender(agreement.to_id, delivery.team_id)


def _refusal(delivery: Delivery, source: Source | None) -> str:
    """Why the copy may not go there, in the words of the sender's log."""
    agreement = delivery.recipient.agreement
    if source is None and agreement is not None and agreement.ended_side == "recipient":
        return _("They ended the agreement: they take no more leads.")
    if source is None:
        return _("There is no agreement any more by which they take leads.")
    if not source.team.is_active:
        return _("Their account is closed.")
    if source.team_id in delivery.path:
        return _("This lead came from them, or through them: it would go in a circle.")
    if len(delivery.path) > MOST_DEPTH:
        words = _("This lead went through %(n)d teams already, and may go no further.")
        return words % {"n": len(delivery.path)}
    return ""


def _let_wait(delivery: Delivery, wait: Wait, now: datetime) -> None:
    """Until the recipient takes leads again; given up where that lasts too long."""
    since = max(filter(None, (delivery.queued_at, delivery.accepted_at, delivery.replayed_at)))
    if wait.patience is not None and now - since >= wait.patience:
        progress.give_up(delivery, wait.reason, now=now)
        return
    rows = Delivery.objects.filter(pk=delivery.pk)
    rows.update(next_attempt_at=wait.until, reason=wait.reason[: progress.LONGEST_WORDS])


def _put_off(delivery_id: UUID, error: Exception, started: float) -> bool:
    """Written down as a try that failed. What went wrong at the other team stays there."""
    words = _("It could not be handed over. It is tried again.")
    failed = Result(Came.FAILED, error=words, answer=type(error).__name__)
    with transaction.atomic():
        delivery = copy_rows.locked(delivery_id)
        if delivery is None:
            return False
        progress.settle(delivery, failed, milliseconds=_since(started), now=timezone.now())
    return True


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
