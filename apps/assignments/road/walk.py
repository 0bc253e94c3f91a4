"""One lead's walk: through rules, the sets that they call, and pools, until somebody takes it.

It decides and writes nothing. What it stands on (pools under lock, who has room, which sets are
live) is the ground, which it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from apps.assignments.road.history import Journey
from apps.assignments.seats.seating import Table
from apps.routing import decide
from apps.routing.calendar import Schedule
from apps.routing.decide import Choice
from apps.routing.facts import LeadFacts, Mode, Preferred, SeatFacts
from apps.routing.matching import RuleSpec
from apps.rules.models import Destination, EmptyPolicy, Overflow
from apps.rules.sets.compiled import LiveRules, Target


class End(StrEnum):
    ASSIGN = "assign"
    OFFER = "offer"
    OPEN = "open"
    HOPPER = "hopper"
    HELD = "held"
    MANAGER = "manager"
    DISQUALIFIED = "disqualified"
    KEPT = "kept"  # left as it was


# A member who keeps her lead gets it at once even where others are open to all.
END_OF_MODE = {
    Mode.ASSIGN: End.ASSIGN, Mode.OFFER: End.OFFER, Mode.CLAIM: End.ASSIGN, Mode.HOPPER: End.ASSIGN,
}  # fmt: skip


class Ground(Protocol):
    """What a walk stands on: in the database, one transaction's view of it."""

    def table(self, pool_id: UUID) -> Table:
        """A pool with everyone seated there, locked until it is left or the lead is placed."""

    def leave(self, table: Table) -> None:
        """The lead goes on from a pool that did not take it: others may use its turns."""

    def preferred(self, table: Table) -> Sequence[Preferred]:
        """Who may keep this lead, if the pool asks for it."""

    def reserve(self, table: Table, seat: SeatFacts) -> bool:
        """Take a place of whoever takes the seat's leads; False if she is full meanwhile."""

    def direct(self, member_id: UUID) -> UUID | None:
        """Who takes what is sent to this member: she, or her cover. None if she is not active."""

    def reserve_direct(self, member_id: UUID) -> bool:
        """Take a place of somebody to whom the lead is sent without a pool."""

    def rules(self, rule_set_id: UUID) -> LiveRules | None:
        """A set that is live, as it holds for this lead."""


