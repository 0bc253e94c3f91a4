"""What a simulation is given: rules, pools, members through time, and how people behave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from apps.routing.calendar import Schedule
from apps.routing.facts import LeadFacts, PoolFacts
from apps.routing.matching import CompiledRules
from apps.routing.simulation.chance import Spread

MINUTE, DAY = 60.0, 86_400.0


class Road(Protocol):
    """Where a rule sends what it catches."""

    @property
    def number(self) -> int: ...
    @property
    def destination(self) -> str: ...
    @property
    def pool_id(self) -> UUID | None: ...
    @property
    def member_id(self) -> UUID | None: ...
    @property
    def rule_set_id(self) -> UUID | None: ...
    @property
    def response_seconds(self) -> int | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def priority(self) -> int | None: ...


class Book(Protocol):
    """A compiled rule set with where its rules send."""

    @property
    def compiled(self) -> CompiledRules: ...
    @property
    def targets(self) -> Mapping[UUID, Road]: ...
    @property
    def name(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def rule_set_id(self) -> UUID: ...
    @property
    def version_id(self) -> UUID: ...


ACCEPTS_AFTER = Spread((10.0, 20.0, 35.0, 60.0, 80.0))
CLAIMS_AFTER = Spread((5.0, 15.0, 30.0, 60.0, 300.0))
PICKS_AFTER = Spread((10 * MINUTE, 60 * MINUTE, 240 * MINUTE, DAY))
RESPONDS_AFTER = Spread((MINUTE, 2 * MINUTE, 4 * MINUTE, 10 * MINUTE, 60 * MINUTE))
CLOSES_AFTER = Spread((DAY, 5 * DAY, 14 * DAY, 30 * DAY, 60 * DAY))


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a pool's members did, as observed: shares from 0 to 1, times in seconds.

    An offer that is neither accepted nor declined runs out. `claimers` says how many open leads
    each member took: who took more will take more. What is here is for want of observations.
    """

    accepts: float = 0.8
    declines: float = 0.05
    accepts_after: Spread = ACCEPTS_AFTER
    claims: float = 0.9
    claims_after: Spread = CLAIMS_AFTER
    picks: float = 0.8
    picks_after: Spread = PICKS_AFTER
    claimers: Mapping[UUID, int] = field(default_factory=dict)
    responds: float = 0.9
    responds_after: Spread = RESPONDS_AFTER
    closes: float = 0.6
    closes_after: Spread = CLOSES_AFTER


AS_A_RULE = Behaviour()


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """A pool as it is tried. `facts` has its seats as they stand when the simulation begins."""

    facts: PoolFacts
    is_active: bool = True
    window_seconds: int = 90
    response_seconds: int | None = None
    business_time: bool = False
    max_hops: int = 3
    overflow: str = "manager"
    overflow_pool: UUID | None = None
    overflow_member: UUID | None = None
    empty_policy: str = "hold"
    on_expiry: str = "next"
    claims_per_day: int | None = None
    max_unworked: int | None = None
    hopper_seconds: float = 7 * DAY
    load_kinds: frozenset[str] = frozenset()
    sticky: tuple[str, ...] = ()
    behaviour: Behaviour = AS_A_RULE


@dataclass(frozen=True, slots=True)
class Step:
    """A member's settings from a moment on, until the next step."""

    at: datetime
    is_active: bool = True
    is_paused: bool = False
    paused_until: datetime | None = None
    schedule: Schedule | None = None
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """From one moment until another a colleague takes the member's new leads."""

    starts_at: datetime
    ends_at: datetime
    by: UUID


@dataclass(frozen=True, slots=True)
class MemberPlan:
    """A member through the time that is simulated.

    `steps` and `covers` are in order of time; the first step holds from the beginning.
    `open_until` has an entry for every lead that was open then: when it was closed, None if it
    stayed open; of those, `fresh` are still new. `profile` has what a seat's facts say of the
    person, which goes along when she covers somebody.
    """

    member: UUID
    name: str
    steps: tuple[Step, ...]
    time_off: tuple[tuple[datetime, datetime], ...] = ()
    covers: tuple[Cover, ...] = ()
    profile: Mapping[str, Any] = field(default_factory=dict)
    open_until: tuple[datetime | None, ...] = ()
    fresh: int = 0

    def cover(self, now: datetime) -> Cover | None:
        """Who takes her new leads at a moment; of several, whoever began first."""
        return next((c for c in self.covers if c.starts_at <= now < c.ends_at), None)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A team as it is tried. `rules` are those for new leads; `sets` those that rules call.

    `keepers` says who has a person, a company or a named account when it begins, by key.
    """

    starts_at: datetime
    ends_at: datetime
    rules: Book | None
    pools: Mapping[UUID, PoolPlan]
    members: Mapping[UUID, MemberPlan]
    sets: Mapping[UUID, Book] = field(default_factory=dict)
    calendar: Schedule | None = None
    timezone: str = "UTC"
    response_seconds: int | None = None
    claims_per_day: int | None = None
    max_unworked: int | None = None
    hopper: Behaviour = AS_A_RULE
    hopper_seconds: float = 7 * DAY
    keepers: Mapping[str, UUID] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A lead that comes in, at `facts.received_at`. `number` is its place in order of arrival.

    `keys` say by what it is known: (why, key) with why one of contact, company and named.
    """

    number: int
    facts: LeadFacts
    priority: int = 0
    band: str = ""
    keys: Sequence[tuple[str, str]] = ()
    # The rules that match, by book: two worlds that go by the same book look once.
    matched: dict[int, Any] = field(default_factory=dict, compare=False, repr=False)
