"""Chance by a seed: what is drawn hangs on the seed and on the question alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import blake2b
from struct import pack

PRECISION = 53


class Draw(IntEnum):
    """What is asked of chance about one step of one lead."""

    ACCEPTS = 1
    ACCEPTS_AFTER = 2
    RESPONDS = 3
    RESPONDS_AFTER = 4
    CLOSES = 5
    CLOSES_AFTER = 6
    CLAIMS = 7
    CLAIMS_AFTER = 8
    CLAIMED_BY = 9


class Chance:
    """Numbers from 0 up to 1. The same question has the same answer whatever was asked before,
    so that two sets of rules are tried on the same luck."""

    def __init__(self, seed: int) -> None:
        self._key = (seed % 2**64).to_bytes(8, "big")

    def of(self, lead: int, step: int, draw: Draw) -> float:
        """The answer for a lead's step; `lead` and `step` are numbers from 0."""
        asked = pack(">QIB", lead, step, draw)
        digest = blake2b(asked, digest_size=8, key=self._key).digest()
        return (int.from_bytes(digest, "big") >> 64 - PRECISION) / 2**PRECISION


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took, as it was observed: values, shortest first."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("a spread needs at least one observed value")

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        return cls(tuple(sorted(values)))

    def at(self, chance: float) -> float:
        """The value at a place from 0 up to 1."""
        return self.values[int(chance * len(self.values))]

    @property
    def median(self) -> float:
        return self.at(0.5)
