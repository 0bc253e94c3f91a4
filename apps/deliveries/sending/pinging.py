"""Trying a webhook: a signed test, and what its endpoint says to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from django.utils.translation import gettext as _

from apps.accounts.ids import uuid7
from apps.deliveries.sending import webhooks
from apps.rules.models import Recipient
from apps.rules.recipients import services as recipients
from apps.teams import egress
from apps.teams.egress import EgressFailed

SHOWN = 500


@dataclass(frozen=True, slots=True)
class Pinged:
    """What came of a test: a sentence, and the beginning of the answer if there was one."""

    is_taken: bool
    words: str
    milliseconds: int
    answer: str = ""


def ping(recipient: Recipient, *, now: datetime) -> Pinged:
    """POST {"type": "test"} as a copy would be sent. Speaks to the network: in no transaction."""
    secrets = recipients.secrets_of(recipient, now=now)
    if not secrets:
        return Pinged(False, _("It has no secret to sign with: make a new one."), 0)
    message = str(uuid7())
    said = {
        "type": "test",
        "id": message,
        "timestamp": now.astimezone(UTC).isoformat(),
        "data": {"from": recipient.team.name},
    }
    text = json.dumps(said, ensure_ascii=False)
    headers = webhooks.signed(message, text, secrets, now=now)
    began = monotonic()
    try:
        answer = egress.post_json(recipient.url, text.encode(), headers)
    except EgressFailed as error:
        return Pinged(False, str(error), _since(began))
    milliseconds = _since(began)
    body = answer.body[: 4 * SHOWN].decode(errors="replace").replace("\0", "")[:SHOWN]
    is_taken = 200 <= answer.status < 300
    words = _("It took the test and answered %(status)d.") if is_taken else _(
        "It answered %(status)d: a copy would be tried again. It must answer with 200 to 299."
    )  # fmt: skip
    return Pinged(is_taken, words % {"status": answer.status}, milliseconds, body)


def _since(began: float) -> int:
    return round((monotonic() - began) * 1000)
