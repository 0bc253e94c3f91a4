"""A lead as a capture describes it, before it is anybody's lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.assignments.models import Decision
from apps.leads.models import Lead
from apps.leads.normalise import Email, Phone
from apps.teams.models import Membership


@dataclass(frozen=True, slots=True)
class LeadDraft:
    """Normalised and typed. `columns` are texts of the lead, `facts` the other standard fields.

    `warnings` concern values that were not usable; `unmapped` names what nobody asked for.
    """

    name: str = ""
    email: Email = field(default_factory=Email)
    phone: Phone = field(default_factory=Phone)
    columns: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    custom: Mapping[str, Any] = field(default_factory=dict)
    provider_id: str = ""
    received_at: datetime | None = None
    is_test: bool = False
    warnings: tuple[str, ...] = ()
    unmapped: tuple[str, ...] = ()

    @property
    def has_contact(self) -> bool:
        """Whether anybody could be reached: an e-mail or a phone, even a doubtful one.

        A phone is kept and flagged whatever it says; what has no @ is no e-mail at all.
        """
        return "@" in self.email.shown or bool(self.phone.shown)


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of a draft. `outcome` is one of Capture.Outcome."""

    outcome: str
    lead: Lead | None = None
    owner: Membership | None = None
    offer_id: UUID | None = None
    decision_id: UUID | None = None
    reason: str = ""


# A lead that only a manager can place is held, as far as the sender is concerned; and so is one
# that a rule stopped.
ANSWERED_AS: Mapping[str, str] = {
    Decision.Outcome.MANAGER: Decision.Outcome.HELD,
    Decision.Outcome.KEPT: Decision.Outcome.HELD,
}
