"""Secrets at rest: tokens are random, looked up by hash, and encrypted when shown again."""

import hashlib
import secrets as random_source
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def new_token() -> str:
    """32 random bytes, safe in an address (43 characters)."""
    return random_source.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """SHA-256 of a token. A fast hash is enough: the token has 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> str:
    """Encrypted with the first of FIELD_ENCRYPTION_KEYS."""
    return _cipher(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(ciphertext: str) -> str | None:
    """The text, by any of FIELD_ENCRYPTION_KEYS; None if none of them fits."""
    try:
        return _cipher(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(ciphertext.encode()).decode()
    except InvalidToken:
        return None
