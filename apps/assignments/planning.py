"""Where a lead should go: walk the rules and the pools until one of them takes it.

Nothing is written here but one conditional counter, which reserves the chosen member's
capacity; everything else is for `placing` to write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from apps.assignments.history import Journey
from apps.assignments.seating import Table, lock_pool
from apps.leads.models import Lead
from apps.routing import decide
from apps.routing.decide import Choice
from apps.routing.facts import LeadFacts, Mode
from apps.routing.matching import RuleSpec
from apps.rules import calendars
from apps.rules.compiled import LiveRules, Target
from apps.rules.facts import lead_facts
from apps.rules.models import Destination, EmptyPolicy, Overflow
from apps.teams.fixed import prepared
from apps.teams.models import Membership, Team


class End(StrEnum):
    ASSIGN = "assign"
    OFFER = "offer"
    OPEN = "open"
    HOPPER = "hopper"
    HELD = "held"
    MANAGER = "manager"
    DISQUALIFIED = "disqualified"


END_OF_MODE = {Mode.ASSIGN: End.ASSIGN, Mode.OFFER: End.OFFER, Mode.CLAIM: End.OPEN}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with a lead. `member` is the chosen one for ASSIGN and OFFER."""

    end: End
    reason: str = ""
    target: Target | None = None
    version_id: UUID | None = None
    table: Table | None = None
    choice: Choice | None = None
    member: Membership | None = None
    is_overflow: bool = False
    trace: dict[str, Any] = field(default_factory=dict)

    @property
    def is_placed(self) -> bool:
        return self.end not in (End.HELD, End.MANAGER)


def plan(
    lead: Lead,
    *,
    team: Team,
    live: LiveRules | None,
    journey: Journey,
    now: datetime,
    freeing: UUID | None = None,
) -> Plan:
    """Decide where the lead goes; `freeing` is a member whose counter this transaction lowers."""
    if live is None:
        return Plan(End.MANAGER, reason="no_rules", trace=_trace(End.MANAGER, "no_rules"))
    return _Walk(lead, team, live, journey, now, freeing).result()


