"""A team as the simulation takes it: pools and members as they are or were, rules as tried."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from apps.assignments.seats import seating
from apps.routing.facts import PoolFacts, SeatFacts
from apps.routing.simulation import AS_A_RULE, Behaviour, MemberPlan, PoolPlan, Scenario
from apps.rules import calendars
from apps.rules.models import Pool, Seat
from apps.simulator import arrivals, behaviour, presence
from apps.simulator.behaviour import Observed
from apps.simulator.trials import Tried, lay_over
from apps.teams.models import Team

HOUR, DAY = 3600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Setting:
    """What both sides of a simulation share: the time, the people and what they did."""

    team: Team
    starts_at: datetime
    ends_at: datetime
    now: datetime
    members: Mapping[UUID, MemberPlan]
    observed: Mapping[UUID | None, Observed] = field(default_factory=dict)
    is_now: bool = False  # turns, caps and loads stand as they do at this moment

    @classmethod
    def of_past(
        cls,
        team: Team,
        starts_at: datetime,
        ends_at: datetime,
        now: datetime,
        observed: Mapping[UUID | None, Observed],
    ) -> Setting:
        """Members as they were then; what they do is as it was observed."""
        members = presence.members_through(team, starts_at, ends_at, now=now)
        return cls(team, starts_at, ends_at, now, members, observed)

    @classmethod
    def of_now(cls, team: Team, now: datetime) -> Setting:
        """The team at this very moment, for one lead."""
        members = presence.members_as_now(team, now=now)
        return cls(team, now, now, now, members=members, is_now=True)

    def behaviour_of(self, pool: UUID | None) -> Behaviour:
        if not self.observed:
            return AS_A_RULE
        return behaviour.of_pool(self.observed, pool).behaviour


def scenario(setting: Setting, tried: Tried) -> Scenario:
    """One side, ready to run. Reads the database and writes nothing."""
    team = setting.team
    pools = [_tried_pool(pool, tried) for pool in Pool.objects.filter(team=team)]
    active = dict(Seat.objects.filter(team=team).values_list("pk", "is_active"))
    plans = {pool.pk: _plan(pool, active, setting) for pool in pools}
    return Scenario(
        starts_at=setting.starts_at,
        ends_at=setting.ends_at,
        rules=tried.rules,
        sets=tried.sets,
        pools=plans,
        members=setting.members,
        calendar=calendars.team_schedule(team),
        timezone=team.timezone,
        response_seconds=team.response_seconds or None,
        claims_per_day=team.claims_per_day,
        max_unworked=team.max_unworked,
        hopper=setting.behaviour_of(None),
        hopper_seconds=team.hopper_days * DAY,
        keepers=arrivals.keepers(team, _kinds(plans.values()), at=setting.starts_at),
    )


def _kinds(plans: Collection[PoolPlan]) -> frozenset[str]:
    return frozenset(kind for plan in plans for kind in plan.sticky)


def _tried_pool(pool: Pool, tried: Tried) -> Pool:
    settings = tried.pools.get(pool.pk)
    return lay_over(pool, settings) if settings else pool


def _plan(pool: Pool, active: Mapping[UUID, bool], setting: Setting) -> PoolPlan:
    team = setting.team
    facts = seating.seated(pool, team=team, now=setting.now).facts
    hours = pool.hopper_hours
    return PoolPlan(
        facts=_at_the_beginning(facts, active, setting),
        is_active=pool.is_active,
        window_seconds=pool.window_seconds,
        response_seconds=pool.response_seconds,
        business_time=pool.business_time,
        max_hops=pool.max_hops,
        overflow=pool.overflow,
        overflow_pool=pool.overflow_pool_id,
        overflow_member=pool.overflow_member_id,
        empty_policy=pool.empty_policy,
        on_expiry=pool.on_expiry,
        claims_per_day=pool.claims_per_day,
        max_unworked=pool.max_unworked,
        hopper_seconds=team.hopper_days * DAY if hours is None else hours * HOUR,
        load_kinds=frozenset(pool.load_kinds),
        sticky=tuple(pool.sticky),
        behaviour=setting.behaviour_of(pool.pk),
    )


def _at_the_beginning(facts: PoolFacts, active: Mapping[UUID, bool], setting: Setting) -> PoolFacts:
    """Seats without what hangs on time; of the past, every pool also begins level."""
    seats = tuple(
        _own(seat, active.get(seat.seat, False), setting)
        for seat in facts.seats
        if seat.member in setting.members
    )
    level = replace(facts, seats=seats)
    return level if setting.is_now else replace(level, turn_no=0)


def _own(seat: SeatFacts, is_active: bool, setting: Setting) -> SeatFacts:
    """The member's own seat, whoever covers her; her presence comes from the history."""
    profile = setting.members[seat.member].profile
    own = replace(seat, is_active=is_active, covered_by=None, **profile)
    if setting.is_now:
        return own
    return replace(own, credit=0, last_turn_no=0, placed_at=(), open_leads=0, load=0)
