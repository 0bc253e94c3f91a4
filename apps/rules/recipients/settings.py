"""How a recipient is set, as one value: what services take and forms fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.rules.models import CapWindow, Recipient


@dataclass(frozen=True, slots=True)
class RecipientSettings:
    """How a recipient is set.

    Which of `agreement_id`, `membership_id`, `email` and `url` is given follows from `kind`. No
    `fields`: all of them. `hours` of None: always; no `timezone`: the team's. The price is in
    minor units of the team's currency.
    """

    kind: str
    name: str
    agreement_id: UUID | None = None
    membership_id: UUID | None = None
    email: str = ""
    url: str = ""
    contact_email: str = ""
    fields: Sequence[str] = ()
    renames: Mapping[str, str] = field(default_factory=dict)
    hours: Mapping[str, Any] | None = None
    timezone: str = ""
    cap_hour: int | None = None
    cap_day: int | None = None
    cap_week: int | None = None
    cap_month: int | None = None
    cap_window: str = CapWindow.CALENDAR
    campaign: str = ""
    quota: int | None = None
    ends_at: datetime | None = None
    price_minor: int = 0
    return_days: int = 7

    @classmethod
    def of(cls, recipient: Recipient) -> RecipientSettings:
        given = {each.name: getattr(recipient, each.name) for each in fields(cls)}
        return cls(**given | {"fields": tuple(recipient.fields)})

    def columns(self) -> dict[str, Any]:
        """The recipient's columns by name."""
        return asdict(self) | {"fields": list(self.fields), "renames": dict(self.renames)}
