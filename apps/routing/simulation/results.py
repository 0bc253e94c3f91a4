"""What comes of a simulation: each lead's end, and the figures over all of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Outcome(StrEnum):
    """Where a lead stands at the end."""

    ASSIGNED = "assigned"
    OFFERED = "offered"
    OPEN = "open"
    HOPPER = "hopper"
    HELD = "held"
    MANAGER = "manager"
    DISQUALIFIED = "disqualified"
    KEPT = "kept"


@dataclass(slots=True)
class Result:
    """One lead: how it ended and by which rule and pool. `waited` is from arrival to the owner.

    `held` is how long it was held in all. `trace` has every decision, only if it was asked for.
    """

    number: int
    lead: UUID
    at: datetime
    outcome: Outcome = Outcome.MANAGER
    rule: int | None = None
    pool: UUID | None = None
    member: UUID | None = None
    hops: int = 0
    waited: float | None = None
    held: float = 0.0
    was_held: bool = False
    trace: list[dict[str, Any]] = field(default_factory=list)

    @property
    def end(self) -> tuple[Outcome, UUID | None, UUID | None]:
        """What counts as going elsewhere: another outcome, pool or member."""
        return self.outcome, self.pool, self.member


@dataclass(slots=True)
class SeatFigures:
    """One seat's turns: how many it won, and the share that was due to it, in nano-turns."""

    pool: UUID
    member: UUID
    received: int = 0
    due: int = 0
    skips: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class PoolFigures:
    """One pool: what it placed and how its offers ended."""

    pool: UUID
    name: str
    mode: str = ""
    placed: int = 0
    offered: int = 0
    accepted: int = 0
    declined: int = 0
    expired: int = 0
    taken_back: int = 0
    held: int = 0
    still_held: int = 0
    longest_held: float = 0.0
    capped: int = 0


@dataclass(slots=True)
class Figures:
    """The whole run."""

    leads: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    members: Counter[UUID] = field(default_factory=Counter)
    rules: Counter[int | None] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    seats: list[SeatFigures] = field(default_factory=list)
    pools: list[PoolFigures] = field(default_factory=list)
    held: int = 0
    longest_held: float = 0.0
    hops: int = 0
    waits: list[float] = field(default_factory=list)

    @property
    def unrouted(self) -> int:
        """Leads that nobody got and nobody can take by herself."""
        return self.outcomes[Outcome.MANAGER] + self.outcomes[Outcome.HELD]

    def count(self, results: Iterable[Result]) -> None:
        for each in results:
            self.leads += 1
            self.outcomes[each.outcome] += 1
            self.rules[each.rule] += 1
            self.hops += each.hops
            self.held += each.was_held
            self.longest_held = max(self.longest_held, each.held)
            if each.member is not None and each.outcome is Outcome.ASSIGNED:
                self.members[each.member] += 1
            if each.waited is not None:
                self.waits.append(each.waited)

    def gaps(self) -> dict[UUID, float]:
        """Of each member who sits in a pool with turns: received less due, in turns."""
        found: dict[UUID, float] = defaultdict(float)
        for seat in self.seats:
            if seat.due or seat.received:
                found[seat.member] += seat.received - seat.due / 10**9
        return dict(found)
