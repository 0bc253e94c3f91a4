"""The frozen facts that routing decides on. The shell loads them; nothing here is looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from apps.routing.calendar import Schedule

Area = Mapping[str, tuple[str, ...]]
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


class CapWindow(StrEnum):
    """What a cap counts: the leads of this hour, day, week or month, or of the last so long."""

    CALENDAR = "calendar"
    ROLLING = "rolling"


class Absent(StrEnum):
    """Whether members who are not there are owed what they miss."""

    NEITHER = "neither"
    CATCH_UP = "catch_up"


class Skip(StrEnum):
    """Why a seat was passed over, in the order in which the reasons are looked at."""

    INACTIVE = "inactive"
    NOT_PERMITTED = "not_permitted"
    PAUSED = "paused"
    AWAY = "away"
    HOLIDAY = "holiday"
    OUTSIDE_HOURS = "outside_hours"
    SKILL = "skill"
    TERRITORY = "territory"
    LANGUAGE = "language"
    EXPERIENCE = "experience"
    CAPACITY = "capacity"
    POOL_CAPACITY = "pool_capacity"
    CAP_HOUR = "cap_hour"
    CAP_DAY = "cap_day"
    CAP_WEEK = "cap_week"
    CAP_MONTH = "cap_month"
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
class Record:
    """What was measured of a member's (or the team's) leads over some days.

    `by` counts leads that had a value alike: field to folded value to (closed, won).
    """

    leads: int = 0
    closed: int = 0
    won: int = 0
    responses: int = 0
    response_seconds: float = 0.0
    by: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, figures: Mapping[str, Any]) -> Record:
        """Read stored figures; what is not there is 0."""
        by = {
            key: {value: (closed, won) for value, (closed, won) in counted.items()}
            for key, counted in figures.get("by", {}).items()
        }
        leads, closed, won, responses = (
            int(figures.get(key, 0)) for key in ("leads", "closed", "won", "responses")
        )
        seconds = float(figures.get("response_seconds", 0))
        return cls(leads, closed, won, responses, seconds, by)


@dataclass(frozen=True, slots=True)
class Preferred:
    """A member who keeps the lead if she may: she has its person, its company, or is its keeper."""

    member: UUID
    why: str  # "contact", "company" or "named"


@dataclass(frozen=True, slots=True)
class SeatFacts:
    """One member's place in a pool, with her counters as they stand under the pool's lock.

    `credit` is in nano-turns: positive is owed, negative is ahead. `load` counts open leads as the
    pool weighs them, against `seat_capacity`; `open_leads` counts them all, over every pool,
    against `capacity`. A limit or cap of None is none. `placed_at` says when leads were placed
    here, newest first, at least as many as the greatest cap. Skills, languages and what a
    record counts by are folded.

    While a colleague covers her (`covered_by`), presence, permission, skills and open leads are
    the colleague's, who gets the lead; the seat, its caps and its credit stay her own.
    """

    seat: UUID
    member: UUID
    name: str
    position: int
    weight: int = 1
    credit: int = 0
    last_turn_no: int = 0
    is_active: bool = True
    may_work: bool = True
    is_paused: bool = False
    paused_until: datetime | None = None
    time_off: tuple[tuple[datetime, datetime], ...] = ()
    schedule: Schedule | None = None
    cap_hour: int | None = None
    cap_day: int | None = None
    cap_week: int | None = None
    cap_month: int | None = None
    placed_at: tuple[datetime, ...] = ()
    capacity: int | None = None
    open_leads: int = 0
    seat_capacity: int | None = None
    load: int = 0
    skills: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)
    territories: tuple[Area, ...] = ()
    years: int = 0
    record: Record | None = None
    has_head_start: bool = False
    covered_by: UUID | None = None

    def __post_init__(self) -> None:
        if self.weight < 1:
            raise ValueError(f"seat {self.seat}: weight {self.weight} must be 1 or more")

    @property
    def taker(self) -> UUID:
        """The member who gets what this seat wins."""
        return self.covered_by or self.member


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """A pool at one revision. `turn_no` counts the leads that it has placed so far.

    Members are ordered by `prefer`, then by `ranking`; the first difference decides. With
    `respects_hours`, a seat takes leads only while the pool and its member are both open.
    `filters`, `fit` and `performance` are as the pool stores them.
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
    prefer: tuple[Ranking, ...] = ()
    filters: Mapping[str, Any] = field(default_factory=dict)
    fit: Sequence[Mapping[str, Any]] = ()
    performance: Mapping[str, Any] | None = None
    cap_window: CapWindow = CapWindow.CALENDAR
    timezone: str = "UTC"
    absent: Absent = Absent.NEITHER
    catch_up_turns: int = 3
    team_record: Record | None = None

    @property
    def rankings(self) -> tuple[Ranking, ...]:
        """Every key in the order in which it decides."""
        return (*self.prefer, self.ranking)
