"""Signed webhooks: Standard Webhooks, or GitHub's and Meta's X-Hub-Signature-256. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime

from apps.teams.signing import sign_standard

__all__ = ["TOLERANCE_SECONDS", "is_genuine", "sign_hub", "sign_standard"]

TOLERANCE_SECONDS = 300


def is_genuine(
    headers: Mapping[str, str], body: bytes, secrets: Iterable[str], *, now: datetime
) -> bool:
    """Whether one of the secrets signed exactly this body, not long ago where a time is signed.

    `headers` is looked up by names in any case (as Django's are).
    """
    known = list(secrets)
    standard = headers.get("webhook-signature")
    if standard is not None:
        identifier = headers.get("webhook-id") or ""
        timestamp = headers.get("webhook-timestamp") or ""
        if not _is_recent(timestamp, now):
            return False
        return any(
            _matches(given, sign_standard(secret, identifier, timestamp, body))
            for secret in known
            for given in standard.split(" ")
        )
    hub = headers.get("x-hub-signature-256")
    if hub is None:
        return False
    return any(_matches(hub, sign_hub(secret, body)) for secret in known)


def sign_hub(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _is_recent(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 15):
        return False
    return abs(now.timestamp() - int(timestamp)) <= TOLERANCE_SECONDS


def _matches(given: str, expected: str) -> bool:
    # Compared as bytes: compare_digest refuses non-ASCII text by raising.
    return hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), expected.encode())
