"""Teams, their members, and when and what those members can work on."""

from apps.teams.models.agencies import (
    Agency,
    AgencyEntry,
    ClientGrant,
    ClientInvitation,
    Operator,
    OperatorInvitation,
)
from apps.teams.models.members import (
    AvailabilityChange,
    Cover,
    Membership,
    MembershipQuerySet,
    MemberSkill,
    MemberTerritory,
    TimeOff,
    member_id_of,
)
from apps.teams.models.records import ApiToken, AuditEntry, Invitation
from apps.teams.models.teams import (
    RESERVED_SLUGS,
    DuplicatePolicy,
    Holiday,
    Skill,
    Team,
    Territory,
    default_bands,
    default_hours,
)

__all__ = [
    "RESERVED_SLUGS",
    "Agency",
    "AgencyEntry",
    "ApiToken",
    "AuditEntry",
    "AvailabilityChange",
    "ClientGrant",
    "ClientInvitation",
    "Cover",
    "DuplicatePolicy",
    "Holiday",
    "Invitation",
    "MemberSkill",
    "MemberTerritory",
    "Membership",
    "MembershipQuerySet",
    "Operator",
    "OperatorInvitation",
    "Skill",
    "Team",
    "Territory",
    "TimeOff",
    "default_bands",
    "default_hours",
    "member_id_of",
]
