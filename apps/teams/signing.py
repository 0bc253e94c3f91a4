"""Signing what goes out, as https://www.standardwebhooks.com says. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"


def sign_standard(secret: str, identifier: str, timestamp: str, body: bytes) -> str:
    """v1, and the base64 of HMAC-SHA256 over id, time and body."""
    signed = f"{identifier}.{timestamp}.".encode("utf-8", "replace") + body
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def _key(secret: str) -> bytes:
    """The bytes behind `whsec_…`; any other secret signs as it is written."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    text = secret.removeprefix(PREFIX).translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()
