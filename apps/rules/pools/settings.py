"""How a pool is set, as one value: what services take, revisions keep and forms fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any
from uuid import UUID

from apps.rules.models import (
    Absent,
    CapWindow,
    EmptyPolicy,
    GiveBack,
    Mode,
    OnExpiry,
    Overflow,
    Pool,
    Ranking,
)


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How a pool is set. `hours` of None are the team's; a response of 0 never takes back.

    The shapes of `filters`, `fit` and `performance` are those of the routing modules of these
    names; `escalate_to` holds memberships.
    """

    name: str
    ranking: str = Ranking.TURN
    mode: str = Mode.ASSIGN
    window_seconds: int = 90
    response_seconds: int | None = None
    business_time: bool = True
    respects_hours: bool = True
    hours: Mapping[str, Any] | None = None
    is_always_open: bool = False
    max_hops: int = 3
    overflow: str = Overflow.MANAGER
    overflow_pool_id: UUID | None = None
    overflow_member_id: UUID | None = None
    empty_policy: str = EmptyPolicy.HOLD
    claims_per_day: int | None = None
    max_unworked: int | None = None
    prefer: Sequence[str] = ()
    filters: Mapping[str, Any] = field(default_factory=dict)
    fit: Sequence[Mapping[str, Any]] = ()
    performance: Mapping[str, Any] = field(default_factory=dict)
    cap_window: str = CapWindow.CALENDAR
    load_kinds: Sequence[str] = ()
    absent: str = Absent.NEITHER
    catch_up_turns: int = 3
    give_back: str = GiveBack.BAD_LEAD
    sticky: Sequence[str] = ()
    head_start_seconds: int = 0
    on_expiry: str = OnExpiry.NEXT
    takes_back_on_leave: bool = False
    escalate_to: Sequence[UUID] = ()
    hopper_hours: int | None = None
    is_active: bool = True

    @classmethod
    def of(cls, pool: Pool) -> PoolSettings:
        return cls(**{each.name: _frozen(getattr(pool, each.name)) for each in fields(cls)})

    def columns(self) -> dict[str, Any]:
        """The pool's columns by name."""
        return {key: _thawed(value) for key, value in asdict(self).items()}

    def to_json(self) -> dict[str, Any]:
        """The same, ready to be kept in a revision."""
        return {key: _plain(value) for key, value in asdict(self).items()}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _thawed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, UUID) else value
