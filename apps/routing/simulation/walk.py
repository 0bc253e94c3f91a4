"""One lead's way through rules and pools until one of them takes it, as it goes live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.routing.facts import LeadFacts, Mode, Preferred
from apps.routing.matching import RuleSpec
from apps.routing.simulation.plans import Arrival, Book, Road, Scenario
from apps.routing.simulation.results import Outcome, Result
from apps.routing.simulation.seats import Member
from apps.routing.simulation.tables import Asked, Pick, Table

OUTCOME_OF = {
    Mode.ASSIGN: Outcome.ASSIGNED, Mode.OFFER: Outcome.OFFERED,
    Mode.CLAIM: Outcome.OPEN, Mode.HOPPER: Outcome.HOPPER,
}  # fmt: skip


@dataclass(slots=True)
class Visit:
    """One pool's part in a lead's journey so far."""

    tried: set[UUID] = field(default_factory=set)
    declined: set[UUID] = field(default_factory=set)
    is_over: bool = False

    @property
    def hops(self) -> int:
        return len(self.tried | self.declined)


NOT_YET = Visit()


@dataclass(slots=True, eq=False)
class Lead:
    """A lead on its way, with what it has been through."""

    arrival: Arrival
    result: Result
    is_traced: bool = False
    visits: dict[UUID, Visit] = field(default_factory=dict)
    lost_direct: set[UUID] = field(default_factory=set)
    left_hopper: bool = False
    priority: int = 0
    step: int = 0
    held_since: datetime | None = None

    @property
    def facts(self) -> LeadFacts:
        return self.arrival.facts

    def visit(self, pool: UUID) -> Visit:
        """This pool's visit, to be written to."""
        return self.visits.setdefault(pool, Visit())


@dataclass(slots=True)
class End:
    """Where the walk ended. `member` is the chosen one of an assignment or an offer."""

    outcome: Outcome
    reason: str = ""
    road: Road | None = None
    table: Table | None = None
    pick: Pick | None = None
    member: Member | None = None
    is_overflow: bool = False
    trace: dict[str, Any] = field(default_factory=dict)


