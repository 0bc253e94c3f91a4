"""One factory a model. A row made without a team gets a new one, and its relatives follow it."""

from tests.factories.alerts import AlertFactory
from tests.factories.assignments import (
    AssignmentFactory,
    BadLeadReportFactory,
    BulkRunFactory,
    DecisionFactory,
    HoldFactory,
    HopperEntryFactory,
    OfferFactory,
)
from tests.factories.capture import CaptureFactory, ImportFactory, ImportRowFactory
from tests.factories.content import ScriptFactory
from tests.factories.deliveries import (
    ArrivalFactory,
    DeliveryAttemptFactory,
    DeliveryFactory,
    DisputeFactory,
    DistributionFactory,
)
from tests.factories.leads import (
    ActivityFactory,
    AttemptFactory,
    CustomFieldFactory,
    FollowUpFactory,
    InterestGroupFactory,
    KnownApartFactory,
    LeadEventFactory,
    LeadFactory,
    SourceFactory,
    StatusFactory,
)
from tests.factories.recipients import (
    AgreementFactory,
    RecipientFactory,
    RecipientPoolFactory,
    RecipientSeatFactory,
    RecipientTurnFactory,
)
from tests.factories.rules import (
    ExperimentFactory,
    NamedAccountFactory,
    PoolFactory,
    PoolRevisionFactory,
    RuleFactory,
    RuleSetFactory,
    ScoreLineFactory,
    SeatFactory,
    TrackRecordFactory,
    TurnEntryFactory,
    VariantFactory,
    VersionFactory,
)
from tests.factories.simulator import SimulatedLeadFactory, SimulationFactory
from tests.factories.teams import (
    ApiTokenFactory,
    AuditEntryFactory,
    AvailabilityChangeFactory,
    CoverFactory,
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
    "ActivityFactory", "AgreementFactory", "AlertFactory", "ApiTokenFactory", "ArrivalFactory",
    "AssignmentFactory", "AttemptFactory", "AuditEntryFactory", "AvailabilityChangeFactory",
    "BadLeadReportFactory", "BulkRunFactory", "CaptureFactory", "CoverFactory",
    "CustomFieldFactory", "DecisionFactory", "DeliveryAttemptFactory", "DeliveryFactory",
    "DisputeFactory", "DistributionFactory", "ExperimentFactory", "FollowUpFactory", "HoldFactory",
    "HolidayFactory", "HopperEntryFactory", "ImportFactory", "ImportRowFactory",
    "InterestGroupFactory", "InvitationFactory", "KnownApartFactory", "LeadEventFactory",
    "LeadFactory", "MembershipFactory", "NamedAccountFactory", "OfferFactory", "PoolFactory",
    "PoolRevisionFactory", "RecipientFactory", "RecipientPoolFactory", "RecipientSeatFactory",
    "RecipientTurnFactory", "RuleFactory", "RuleSetFactory", "ScoreLineFactory", "ScriptFactory",
    "SeatFactory", "SimulatedLeadFactory", "SimulationFactory", "SkillFactory", "SourceFactory",
    "StatusFactory", "TeamFactory", "TerritoryFactory", "TimeOffFactory", "TrackRecordFactory",
    "TurnEntryFactory", "UserFactory", "VariantFactory", "VersionFactory",
]  # fmt: skip
