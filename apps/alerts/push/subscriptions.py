"""Devices that somebody lets buzz: one subscription a browser, good as long as its session is."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.alerts.models import AlertCounter, PushSubscription
from apps.alerts.standing import Listener
from apps.teams import egress

MOST = 10  # devices of one person; the one that subscribed first makes room
POINT, SECRET = 65, 16  # bytes of a browser's public key, and of its secret (RFC 8291)


class SubscriptionRefused(Exception):
    """What the browser sent is no subscription; the words say why."""


@transaction.atomic
def keep(
    user: User, *, endpoint: str, p256dh: str, auth: str, session_key: str, words: str,
    now: datetime,
) -> PushSubscription:  # fmt: skip
    """Let this browser buzz from the next alert on; again and again is the same as once.

    A browser that somebody else subscribed with is hers no more. SubscriptionRefused says what
    is wrong with what the browser sent.
    """
    _check(endpoint, p256dh, auth)
    counter = AlertCounter.objects.filter(pk=user.pk).first()
    columns: dict[str, Any] = {
        "user": user, "p256dh": p256dh, "auth": auth, "session_key": session_key,
        "session_hash": user.get_session_auth_hash(), "words": words,
    }  # fmt: skip
    newest = counter.last_seq if counter else 0
    row, is_new = PushSubscription.objects.get_or_create(
        endpoint=endpoint, defaults={**columns, "told_seq": newest, "created_at": now}
    )
    if not is_new:
        if row.user_id != user.pk:
            columns["told_seq"] = newest
        PushSubscription.objects.filter(pk=row.pk).update(**columns)
        row.refresh_from_db()
    surplus = of(user).values_list("pk", flat=True)[MOST:]
    PushSubscription.objects.filter(pk__in=list(surplus)).delete()
    return row


def stop(user: User, subscription_id: UUID) -> None:
    """That device buzzes no more; nothing if it did not."""
    PushSubscription.objects.filter(user=user, pk=subscription_id).delete()


def stop_browser(user: User, endpoint: str) -> None:
    """The browser at this address buzzes no more; nothing if it did not."""
    PushSubscription.objects.filter(user=user, endpoint=endpoint).delete()


def of(user: User) -> Any:
    """Her devices, the latest first."""
    return PushSubscription.objects.filter(user=user).order_by("-created_at", "-pk")


def listener(row: PushSubscription) -> Listener:
    """Who hears at this device: what is over for her open pages is over for it."""
    return Listener(row.user_id, row.session_key, row.session_hash)


def _check(endpoint: str, p256dh: str, auth: str) -> None:
    if problem := egress.check_url(endpoint):
        raise SubscriptionRefused(problem)
    point, secret = from_base64(p256dh), from_base64(auth)
    if len(point) != POINT or len(secret) != SECRET:
        raise SubscriptionRefused(_("The browser’s keys have the wrong length."))
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except (ValueError, UnsupportedAlgorithm):
        raise SubscriptionRefused(_("The browser’s key is none.")) from None


def from_base64(text: str) -> bytes:
    """The bytes of base64url, with or without its padding; SubscriptionRefused if it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SubscriptionRefused(_("The browser’s keys can’t be read.")) from None
