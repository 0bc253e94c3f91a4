"""The site's own key for web push (RFC 8292, VAPID): made when it is first needed, kept for good.

Browsers subscribe with the public key, and push services take messages that its other half signed.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from py_vapid import Vapid02

from apps.alerts.models import PushKey
from apps.teams import secrets


class KeyLost(RuntimeError):
    """None of FIELD_ENCRYPTION_KEYS opens the stored key."""


def public_key() -> str:
    """What `pushManager.subscribe` takes as applicationServerKey, base64url."""
    point = _vapid().public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def signature(endpoint: str) -> dict[str, str]:
    """The Authorization header for a message to this address; good for a day."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "sub": _contact()}
    signed: dict[str, str] = _vapid().sign(claims)
    return signed


def _contact() -> str:
    """Whom a push service may write to: it asks for an address of whoever sends."""
    return settings.PUBLIC_URL if settings.PUBLIC_URL.startswith("https://") else _MAIL_TO


_MAIL_TO = "mailto:postmaster@localhost"


def _vapid() -> Vapid02:
    stored = PushKey.objects.first() or _made()
    return _opened(stored.private_encrypted)


def _made() -> PushKey:
    """Whoever is first makes it; all others find that one."""
    fresh = Vapid02()
    fresh.generate_keys()
    pem = fresh.private_pem().decode()
    key, _created = PushKey.objects.get_or_create(
        pk=PushKey.ONLY, defaults={"private_encrypted": secrets.encrypt(pem)}
    )
    return key


@lru_cache(maxsize=4)
def _opened(encrypted: str) -> Vapid02:
    pem = secrets.decrypt(encrypted)
    if pem is None:
        raise KeyLost(
            "The key for notifications on devices can't be opened: put the old key back into "
            "FIELD_ENCRYPTION_KEYS, or delete the row of alerts_pushkey; people then allow "
            "notifications once more."
        )
    private = serialization.load_pem_private_key(pem.encode(), password=None)
    return Vapid02(private)
