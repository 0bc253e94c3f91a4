"""How far a copy is: the only place that moves deliveries after they were planned.

Whoever works at a delivery holds it by its lease. What came of a try is written with the new
state in one transaction, and only while the lease is still held: of two workers one is heard.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from apps.alerts.models import Kind
from apps.deliveries.models import WAITING, Delivery, DeliveryAttempt
from apps.deliveries.returns import coming_back
from apps.deliveries.sending import health, retries
from apps.deliveries.sending.outcomes import Came, Result
from apps.deliveries.telling import tell_managers
from apps.rules.models import Recipient
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.permissions import Permission

State = Delivery.State
LONGEST_WORDS = 300
LONGEST_ANSWER = 1000
# One alert for an endpoint that loses copy after copy.
TOLD_ONCE_IN = timedelta(hours=1)
FREE: dict[str, Any] = {"locked_until": None}
OVER: dict[str, Any] = {**FREE, "next_attempt_at": None}


@transaction.atomic
def settle(delivery: Delivery, result: Result, *, milliseconds: int, now: datetime) -> bool:
    """Write down one try and move the delivery on; False if somebody else has it by now.

    `delivery` as it was read when the try began, with its recipient. An offer that was handed
    over stays an offer; one that was accepted meanwhile keeps its new state.
    """
    held = Delivery.objects.filter(
        pk=delivery.pk, locked_until=delivery.locked_until, attempts_made=delivery.attempts_made
    )
    moved = _moved(delivery, result, now)
    if not held.filter(state=delivery.state).update(**moved):
        if not held.update(**FREE):
            return False
        moved = FREE
    _write_attempt(delivery, result, milliseconds, now)
    health.note(delivery.recipient, result, now=now)
    if moved.get("state") == State.DEAD:
        _died(delivery, moved["reason"], now)
    return True


def opened(delivery: Delivery, *, now: datetime) -> bool:
    """The recipient looked at it: it arrived, whatever else we heard. Any number of times."""
    there = (State.SENT, State.DELIVERED, State.QUEUED, State.FAILED)
    rows = Delivery.objects.filter(pk=delivery.pk, state__in=there, opened_at=None)
    # Statements count a copy by when it was handed over.
    handed_over = Coalesce("sent_at", Value(now, output_field=DateTimeField()))
    changes = {
        **OVER, "state": State.OPENED, "opened_at": now, "reason": "", "sent_at": handed_over,
    }  # fmt: skip
    return bool(rows.update(**changes))


@transaction.atomic
def refuse(delivery: Delivery, reason: str, *, now: datetime) -> bool:
    """The recipient's team does not take it; False if it was not waiting any more."""
    return _end(delivery, State.REFUSED, reason, now)


@transaction.atomic
def withdraw(delivery: Delivery, reason: str, *, now: datetime) -> bool:
    """Call it back before it went out; False if it was not waiting any more."""
    return _end(delivery, State.WITHDRAWN, reason, now)


@transaction.atomic
def give_up(delivery: Delivery, reason: str, *, now: datetime) -> bool:
    """No more tries; False if it was not waiting any more."""
    if not _end(delivery, State.DEAD, reason, now):
        return False
    _tell_of_death(delivery, reason, now)
    return True


@transaction.atomic
def replay(delivery: Delivery, *, by: Access, now: datetime) -> bool:
    """Queue a dead copy again, with all its tries; False if it is not dead."""
    by.require(Permission.EDIT_ROUTING)
    rows = Delivery.objects.filter(pk=delivery.pk, team=by.team)
    if not _queue_again(rows, now):
        return False
    audit.record(by=by, action="deliveries.replayed", target=delivery, now=now)
    return True


@transaction.atomic
def hasten(delivery: Delivery, *, by: Access, now: datetime) -> bool:
    """Try a failed copy now instead of later; False if it does not wait for another try."""
    by.require(Permission.EDIT_ROUTING)
    waits = Delivery.objects.filter(pk=delivery.pk, team=by.team, state=State.FAILED)
    if not waits.filter(next_attempt_at__gt=now).update(next_attempt_at=now):
        return False
    audit.record(by=by, action="deliveries.hastened", target=delivery, now=now)
    return True


@transaction.atomic
def replay_all(rows: QuerySet[Delivery], *, by: Access, now: datetime) -> int:
    """Queue the dead ones of these copies again; how many there were."""
    by.require(Permission.EDIT_ROUTING)
    chosen = Delivery.objects.filter(team=by.team, pk__in=rows.order_by().values("pk"))
    number = _queue_again(chosen, now)
    if number:
        detail = {"deliveries": number}
        audit.record(by=by, action="deliveries.replayed_all", target=None, now=now, detail=detail)
    return number