class Walk:
    """One lead's walk at one moment; at most one result."""

    def __init__(
        self,
        scenario: Scenario,
        tables: Mapping[UUID, Table],
        members: Mapping[UUID, Member],
        keepers: Mapping[str, UUID],
        lead: Lead,
        now: datetime,
    ) -> None:
        self._scenario, self._tables, self._members = scenario, tables, members
        self._keepers, self._lead, self._now = keepers, lead, now
        self._seen: set[UUID] = set()
        self._called: list[Book] = []
        self._rules: list[dict[str, Any]] = []
        self._ruled_out = 0
        self._facts: dict[str, Any] = {}
        self._steps: list[dict[str, Any]] = []
        self._road: Road | None = None

    def result(self) -> End:
        rules = self._scenario.rules
        if rules is None:
            return self._end(Outcome.MANAGER, "no_rules")
        found = self._through(rules)
        if found is not None:
            return found
        reason = "nobody_eligible" if self._road else "no_rule_matched"
        return self._end(Outcome.MANAGER, reason)

    def overflow_of(self, table: Table, road: Road | None) -> End:
        """What a pool does with a lead that its owner left alone, where it goes on at once."""
        self._road = road
        self._seen.add(table.facts.pool)
        return self._overflow(table, self._look(table), "no_attempt") or self._end(
            Outcome.MANAGER, "no_attempt", table=table
        )

    def _through(self, book: Book) -> End | None:
        self._called.append(book)
        last: RuleSpec | None = None
        for rule in book.compiled.matches(self._lead.facts, self._scenario.calendar):
            last, self._road = rule, book.targets[rule.id]
            if self._road.priority is not None:
                self._lead.priority = self._road.priority
            found = self._follow(self._road)
            if found is not None:
                self._note(book, rule, found)
                return found
        if self._lead.is_traced and last is None:
            self._note(book, None, None)
        return None

    def _follow(self, road: Road) -> End | None:
        match road.destination:
            case "pool":
                return self._pool(road.pool_id)
            case "member":
                return self._member(road.member_id)
            case "hopper":
                return self._hopper()
            case "disqualify":
                return self._end(Outcome.DISQUALIFIED, road.reason)
            case "continue":
                return None
            case "stop":
                return self._end(Outcome.KEPT, "stop")
            case "rule_set":
                return self._call(road.rule_set_id)
        return self._end(Outcome.MANAGER, "rule")

    def _call(self, rule_set: UUID | None) -> End | None:
        book = self._scenario.sets.get(rule_set) if rule_set else None
        if book is None or any(book is each for each in self._called):
            return None
        return self._through(book)

    def _pool(self, pool: UUID | None) -> End | None:
        """Place in this pool, or do what it says when it can't; None is “next rule”."""
        table = self._tables.get(pool) if pool else None
        if table is None:
            return self._end(Outcome.MANAGER, "inactive")
        if table.facts.pool in self._seen:
            return self._end(Outcome.MANAGER, "overflow_circle")
        self._seen.add(table.facts.pool)
        visit = self._lead.visits.get(table.facts.pool, NOT_YET)
        pick = self._look(table)
        if not table.plan.is_active:
            return self._overflow(table, pick, "inactive")
        if visit.is_over or visit.hops >= table.plan.max_hops:
            return self._overflow(table, pick, "hops")
        if table.facts.mode is Mode.HOPPER or pick.eligible:
            return self._seat(table, pick)
        return self._empty(table, pick, visit)

    def _look(self, table: Table) -> Pick:
        lead = self._lead
        visit = lead.visits.get(table.facts.pool, NOT_YET)
        asked = Asked(lead.facts, visit.tried, visit.declined, tuple(self._preferred(table)))
        counts = lead.held_since is None
        return table.pick(asked, self._now, is_traced=lead.is_traced, counts=counts)

    def _preferred(self, table: Table) -> Iterator[Preferred]:
        for wanted in table.plan.sticky:
            for why, key in self._lead.arrival.keys:
                if why == wanted and key in self._keepers:
                    yield Preferred(self._keepers[key], why)

    def _seat(self, table: Table, pick: Pick) -> End:
        self._trace_step(pick, "placed")
        if pick.winner is None:
            return self._end(OUTCOME_OF[table.facts.mode], table=table, pick=pick)
        mode = table.facts.mode
        outcome = Outcome.ASSIGNED if mode.is_open else OUTCOME_OF[mode]
        return self._end(outcome, table=table, pick=pick, member=pick.winner.taker)

    def _empty(self, table: Table, pick: Pick, visit: Visit) -> End | None:
        if visit.hops:
            # Someone was asked already: the lead goes on, it does not start to wait now.
            return self._overflow(table, pick, "tried")
        policy = table.plan.empty_policy
        if policy == "overflow":
            return self._overflow(table, pick, "empty")
        self._trace_step(pick, "empty")
        if policy == "next_rule":
            return None
        outcome = Outcome.MANAGER if policy == "manager" else Outcome.HELD
        return self._end(outcome, "nobody_eligible", table=table, pick=pick)

    def _overflow(self, table: Table, pick: Pick, why: str) -> End | None:
        self._trace_step(pick, why)
        match table.plan.overflow:
            case "pool":
                return self._pool(table.plan.overflow_pool)
            case "member":
                return self._member(table.plan.overflow_member, table=table)
            case "hopper":
                return self._hopper()
        return self._end(Outcome.MANAGER, why, table=table)

    def _member(self, member_id: UUID | None, *, table: Table | None = None) -> End:
        member = self._members.get(member_id) if member_id else None
        step = member.step(self._now) if member else None
        if member is None or step is None or not step.is_active:
            return self._end(Outcome.MANAGER, "member_inactive", table=table)
        if member_id in self._lead.lost_direct:
            return self._end(Outcome.MANAGER, "member_did_not_respond", table=table)
        if step.capacity is not None and member.open >= step.capacity:
            return self._end(Outcome.MANAGER, "member_full", table=table)
        is_overflow = table is not None
        return self._end(Outcome.ASSIGNED, table=table, member=member, is_overflow=is_overflow)

    def _hopper(self) -> End:
        if self._lead.left_hopper:
            return self._end(Outcome.MANAGER, "too_long_in_hopper")
        return self._end(Outcome.HOPPER)

    def _end(self, outcome: Outcome, reason: str = "", **found: Any) -> End:
        return End(outcome, reason, self._road, **found)

    # For the words

    def _trace_step(self, pick: Pick, why: str) -> None:
        if self._lead.is_traced and pick.choice is not None:
            self._steps.append(pick.choice.to_trace(why))

    def _note(self, book: Book, rule: RuleSpec | None, found: End | None) -> None:
        """Keep which rules of a book were looked at; the calling book's come first."""
        if not self._lead.is_traced:
            return
        listed = book.compiled.trace(self._lead.facts, upto=rule, calendar=self._scenario.calendar)
        self._rules[:0] = listed
        self._ruled_out += book.compiled.ruled_out(listed, upto=rule)
        if rule is not None:
            self._facts |= book.compiled.facts(self._lead.facts, rule)

    def trace(self, end: End) -> dict[str, Any]:
        """The whole decision as `routing.explain` reads it."""
        return {
            "rules": self._rules,
            "ruled_out": self._ruled_out,
            "facts": self._facts,
            "steps": self._steps,
            "end": TRACED_AS.get(end.outcome, end.outcome.value),
            "reason": end.reason or None,
        }


TRACED_AS = {Outcome.ASSIGNED: "assign", Outcome.OFFERED: "offer"}
