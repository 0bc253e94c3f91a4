"""Leads, where they come from and what happened to them."""

from apps.leads.models.leads import LEAD_COLUMNS, Lead, LeadQuerySet
from apps.leads.models.sources import (
    OPEN_KINDS,
    CustomField,
    InterestGroup,
    Source,
    Status,
    StatusKind,
)
from apps.leads.models.work import (
    Activity,
    Attempt,
    Channel,
    FollowUp,
    KnownApart,
    LeadEvent,
    Outcome,
)

__all__ = [
    "LEAD_COLUMNS",
    "OPEN_KINDS",
    "Activity",
    "Attempt",
    "Channel",
    "CustomField",
    "FollowUp",
    "InterestGroup",
    "KnownApart",
    "Lead",
    "LeadEvent",
    "LeadQuerySet",
    "Outcome",
    "Source",
    "Status",
    "StatusKind",
]
