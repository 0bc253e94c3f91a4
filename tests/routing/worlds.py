"""Small worlds for the tests of simulations: pools, members and what they do, in few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.routing.facts import LeadFacts, SeatFacts
from apps.routing.matching import CompiledRules, RuleSpec, compile_rules
from apps.routing.simulation import (
    Arrival,
    Behaviour,
    Chance,
    MemberPlan,
    PoolPlan,
    Scenario,
    Spread,
    Step,
    World,
)
from tests.routing.makers import NOON, REGISTRY, lead, pool, uuid

# Everybody accepts at once, tries at once, and never closes a lead.
WILLING = Behaviour(
    accepts=1, declines=0, accepts_after=Spread((1.0,)), claims=1, claims_after=Spread((1.0,)),
    picks=1, picks_after=Spread((1.0,)), responds=1, responds_after=Spread((1.0,)), closes=0,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Road:
    """Where a rule sends."""

    number: int
    destination: str
    pool_id: UUID | None = None
    member_id: UUID | None = None
    rule_set_id: UUID | None = None
    response_seconds: int | None = None
    reason: str = ""
    priority: int | None = None


@dataclass(frozen=True)
class Book:
    compiled: CompiledRules
    targets: Mapping[UUID, Road]
    name: str = "Rules"
    number: int = 1
    rule_set_id: UUID = field(default_factory=lambda: uuid(70))
    version_id: UUID = field(default_factory=lambda: uuid(71))


def book(*rules: tuple[Mapping[str, Any], Road]) -> Book:
    """Rules in order: conditions, and where they send."""
    specs = [
        RuleSpec(uuid(1_000 + road.number), road.number, f"Rule {road.number}", conditions)
        for conditions, road in rules
    ]
    roads = {uuid(1_000 + road.number): road for _conditions, road in rules}
    return Book(compile_rules(specs, REGISTRY), roads)


def plan(*seats: SeatFacts, number: int = 900, name: str = "", **settings: Any) -> PoolPlan:
    """A pool; settings of its facts and of the plan alike."""
    behaviour = settings.pop("behaviour", WILLING)
    own = {key: settings.pop(key) for key in list(settings) if key in PoolPlan.__slots__}
    facts = replace(pool(*seats, **settings), pool=uuid(number), name=name or f"Pool {number}")
    return PoolPlan(facts, behaviour=behaviour, **own)


@dataclass
class Stage:
    """A scenario in the making: every rule of `rules` and every member is there all the time."""

    pools: Sequence[PoolPlan]
    rules: Book | None = None
    members: dict[UUID, MemberPlan] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def world(self, seed: int = 7, **chosen: Any) -> World:
        return World(self.scenario(), Chance(seed), **chosen)

    def scenario(self) -> Scenario:
        seated = {seat.member: seat for each in self.pools for seat in each.facts.seats}
        members = {key: always(seat) for key, seat in seated.items()} | self.members
        rules = self.rules or book(({}, Road(1, "pool", pool_id=self.pools[0].facts.pool)))
        given: dict[str, Any] = {
            "starts_at": NOON - timedelta(days=1),
            "ends_at": NOON + timedelta(days=30),
            "rules": rules,
            "pools": {each.facts.pool: each for each in self.pools},
            "members": members,
            **self.settings,
        }
        return Scenario(**given)


def always(seat: SeatFacts, **settings: Any) -> MemberPlan:
    """The member of a seat, with the seat's own presence from the beginning."""
    step = Step(
        NOON - timedelta(days=365), seat.is_active, seat.is_paused, seat.paused_until,
        seat.schedule, seat.capacity,
    )  # fmt: skip
    opened = (None,) * seat.open_leads
    return MemberPlan(seat.member, seat.name, (step,), seat.time_off, open_until=opened, **settings)


def arrival(number: int, after: float = 0.0, **values: Any) -> Arrival:
    """A lead that comes `after` seconds after noon."""
    at = NOON + timedelta(seconds=after)
    facts: LeadFacts = lead(values, number=number, at=at)
    return Arrival(number, facts)


def arrivals(count: int, every: float = 60.0, **values: Any) -> list[Arrival]:
    return [arrival(number, number * every, **values) for number in range(1, count + 1)]


def owners(world: World, leads: Sequence[Arrival]) -> list[int | None]:
    """Let the leads come, and say who has each at the end: 1 is member 101."""
    for each in leads:
        world.arrive(each)
    world.finish()
    return [result.member.int - 100 if result.member else None for result in world.results]


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)
