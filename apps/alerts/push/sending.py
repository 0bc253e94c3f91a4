"""Alerts on phones: every device that is behind is told what came, within seconds.

A device is claimed by moving its `next_try_at` ahead, so two workers never tell it at once. A push
service that fails, or a worker that dies, leaves the claim: the device is tried again when it is
over. At least once: a notification that comes again has the same tag, and stands in its place.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

import http_ece
import structlog
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery

from apps.accounts.models import User
from apps.accounts.quiet import quiet_until
from apps.alerts.models import PUSHED, URGENT, Alert, AlertCounter, PushSubscription
from apps.alerts.push import keys, messages, subscriptions
from apps.alerts.push.messages import Message
from apps.alerts.standing import standings
from apps.teams import egress
from apps.teams.egress import EgressFailed

log = structlog.get_logger(__name__)

DEVICES_AT_ONCE = 100
SENDERS = 8
LONGEST = 5.0  # seconds for one push service
CLAIM = timedelta(seconds=60)
PAUSES = (5, 15, 60, 300)  # seconds after so many failures in a row, the last one for ever
# Whoever finds the phone later finds a list, not a drum roll; mails tell what is older.
STALE_AFTER = timedelta(minutes=10)
MOST = 50


class Came(Enum):
    """What a push service said."""

    TAKEN = auto()
    GONE = auto()  # the browser withdrew the subscription
    LATER = auto()
    REFUSED = auto()  # it will never take this one


@dataclass(frozen=True, slots=True)
class Round:
    """What one device is to be told: of alerts up to `seq`."""

    device: PushSubscription
    seq: int
    messages: Sequence[Message]


def send_due(*, now: datetime) -> int:
    """Tell every device that is behind; the number of notifications that were taken."""
    devices = _claim(now)
    if not devices:
        return 0
    rounds = list(_rounds(devices, now))
    headers = {each.device.endpoint: keys.signature(each.device.endpoint) for each in rounds}
    with ThreadPoolExecutor(SENDERS) as threads:
        came = list(threads.map(lambda each: _tell(each, headers), rounds))
    for each, what in zip(rounds, came, strict=True):
        _settle(each, what, now)
    return sum(what.count(Came.TAKEN) for what in came)


def encrypted(device: PushSubscription, text: bytes) -> bytes:
    """What only this browser can read (RFC 8291)."""
    body: bytes = http_ece.encrypt(
        text,
        salt=os.urandom(16),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=subscriptions.from_base64(device.p256dh),
        auth_secret=subscriptions.from_base64(device.auth),
        version="aes128gcm",
    )
    return body


@transaction.atomic
def _claim(now: datetime) -> list[PushSubscription]:
    """Devices that are behind and that nobody else tells, ours for a while."""
    newest = AlertCounter.objects.filter(pk=OuterRef("user_id")).values("last_seq")
    behind = (
        PushSubscription.objects.annotate(newest=Subquery(newest))
        .filter(Q(next_try_at=None) | Q(next_try_at__lte=now), newest__gt=F("told_seq"))
        .order_by("pk")
        .select_for_update(of=("self",), skip_locked=True)
    )
    found: list[PushSubscription] = list(behind[:DEVICES_AT_ONCE])
    rows = PushSubscription.objects.filter(pk__in=[each.pk for each in found])
    rows.update(next_try_at=now + CLAIM)
    return found


def _rounds(devices: Sequence[PushSubscription], now: datetime) -> Iterable[Round]:
    """What each device is told; a device that is signed out is forgotten."""
    standing = standings([subscriptions.listener(each) for each in devices], now=now)
    users = User.objects.in_bulk({each.user_id for each in devices})
    alerts = _alerts(devices, now)
    for device in devices:
        present = standing.get(subscriptions.listener(device))
        if present is None:
            device.delete()
            continue
        user = users[device.user_id]
        worth = [
            alert
            for alert in alerts.get(user.pk, ())
            if (alert.seq or 0) > device.told_seq
            and alert.team_id.hex in present.teams
            and _is_worth_it(alert, user, now)
        ][-MOST:]
        yield Round(device, present.last_seq, messages.messages(user, worth, now=now))


def _alerts(devices: Sequence[PushSubscription], now: datetime) -> Mapping[UUID, list[Alert]]:
    """Unread alerts that may be worth telling, by person and in their order."""
    users = {each.user_id for each in devices}
    rows = Alert.objects.filter(
        user__in=users, kind__in=PUSHED, seq__gt=min(each.told_seq for each in devices),
        read_at=None, created_at__gt=now - STALE_AFTER,
    )  # fmt: skip
    found: dict[UUID, list[Alert]] = {}
    for alert in rows.select_related("team").order_by("user_id", "seq"):
        found.setdefault(alert.user_id, []).append(alert)
    return found


def _is_worth_it(alert: Alert, user: User, now: datetime) -> bool:
    if messages.is_over(alert, now):
        return False
    return alert.kind in URGENT or quiet_until(user, now) is None


def _tell(each: Round, headers: Mapping[str, Mapping[str, str]]) -> list[Came]:
    """In a thread, without the database. Ends with the first that was not taken."""
    came: list[Came] = []
    for message in each.messages:
        came.append(_push(each.device, message, headers[each.device.endpoint]))
        if came[-1] is not Came.TAKEN:
            break
    return came


def _push(device: PushSubscription, message: Message, signature: Mapping[str, str]) -> Came:
    text = json.dumps(message.document(), ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(message.seconds),
        "Urgency": "high" if message.is_urgent else "normal",
        **signature,
    }
    try:
        answer = egress.post(device.endpoint, encrypted(device, text), headers, timeout=LONGEST)
    except EgressFailed as error:
        log.info("push_failed", device=str(device.pk), error=str(error))
        return Came.LATER
    return _meaning(answer.status, device)


def _meaning(status: int, device: PushSubscription) -> Came:
    if 200 <= status < 300:
        return Came.TAKEN
    if status in {404, 410}:
        return Came.GONE
    if status == 429 or status >= 500:
        return Came.LATER
    log.warning("push_refused", device=str(device.pk), status=status)
    return Came.REFUSED


def _settle(each: Round, came: Sequence[Came], now: datetime) -> None:
    """Write down how far the device is, or when it is tried again."""
    row = PushSubscription.objects.filter(pk=each.device.pk)
    if Came.GONE in came:
        row.delete()
    elif Came.LATER in came:
        pause = PAUSES[min(each.device.failures, len(PAUSES) - 1)]
        failures = min(each.device.failures + 1, 1000)
        row.update(failures=failures, next_try_at=now + timedelta(seconds=pause))
    else:
        row.update(told_seq=each.seq, failures=0, next_try_at=None)