@dataclass(slots=True)
class Stretch:
    """The part of the walk within one rule set: how far it came there."""

    rules: LiveRules
    caller: Target | None = None
    last: RuleSpec | None = None
    is_through: bool = False  # all its rules were asked

    def to_trace(self, lead: LeadFacts, calendar: Schedule | None) -> dict[str, Any]:
        compiled, upto = self.rules.compiled, None if self.is_through else self.last
        listed = compiled.trace(lead, upto=upto, calendar=calendar)
        return {
            "rules": listed,
            "ruled_out": compiled.ruled_out(listed, upto=upto),
            "facts": compiled.facts(lead, self.last) if self.last else {},
        }

    def to_trace_as_called(self, lead: LeadFacts, calendar: Schedule | None) -> dict[str, Any]:
        return {
            "rule_set": str(self.rules.rule_set_id),
            "name": self.rules.name,
            "version": str(self.rules.version_id),
            "number": self.rules.number,
            "from": str(self.caller.rule_id) if self.caller and self.caller.rule_id else None,
            **self.to_trace(lead, calendar),
        }


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where the walk ended. `taker` gets the lead at ASSIGN and OFFER."""

    end: End
    reason: str = ""
    target: Target | None = None
    table: Table | None = None
    choice: Choice | None = None
    taker: UUID | None = None
    is_overflow: bool = False

    @property
    def is_direct(self) -> bool:
        """Sent to a member without a choice among several."""
        return self.taker is not None and self.choice is None


@dataclass(slots=True)
class Walk:
    """One lead under way; it arrives once.

    With `has_owner`, rules that leave a lead to its owner are passed over. With `stays`, the
    lead goes nowhere: the walk ends at the first rule that would have moved it. One that
    `has_place` keeps it if nobody takes the lead.
    """

    lead: LeadFacts
    ground: Ground
    journey: Journey
    calendar: Schedule | None
    now: datetime
    has_owner: bool = False
    has_place: bool = False
    stays: bool = False
    stretches: list[Stretch] = field(default_factory=list)
    matched: list[Target] = field(default_factory=list)  # every rule that was followed
    steps: list[dict[str, Any]] = field(default_factory=list)
    _pools: set[UUID] = field(default_factory=set)
    _within: list[int | None] = field(default_factory=lambda: [None])  # response targets

    def through(self, rules: LiveRules) -> Arrival:
        """Walk a rule set to its end."""
        return self._through(rules) or self._nowhere()

    def to(self, target: Target) -> Arrival:
        """Walk to one destination, whatever rules say."""
        self.matched.append(target)
        return self._act(target) or self._nowhere()

    @property
    def actions(self) -> list[Target]:
        """Of the rules that were followed, those that do something on the way."""
        return [target for target in self.matched if _does_something(target)]

    def to_trace(self) -> dict[str, Any]:
        """The walk for a decision, ready for JSON: ids and numbers, nothing personal."""
        first = self.stretches[:1] if self.stretches and not self.stretches[0].caller else []
        trace: dict[str, Any] = {"rules": [], "ruled_out": 0, "facts": {}}
        for stretch in first:
            trace |= stretch.to_trace(self.lead, self.calendar)
        called = self.stretches[len(first) :]
        if called:
            trace["sets"] = [one.to_trace_as_called(self.lead, self.calendar) for one in called]
        if self.actions:
            trace["actions"] = [_action(target) for target in self.actions]
        return trace | {"steps": self.steps}

    def _through(self, rules: LiveRules, caller: Target | None = None) -> Arrival | None:
        stretch = Stretch(rules, caller)
        self.stretches.append(stretch)
        for rule in rules.compiled.matches(self.lead, self.calendar):
            stretch.last = rule
            target = rules.targets[rule.id]
            self.matched.append(target)
            found = self._act(target)
            if found is not None:
                return found
        stretch.is_through = True
        return None

    def _act(self, target: Target) -> Arrival | None:
        """Follow one rule; None goes on with the next."""
        if target.destination == Destination.CONTINUE:
            if target.response_seconds is not None:
                self._within[-1] = target.response_seconds
            return None
        if target.destination == Destination.STOP:
            return Arrival(End.KEPT, "stopped_by_a_rule", target)
        if self.has_owner and not target.replaces_owner:
            return None
        if target.response_seconds is None:
            target = replace(target, response_seconds=self._within[-1])
        if target.destination == Destination.RULE_SET:
            return self._called(target)
        return Arrival(End.KEPT, "", target) if self.stays else self._follow(target)

    def _called(self, target: Target) -> Arrival | None:
        """Through another set and back. One that the lead has been through has nothing new."""
        assert target.rule_set_id is not None  # the database requires it
        if any(one.rules.rule_set_id == target.rule_set_id for one in self.stretches):
            return None
        rules = self.ground.rules(target.rule_set_id)
        if rules is None:
            return None  # switched off, or nothing of it is published
        self._within.append(target.response_seconds)
        found = self._through(rules, caller=target)
        self._within.pop()
        return found

    def _follow(self, target: Target) -> Arrival | None:
        match target.destination:
            case Destination.POOL:
                assert target.pool_id is not None  # the database requires it
                # A pool that had nobody for this lead a moment ago has nobody now.
                return None if target.pool_id in self._pools else self._pool(target.pool_id, target)
            case Destination.MEMBER:
                return self._member(target.member_id, target)
            case Destination.HOPPER:
                return self._hopper(target)
            case Destination.DISQUALIFY:
                return Arrival(End.DISQUALIFIED, target.reason, target)
        return Arrival(End.MANAGER, "rule", target)

    def _pool(self, pool_id: UUID, target: Target) -> Arrival | None:
        """Place in this pool, or do what it says when it can't; None is “next rule”."""
        if pool_id in self._pools:
            return Arrival(End.MANAGER, "overflow_circle", target)
        self._pools.add(pool_id)
        table = self.ground.table(pool_id)
        visit = self.journey.at(pool_id)
        if not table.pool.is_active:
            return self._overflow(table, self._look(table), "inactive", target)
        if visit.is_spent(table.pool):
            why = "late" if visit.is_late else "hops"
            return self._overflow(table, self._look(table), why, target)
        return self._seat(table, target) or self._empty(table, target)

    def _seat(self, table: Table, target: Target) -> Arrival | None:
        full: set[UUID] = set()
        while True:
            choice = self._look(table, full)
            seat, is_hopper = choice.winner, table.facts.mode is Mode.HOPPER
            if seat is None and not (choice.eligible or is_hopper):
                return None
            if seat is None:
                self.steps.append(choice.to_trace("placed"))
                end = End.HOPPER if is_hopper else End.OPEN
                return Arrival(end, target=target, table=table, choice=choice)
            if self.ground.reserve(table, seat):
                self.steps.append(choice.to_trace("placed"))
                end = END_OF_MODE[table.facts.mode]
                return Arrival(end, target=target, table=table, choice=choice, taker=seat.taker)
            full.add(seat.taker)

    def _look(self, table: Table, full: set[UUID] | None = None) -> Choice:
        visit = self.journey.at(table.pool.pk)
        return decide.choose(
            table.facts,
            now=self.now,
            lead=self.lead,
            tried=visit.tried,
            declined=visit.declined,
            excluded=full or set(),
            preferred=self.ground.preferred(table),
        )

    def _empty(self, table: Table, target: Target) -> Arrival | None:
        choice = self._look(table)
        if self.journey.at(table.pool.pk).hops:
            # Someone was asked already: the lead goes on, it does not start to wait now.
            return self._overflow(table, choice, "tried", target)
        policy = table.pool.empty_policy
        if policy == EmptyPolicy.OVERFLOW:
            return self._overflow(table, choice, "empty", target)
        self.steps.append(choice.to_trace("empty"))
        if policy == EmptyPolicy.NEXT_RULE:
            self.ground.leave(table)
            return None
        end = End.MANAGER if policy == EmptyPolicy.MANAGER else End.HELD
        return Arrival(end, "nobody_eligible", target, table, choice)

    def _overflow(self, table: Table, choice: Choice, why: str, target: Target) -> Arrival | None:
        self.steps.append(choice.to_trace(why))
        self.ground.leave(table)
        pool = table.pool
        match pool.overflow:
            case Overflow.POOL:
                assert pool.overflow_pool_id is not None  # the database requires it
                return self._pool(pool.overflow_pool_id, target)
            case Overflow.MEMBER:
                return self._member(pool.overflow_member_id, target, table=table)
            case Overflow.HOPPER:
                return self._hopper(target)
        return Arrival(End.MANAGER, why, target, table)

    def _member(
        self, member_id: UUID | None, target: Target, *, table: Table | None = None
    ) -> Arrival:
        assert member_id is not None  # the database requires it
        taker, refused = self.ground.direct(member_id), ""
        if taker is None:
            refused = "member_inactive"
        elif taker in self.journey.lost_direct:
            refused = "member_did_not_respond"
        elif not self.ground.reserve_direct(taker):
            refused = "member_full"
        if refused:
            return Arrival(End.MANAGER, refused, target, table)
        is_overflow = table is not None
        return Arrival(End.ASSIGN, "", target, table, taker=taker, is_overflow=is_overflow)

    def _hopper(self, target: Target) -> Arrival:
        if self.journey.left_hopper:
            return Arrival(End.MANAGER, "too_long_in_hopper", target)
        return Arrival(End.HOPPER, target=target)

    def _nowhere(self) -> Arrival:
        last = self.matched[-1] if self.matched else None
        reason = "nobody_eligible" if self._pools else "no_rule_matched"
        return Arrival(End.KEPT if self.has_place or self.stays else End.MANAGER, reason, last)


def _does_something(target: Target) -> bool:
    return bool(target.group_ids or target.notify or target.priority is not None)


def _action(target: Target) -> dict[str, Any]:
    return {
        "rule": str(target.rule_id) if target.rule_id else None,
        "name": target.name,
        "n": target.number,
        "groups": [str(group) for group in target.group_ids],
        "priority": target.priority,
        "notify": [str(member) for member in target.notify],
    }
