"""Where a lead should go: its walk on the ground of this transaction, as a plan to carry out.

Nothing is written here but one conditional counter, which reserves the chosen member's
capacity; everything else is for `placing` to write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.assignments.road.ground import TeamGround
from apps.assignments.road.history import Journey
from apps.assignments.road.walk import Arrival, End, Walk
from apps.assignments.seats.seating import Table
from apps.leads.models import Lead
from apps.routing.decide import Choice
from apps.rules import calendars
from apps.rules.facts import lead_facts
from apps.rules.registry import registry
from apps.rules.sets.compiled import LiveRules, Target, live, live_set
from apps.teams.models import Membership, Team

__all__ = ["End", "Plan", "Way", "eligible_members", "plan"]


@dataclass(frozen=True, slots=True)
class Way:
    """What a lead is sent by: a rule set, or one destination. Neither: nothing is published.

    `road` is what its decision keeps, so that the lead goes on by the same way later.
    """

    rules: LiveRules | None = None
    target: Target | None = None
    road: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        team: Team,
        *,
        rules: LiveRules | None = None,
        target: Target | None = None,
        road: Mapping[str, Any] | None = None,
    ) -> Way:
        """As somebody says, or else along `road`, or else by the rules for new leads."""
        if target is None and road and "target" in road:
            target = Target.from_json(road["target"])
        if target is not None:
            return cls(target=target, road={"target": target.to_json()})
        main = live(team)
        if rules is None and road and "rule_set" in road:
            rules = live_set(team, UUID(road["rule_set"]))
        if rules is None or (main and main.rule_set_id == rules.rule_set_id):
            return cls(rules=rules or main)
        return cls(rules=rules, road={"rule_set": str(rules.rule_set_id)})


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with a lead. `member` is the chosen one for ASSIGN and OFFER.

    `actions` are the rules that do something on the way; `caretaker` is for the hopper.
    """

    end: End
    reason: str = ""
    target: Target | None = None
    version_id: UUID | None = None
    table: Table | None = None
    choice: Choice | None = None
    member: Membership | None = None
    caretaker: Membership | None = None
    is_overflow: bool = False
    variant_id: UUID | None = None
    actions: Sequence[Target] = ()
    trace: dict[str, Any] = field(default_factory=dict)

    @property
    def is_placed(self) -> bool:
        return self.end not in (End.HELD, End.MANAGER)


def plan(
    lead: Lead,
    *,
    team: Team,
    way: Way,
    journey: Journey,
    now: datetime,
    freeing: UUID | None = None,
    has_owner: bool = False,
    has_place: bool = False,
    stays: bool = False,
) -> Plan:
    """Decide where the lead goes; `freeing` is a member whose counter this transaction lowers."""
    is_fresh = not journey.visits
    ground = TeamGround(lead, team, now=now, freeing=freeing, is_fresh=is_fresh)
    rules = ground.as_tried(way.rules) if way.rules else None
    fields = rules.registry if rules else registry(team)
    walk = Walk(
        lead_facts(lead, fields, now=now), ground, journey, calendars.team_schedule(team), now,
        has_owner=has_owner, has_place=has_place, stays=stays,
    )  # fmt: skip
    if way.target is not None:
        arrival = walk.to(way.target)
    elif rules is not None:
        arrival = walk.through(rules)
    else:
        arrival = Arrival(End.KEPT if has_place or stays else End.MANAGER, "no_rules")
    return _plan(arrival, walk, ground, way, rules)


def _plan(
    arrival: Arrival, walk: Walk, ground: TeamGround, way: Way, rules: LiveRules | None
) -> Plan:
    trace = walk.to_trace() | {"end": arrival.end.value, "reason": arrival.reason or None}
    if way.road:
        trace["road"] = dict(way.road)
    arms = list(ground.arms.values())
    if arms:
        trace["variants"] = [
            {"experiment": str(running.id), "name": running.name,
             "variant": str(arm.id), "arm": arm.name}
            for running, arm in arms
        ]  # fmt: skip
    member = ground.member(arrival.taker, arrival.table) if arrival.taker else None
    if arrival.is_direct and member is not None:
        trace["member"] = str(member.pk)
    return Plan(
        end=arrival.end,
        reason=arrival.reason,
        target=arrival.target,
        version_id=rules.version_id if rules else None,
        table=arrival.table,
        choice=arrival.choice,
        member=member,
        caretaker=_caretaker(arrival, ground),
        is_overflow=arrival.is_overflow,
        variant_id=arms[0][1].id if arms else None,
        actions=walk.actions,
        trace=trace,
    )


def _caretaker(arrival: Arrival, ground: TeamGround) -> Membership | None:
    """Who looks after the lead in the hopper, if a rule names somebody who is still there."""
    named = arrival.target.caretaker_id if arrival.target else None
    return ground.active(named) if named and arrival.end is End.HOPPER else None


def eligible_members(plan: Plan) -> Iterator[Membership]:
    """Who may take an open lead, in the order of the choice; who covers two seats comes once."""
    if plan.table and plan.choice:
        takers = dict.fromkeys(seat.taker for seat in plan.choice.eligible)
        yield from plan.table.members(takers)
