"""Stable splits: a lead falls into the same part for good, whoever asks and whenever."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID


def place(lead: UUID, salt: bytes) -> float:
    """Where the lead falls between 0 and 1; independent of any other salt."""
    digest = hashlib.sha256(salt + lead.bytes).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def part(lead: UUID, salt: bytes, percents: Sequence[int]) -> int | None:
    """Which of the parts the lead falls into; None beyond them all."""
    at, upper = place(lead, salt) * 100, 0
    for number, percent in enumerate(percents):
        upper += percent
        if at < upper:
            return number
    return None
