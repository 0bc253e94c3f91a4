"""Copies to other systems: one POST, signed as Standard Webhooks (standardwebhooks.com) says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from standardwebhooks import Webhook

from apps.deliveries import links
from apps.deliveries.plans import copying
from apps.deliveries.sending.outcomes import Came, Copy, Result
from apps.rules.recipients.services import secrets_of
from apps.rules.registry import registry
from apps.teams import egress
from apps.teams.egress import Answer, EgressFailed

GONE = 410
LONGEST_ANSWER = 1000


def send(copy: Copy, now: datetime) -> Result:
    """POST the copy, or the offer of it, once. Speaks to the network: outside of transactions."""
    secrets = secrets_of(copy.recipient, now=now)
    if not secrets:
        return Result(Came.FAILED, error=_("It has no secret to sign with: make a new one."))
    text = body(copy)
    headers = signed(message_id(copy), text, secrets, now=now)
    try:
        answer = egress.post_json(copy.recipient.url, text.encode(), headers)
    except EgressFailed as error:
        return Result(Came.FAILED, error=str(error))
    return _judged(answer)


def body(copy: Copy) -> str:
    """What is sent, the same at every try."""
    delivery = copy.delivery
    kind = "lead.offered" if copy.is_offer else "lead.created"
    said = {
        "type": kind,
        "id": str(delivery.pk),
        "timestamp": delivery.queued_at.astimezone(UTC).isoformat(),
        "data": _data(copy),
    }
    return json.dumps(said, ensure_ascii=False)


def message_id(copy: Copy) -> str:
    """What the recipient tells repetitions by. An offer and the lead itself are two messages."""
    return f"{copy.delivery.pk}-offer" if copy.is_offer else str(copy.delivery.pk)


def signed(message: str, text: str, secrets: Sequence[str], *, now: datetime) -> dict[str, str]:
    """The headers that prove who sent it; while a secret is being changed, both sign."""
    moment = now.astimezone(UTC)
    signatures = [Webhook(secret).sign(message, moment, text) for secret in secrets]
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _data(copy: Copy) -> dict[str, Any]:
    delivery = copy.delivery
    data = {"lead": delivery.payload, "from": copy.team.name, "campaign": delivery.campaign}
    if not copy.is_offer:
        return {**data, "return_url": links.return_address_of(delivery)}
    until = delivery.offered_until
    return {
        **data,
        "lead": copying.masked(delivery.payload, copy.recipient, registry(copy.team)),
        "accept_url": links.accept_address_of(delivery),
        "expires_at": until.astimezone(UTC).isoformat() if until else None,
    }


def _judged(answer: Answer) -> Result:
    said = answer.body[: 4 * LONGEST_ANSWER].decode(errors="replace").replace("\0", "")
    status, said = answer.status, said[:LONGEST_ANSWER]
    if 200 <= status < 300:
        return Result(Came.DELIVERED, status, answer=said)
    if status == GONE:
        words = _("It answered 410: nothing is taken at this address any more.")
        return Result(Came.GONE, status, words, said)
    words = _("It answered %(status)d.") % {"status": status}
    return Result(Came.FAILED, status, words, said)
