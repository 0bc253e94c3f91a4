"""What a channel hands over in one try, and what came of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.deliveries.models import Delivery
    from apps.rules.models import Recipient
    from apps.teams.models import Team


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


@dataclass(frozen=True, slots=True)
class Copy:
    """What a channel hands over, with all that it reads loaded: nothing of it is locked.

    `delivery` has its team and recipient, `recipient` its agreement and its member with her user.
    """

    delivery: Delivery
    recipient: Recipient
    team: Team  # whose lead it is: "from" in what the recipient reads
    is_offer: bool  # an offer shows no contact details, and says how to accept