def wake(recipient: Recipient, *, now: datetime) -> int:
    """Try what waits for this recipient at once, for it may be reached again; how much waits.

    What still has to wait is moved again by the courier.
    """
    rows = Delivery.objects.filter(
        recipient=recipient, state__in=WAITING, next_attempt_at__gt=now, locked_until=None
    )
    return rows.update(next_attempt_at=now)


def _queue_again(rows: QuerySet[Delivery], now: datetime) -> int:
    return rows.filter(state=State.DEAD).update(
        state=State.QUEUED, next_attempt_at=now, locked_until=None, attempts_made=0,
        ended_at=None, replayed_at=now, reason="",
    )  # fmt: skip


def _moved(delivery: Delivery, result: Result, now: datetime) -> dict[str, Any]:
    """The columns after this try."""
    tried = {
        **FREE,
        "attempts_made": delivery.attempts_made + 1,
        "first_attempt_at": delivery.first_attempt_at or now,
    }
    if delivery.state == State.OFFERED:
        return {**tried, **_offer_moved(delivery, result, now)}
    if result.is_success:
        return {**tried, **_arrived(result, now)}
    pause = retries.next_attempt(delivery.attempts_made + 1, random.random())  # noqa: S311
    reason = result.error[:LONGEST_WORDS]
    if pause is None or result.came is Came.GONE:
        return {**tried, **OVER, "state": State.DEAD, "ended_at": now, "reason": reason}
    return {**tried, "state": State.FAILED, "next_attempt_at": now + pause, "reason": reason}


def _arrived(result: Result, now: datetime) -> dict[str, Any]:
    arrived = {**OVER, "sent_at": now, "reason": ""}
    if result.came is Came.SENT:
        return {**arrived, "state": State.SENT}
    return {**arrived, "state": State.DELIVERED, "delivered_at": now}


def _offer_moved(delivery: Delivery, result: Result, now: datetime) -> dict[str, Any]:
    """An offer is told as long as it can be accepted; its end is its own business."""
    if result.is_success:
        return {**OVER, "attempts_made": 0, "sent_at": now, "reason": ""}
    pause = retries.next_attempt(delivery.attempts_made + 1, random.random())  # noqa: S311
    again = now + pause if pause and result.came is not Came.GONE else None
    if again and delivery.offered_until and again >= delivery.offered_until:
        again = None
    return {"next_attempt_at": again, "reason": result.error[:LONGEST_WORDS]}


def _write_attempt(delivery: Delivery, result: Result, milliseconds: int, now: datetime) -> None:
    DeliveryAttempt.objects.create(
        team_id=delivery.team_id,
        delivery_id=delivery.pk,
        number=_number(delivery),
        at=now,
        milliseconds=milliseconds,
        status_code=result.status_code,
        is_success=result.is_success,
        error=result.error[:LONGEST_WORDS],
        answer=result.answer[:LONGEST_ANSWER],
    )


def _number(delivery: Delivery) -> int:
    """Tries are numbered through, also over a replay and from an offer to its copy."""
    if delivery.replayed_at is None and delivery.offered_until is None:
        return delivery.attempts_made + 1
    return DeliveryAttempt.objects.filter(delivery=delivery.pk).count() + 1


def _end(delivery: Delivery, state: str, reason: str, now: datetime) -> bool:
    rows = Delivery.objects.filter(pk=delivery.pk, state__in=WAITING)
    reason = reason[:LONGEST_WORDS]
    if not rows.update(**OVER, state=state, ended_at=now, reason=reason):
        return False
    _consider(delivery, now)
    return True


def _died(delivery: Delivery, reason: str, now: datetime) -> None:
    _tell_of_death(delivery, reason, now)
    _consider(delivery, now)


def _consider(delivery: Delivery, now: datetime) -> None:
    """A lead that was kept out may have to come back: after the commit, for it locks the lead.

    What a crash leaves behind the sweep finds.
    """
    look = partial(coming_back.consider, delivery.distribution_id, now=now)
    transaction.on_commit(look, robust=True)


def _tell_of_death(delivery: Delivery, reason: str, now: datetime) -> None:
    recipient = delivery.recipient
    others = Delivery.objects.filter(
        team=delivery.team_id, recipient=recipient, state=State.DEAD,
        ended_at__gt=now - TOLD_ONCE_IN,
    )  # fmt: skip
    if others.exclude(pk=delivery.pk).exists():
        return
    title = _("A copy for %(name)s") % {"name": recipient.name}
    tell_managers(
        delivery.team, Kind.DELIVERY_DEAD, title=title, page="delivery", page_id=delivery.pk,
        reason=reason, now=now,
    )  # fmt: skip
