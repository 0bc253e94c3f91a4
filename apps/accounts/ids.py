"""Identifiers: UUIDv7, so that ids sort by the time they were made."""

from uuid import UUID

import uuid_utils.compat


def uuid7() -> UUID:
    """A new UUIDv7 (RFC 9562), as the standard library's UUID."""
    return uuid_utils.compat.uuid7()
