"""The frozen facts that routing decides on. The shell loads them; nothing here is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from apps.routing.calendar import Schedule

Value = str | int | float | Decimal | bool | date | datetime | tuple[str, ...] | None


class Ranking(StrEnum):
    """In what order eligible members are considered."""

    TURN = "turn"
    LOAD = "load"
    PERFORMANCE = "performance"
    FIT = "fit"
    FIXED = "fixed"
    NONE = "none"


class Mode(StrEnum):
    """How the lead is handed over."""

    ASSIGN = "assign"
    OFFER = "offer"
    CLAIM = "claim"
    HOPPER = "hopper"

    @property
    def is_open(self) -> bool:
        """Whether many may take the lead, so that nobody is chosen beforehand."""
        return self in (Mode.CLAIM, Mode.HOPPER)


class Skip(StrEnum):
    """Why a seat was passed over, in the order in which the reasons are looked at."""

    INACTIVE = "inactive"
    PAUSED = "paused"
    AWAY = "away"
    OUTSIDE_HOURS = "outside_hours"
    CAPACITY = "capacity"
    CAP_DAY = "cap_day"
    TRIED = "tried"
    DECLINED = "declined"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """What is known of a lead, keyed as in the field registry ("custom.<key>" for a team's own).

    Money is in major units of the team's currency: 1250.50, never 125050.
    """

    id: UUID
    received_at: datetime
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeatFacts:
    """One member's place in a pool, with her counters as they stand under the pool's lock.

    `credit` is in nano-turns: positive is owed, negative is ahead. `load` and `open_leads` are
    counts of open leads; a `cap_day` or `capacity` of None is no limit.
    """

    seat: UUID
    member: UUID
    name: str
    position: int
    weight: int = 1
    credit: int = 0
    last_turn_no: int = 0
    is_active: bool = True
    is_paused: bool = False
    paused_until: datetime | None = None
    time_off: tuple[tuple[datetime, datetime], ...] = ()
    schedule: Schedule | None = None
    cap_day: int | None = None
    day_count: int = 0
    capacity: int | None = None
    open_leads: int = 0
    load: int = 0

    def __post_init__(self) -> None:
        if self.weight < 1:
            raise ValueError(f"seat {self.seat}: weight {self.weight} must be 1 or more")


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """A pool at one revision. `turn_no` counts the leads that it has placed so far.

    With `respects_hours`, a seat takes leads only while the pool and its member are both open.
    """

    pool: UUID
    name: str
    revision: int
    ranking: Ranking
    mode: Mode
    turn_no: int = 0
    seats: tuple[SeatFacts, ...] = ()
    schedule: Schedule | None = None
    respects_hours: bool = False
