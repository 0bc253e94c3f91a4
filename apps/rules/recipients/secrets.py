"""What a webhook's deliveries are signed with (Standard Webhooks)."""

from __future__ import annotations

import base64
import json
import secrets as random_source
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypedDict

from apps.rules.models import Recipient
from apps.teams.secrets import decrypt, encrypt

OVERLAP = timedelta(hours=24)
MOST = 5
PREFIX = "whsec_"


class Kept(TypedDict):
    """A secret, and until when it still signs; None is the present one."""

    secret: str
    until: str | None


def first() -> tuple[str, str]:
    """A new secret, and the column that keeps it."""
    secret = _new()
    return secret, _encrypted([Kept(secret=secret, until=None)])


def rotated(recipient: Recipient, *, now: datetime) -> tuple[str, str]:
    """A new secret and the column; what signed until now goes on for OVERLAP."""
    secret, until = _new(), (now + OVERLAP).isoformat()
    before = [
        Kept(secret=each["secret"], until=each["until"] or until)
        for each in _holding(recipient, now)
    ]
    return secret, _encrypted([Kept(secret=secret, until=None), *before][:MOST])


def secrets_of(recipient: Recipient, *, now: datetime) -> list[str]:
    """What signs a delivery now, the newest first; none for what is no webhook."""
    return [each["secret"] for each in _holding(recipient, now)]


def old_until(recipient: Recipient, *, now: datetime) -> datetime | None:
    """Until when an older secret signs as well; None if only one does."""
    moments = [each["until"] for each in _holding(recipient, now) if each["until"]]
    return max(map(datetime.fromisoformat, moments), default=None)


def _holding(recipient: Recipient, now: datetime) -> list[Kept]:
    text = decrypt(recipient.secrets_encrypted) if recipient.secrets_encrypted else None
    kept: list[Kept] = json.loads(text) if text else []
    return [
        each
        for each in kept
        if each["until"] is None or datetime.fromisoformat(each["until"]) > now
    ]


def _new() -> str:
    return PREFIX + base64.b64encode(random_source.token_bytes(32)).decode()


def _encrypted(kept: Iterable[Kept]) -> str:
    return encrypt(json.dumps(list(kept)))
