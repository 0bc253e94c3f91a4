"""One factory a model. A row made without a team gets a new one, and its relatives follow it."""

from tests.factories.alerts import AlertFactory
from tests.factories.assignments import (
    AssignmentFactory,
    DecisionFactory,
    HoldFactory,
    HopperEntryFactory,
    OfferFactory,
)
from tests.factories.capture import CaptureFactory, ImportFactory, ImportRowFactory
from tests.factories.content import ScriptFactory
from tests.factories.leads import (
    ActivityFactory,
    AttemptFactory,
    CustomFieldFactory,
    FollowUpFactory,
    LeadFactory,
    SourceFactory,
    StatusFactory,
)
from tests.factories.rules import (
    PoolFactory,
    PoolRevisionFactory,
    RuleFactory,
    RuleSetFactory,
    SeatFactory,
    TurnEntryFactory,
    VersionFactory,
)
from tests.factories.teams import (
    ApiTokenFactory,
    AuditEntryFactory,
    AvailabilityChangeFactory,
    HolidayFactory,
    InvitationFactory,
    MembershipFactory,
    SkillFactory,
    TeamFactory,
    TerritoryFactory,
    TimeOffFactory,
    UserFactory,
)

__all__ = [
    "ActivityFactory", "AlertFactory", "ApiTokenFactory", "AssignmentFactory", "AttemptFactory",
    "AuditEntryFactory", "AvailabilityChangeFactory", "CaptureFactory", "CustomFieldFactory",
    "DecisionFactory", "FollowUpFactory", "HoldFactory", "HolidayFactory", "HopperEntryFactory",
    "ImportFactory", "ImportRowFactory", "InvitationFactory", "LeadFactory", "MembershipFactory",
    "OfferFactory", "PoolFactory", "PoolRevisionFactory", "RuleFactory", "RuleSetFactory",
    "ScriptFactory", "SeatFactory", "SkillFactory", "SourceFactory", "StatusFactory",
    "TeamFactory", "TerritoryFactory", "TimeOffFactory", "TurnEntryFactory", "UserFactory",
    "VersionFactory",
]  # fmt: skip
