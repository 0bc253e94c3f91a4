"""Rules, pools and recipients: who gets which lead, as versioned data."""

from apps.rules.models.experiments import Experiment, Variant
from apps.rules.models.invited import InvitedSeat
from apps.rules.models.pools import (
    RANKINGS_OF_MODE,
    Absent,
    CapWindow,
    EmptyPolicy,
    GiveBack,
    Mode,
    NamedAccount,
    OnExpiry,
    Overflow,
    Pool,
    PoolRevision,
    Ranking,
    Seat,
    Sticky,
    TrackRecord,
    TurnEntry,
)
from apps.rules.models.recipients import (
    Agreement,
    Recipient,
    RecipientPool,
    RecipientQuerySet,
    RecipientSeat,
    RecipientTurn,
)
from apps.rules.models.rule_sets import (
    COPIES,
    Destination,
    Rule,
    RuleSet,
    Version,
    VersionQuerySet,
)
from apps.rules.models.scoring import ScoreLine

__all__ = [
    "COPIES",
    "RANKINGS_OF_MODE",
    "Absent",
    "Agreement",
    "CapWindow",
    "Destination",
    "EmptyPolicy",
    "Experiment",
    "GiveBack",
    "InvitedSeat",
    "Mode",
    "NamedAccount",
    "OnExpiry",
    "Overflow",
    "Pool",
    "PoolRevision",
    "Ranking",
    "Recipient",
    "RecipientPool",
    "RecipientQuerySet",
    "RecipientSeat",
    "RecipientTurn",
    "Rule",
    "RuleSet",
    "ScoreLine",
    "Seat",
    "Sticky",
    "TrackRecord",
    "TurnEntry",
    "Variant",
    "Version",
    "VersionQuerySet",
]