class _Walk:
    """One lead's walk through rules and pools; at most one result."""

    def __init__(
        self,
        lead: Lead,
        team: Team,
        live: LiveRules,
        journey: Journey,
        now: datetime,
        freeing: UUID | None,
    ) -> None:
        self.team, self.live, self.journey, self.now = team, live, journey, now
        self.freeing = freeing
        self.facts: LeadFacts = lead_facts(lead, live.registry)
        self.steps: list[dict[str, Any]] = []
        self.seen: set[UUID] = set()
        self.rule: RuleSpec | None = None
        self.target: Target | None = None

    def result(self) -> Plan:
        schedule = calendars.team_schedule(self.team)
        for rule in self.live.compiled.matches(self.facts, schedule):
            self.rule, self.target = rule, self.live.targets[rule.id]
            found = self._follow(self.target)
            if found is not None:
                return found
        return self._end(End.MANAGER, "nobody_eligible" if self.rule else "no_rule_matched")

    def _follow(self, target: Target) -> Plan | None:
        match target.destination:
            case Destination.POOL:
                assert target.pool_id is not None  # the database requires it
                return self._pool(target.pool_id)
            case Destination.MEMBER:
                return self._member(target.member_id)
            case Destination.HOPPER:
                return self._hopper()
            case Destination.DISQUALIFY:
                return self._end(End.DISQUALIFIED, target.reason)
        return self._end(End.MANAGER, "rule")

    def _pool(self, pool_id: UUID) -> Plan | None:
        """Place in this pool, or do what it says when it can't; None is “next rule”."""
        if pool_id in self.seen:
            return self._end(End.MANAGER, "overflow_circle")
        self.seen.add(pool_id)
        table = lock_pool(pool_id, team=self.team, now=self.now)
        visit = self.journey.at(pool_id)
        if not table.pool.is_active:
            return self._overflow(table, self._look(table), "inactive")
        if visit.is_spent(table.pool):
            return self._overflow(table, self._look(table), "late" if visit.is_late else "hops")
        if table.facts.mode is Mode.HOPPER:
            choice = self._look(table)
            self.steps.append(choice.to_trace("placed"))
            return self._end(End.HOPPER, table=table, choice=choice)
        return self._seat(table) or self._empty(table)

    def _seat(self, table: Table) -> Plan | None:
        full: set[UUID] = set()
        while True:
            choice = self._look(table, full)
            if not choice.eligible:
                return None
            if choice.winner is None:
                self.steps.append(choice.to_trace("placed"))
                return self._end(End.OPEN, table=table, choice=choice)
            if reserve(choice.winner.member, freeing=self.freeing):
                self.steps.append(choice.to_trace("placed"))
                member = table.member(choice.winner.member)
                end = END_OF_MODE[table.facts.mode]
                return self._end(end, table=table, choice=choice, member=member)
            full.add(choice.winner.member)

    def _look(self, table: Table, full: set[UUID] | None = None) -> Choice:
        visit = self.journey.at(table.pool.pk)
        return decide.choose(
            table.facts,
            now=self.now,
            tried=visit.tried,
            declined=visit.declined,
            excluded=full or set(),
        )

    def _empty(self, table: Table) -> Plan | None:
        choice = self._look(table)
        if self.journey.at(table.pool.pk).hops:
            # Someone was asked already: the lead goes on, it does not start to wait now.
            return self._overflow(table, choice, "tried")
        match table.pool.empty_policy:
            case EmptyPolicy.NEXT_RULE:
                self.steps.append(choice.to_trace("empty"))
                return None
            case EmptyPolicy.OVERFLOW:
                return self._overflow(table, choice, "empty")
            case EmptyPolicy.MANAGER:
                self.steps.append(choice.to_trace("empty"))
                return self._end(End.MANAGER, "nobody_eligible", table=table, choice=choice)
        self.steps.append(choice.to_trace("empty"))
        return self._end(End.HELD, "nobody_eligible", table=table, choice=choice)

    def _overflow(self, table: Table, choice: Choice, why: str) -> Plan | None:
        self.steps.append(choice.to_trace(why))
        pool = table.pool
        match pool.overflow:
            case Overflow.POOL:
                assert pool.overflow_pool_id is not None  # the database requires it
                return self._pool(pool.overflow_pool_id)
            case Overflow.MEMBER:
                return self._member(pool.overflow_member_id, table=table)
            case Overflow.HOPPER:
                return self._hopper()
        return self._end(End.MANAGER, why, table=table)

    def _member(self, member_id: UUID | None, *, table: Table | None = None) -> Plan:
        assert member_id is not None  # the database requires it
        member = (
            Membership.objects.active()
            .select_related("user")
            .filter(team_id=self.team.pk, pk=member_id)
            .first()
        )
        if member is None:
            return self._end(End.MANAGER, "member_inactive", table=table)
        if member.pk in self.journey.lost_direct:
            return self._end(End.MANAGER, "member_did_not_respond", table=table)
        if not reserve(member.pk, freeing=self.freeing):
            return self._end(End.MANAGER, "member_full", table=table)
        return self._end(End.ASSIGN, table=table, member=member, is_overflow=table is not None)

    def _hopper(self) -> Plan:
        if self.journey.left_hopper:
            return self._end(End.MANAGER, "too_long_in_hopper")
        return self._end(End.HOPPER)

    def _end(self, end: End, reason: str = "", **found: Any) -> Plan:
        return Plan(
            end,
            reason=reason,
            target=self.target,
            version_id=self.live.version_id,
            trace=_trace(end, reason, steps=self.steps, **self._matched()),
            **found,
        )

    def _matched(self) -> dict[str, Any]:
        compiled, schedule = self.live.compiled, calendars.team_schedule(self.team)
        rules = compiled.trace(self.facts, upto=self.rule, calendar=schedule)
        return {
            "rules": rules,
            "ruled_out": compiled.ruled_out(rules, upto=self.rule),
            "facts": compiled.facts(self.facts, self.rule) if self.rule else {},
        }


def _trace(end: End, reason: str, **parts: Any) -> dict[str, Any]:
    return {"rules": [], "ruled_out": 0, "facts": {}, "steps": [], **parts,
            "end": end.value, "reason": reason or None}  # fmt: skip


RESERVE = (
    "UPDATE teams_membership SET open_leads = open_leads + 1 "
    "WHERE id = %s AND (capacity IS NULL OR open_leads < capacity)"
)
LOCK_BOTH = "SELECT FROM teams_membership WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"


def reserve(member_id: UUID, *, freeing: UUID | None = None) -> bool:
    """Take one place of the member's capacity; False if she is full meanwhile.

    With `freeing`, both rows are locked in the order of their ids, so that two leads that
    change places between the same members can't wait for each other.
    """
    if freeing is not None and freeing != member_id:
        with prepared() as cursor:
            cursor.execute(LOCK_BOTH, [[member_id, freeing]])
    with prepared() as cursor:
        cursor.execute(RESERVE, [member_id])
        return cursor.rowcount == 1


def eligible_members(plan: Plan) -> Iterator[Membership]:
    """Who may take an open lead, in the order of the seats."""
    if plan.table and plan.choice:
        yield from plan.table.members([seat.member for seat in plan.choice.eligible])
