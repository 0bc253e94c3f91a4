"""What came of one try to hand a copy over. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Came(StrEnum):
    """How far the copy came with this try."""

    SENT = "sent"  # handed over; whether it arrives is not known (e-mail)
    DELIVERED = "delivered"  # the other side said that it has it
    FAILED = "failed"  # to be tried again
    GONE = "gone"  # it never will be taken: no more tries (410, an address that can't be)


@dataclass(frozen=True, slots=True)
class Result:
    """`status_code` is the endpoint's, `answer` the beginning of what it said.

    `error` is in words for the page.
    """

    came: Came
    status_code: int | None = None
    error: str = ""
    answer: str = ""

    @property
    def is_success(self) -> bool:
        return self.came in (Came.SENT, Came.DELIVERED)
