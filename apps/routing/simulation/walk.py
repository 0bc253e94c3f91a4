"""One lead's way through rules and pools until one of them takes it, as it goes live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.routing.calendar import Schedule
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
    is_over: bool = False  # an open claim ran out, or the hopper gave it up
    is_late: bool = False  # somebody had it and made no attempt: its overflow is next

    @property
    def hops(self) -> int:
        return len(self.tried | self.declined)


NOT_YET = Visit()


@dataclass(slots=True, eq=False)
class Lead:
    """A lead on its way, with what it has been through. `step` counts what was decided of it."""

    arrival: Arrival
    result: Result
    is_traced: bool = False
    visits: dict[UUID, Visit] = field(default_factory=dict)
    lost_direct: set[UUID] = field(default_factory=set)
    left_hopper: bool = False
    priority: int = 0
    step: int = 0
    held_in: Table | None = None
    held_since: datetime | None = None

    @property
    def facts(self) -> LeadFacts:
        return self.arrival.facts

    def visit(self, pool: UUID) -> Visit:
        """This pool's visit, to be written to."""
        return self.visits.setdefault(pool, Visit())

    def matches(self, book: Book, hours: Schedule | None) -> Iterator[RuleSpec]:
        """The book's rules that match, in order; what was found once is not looked for again."""
        kept = self.arrival.matched.get(id(book))
        if kept is None:
            matches = book.compiled.matches(self.facts, hours)
            kept = self.arrival.matched[id(book)] = Matched(matches)
        return iter(kept)


@dataclass(slots=True)
class Matched:
    """Matching rules, each looked for when it is first asked for."""

    _rest: Iterator[RuleSpec]
    _found: list[RuleSpec] = field(default_factory=list)

    def __iter__(self) -> Iterator[RuleSpec]:
        place = 0
        while True:
            if place == len(self._found):
                following = next(self._rest, None)
                if following is None:
                    return
                self._found.append(following)
            yield self._found[place]
            place += 1


@dataclass(slots=True)
class End:
    """Where the walk ended. `member` gets the lead at an assignment and an offer.

    `within` is the response target that rules asked for on the way.
    """

    outcome: Outcome
    reason: str = ""
    road: Road | None = None
    table: Table | None = None
    pick: Pick | None = None
    member: Member | None = None
    within: int | None = None


@dataclass(slots=True)
class Stretch:
    """The part of the walk within one rule set: how far it came there."""

    book: Book
    caller: UUID | None = None
    last: RuleSpec | None = None
    is_through: bool = False

    def to_trace(self, lead: LeadFacts, hours: Schedule | None) -> dict[str, Any]:
        compiled, upto = self.book.compiled, None if self.is_through else self.last
        listed = compiled.trace(lead, upto=upto, calendar=hours)
        return {
            "rules": listed,
            "ruled_out": compiled.ruled_out(listed, upto=upto),
            "facts": compiled.facts(lead, self.last) if self.last else {},
        }

    def to_trace_as_called(self, lead: LeadFacts, hours: Schedule | None) -> dict[str, Any]:
        return {
            "rule_set": str(self.book.rule_set_id),
            "name": self.book.name,
            "version": str(self.book.version_id),
            "number": self.book.number,
            "from": str(self.caller) if self.caller else None,
            **self.to_trace(lead, hours),
        }


class Walk:
    """One lead's walk at one moment, by the rules for new leads; it ends once.

    The same road as a live lead's (`assignments.walk`), on tables in memory.
    """

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
        self._pools: set[UUID] = set()
        self._stretches: list[Stretch] = []
        self._steps: list[dict[str, Any]] = []
        self._road: Road | None = None
        self._within: list[int | None] = [None]

    def result(self) -> End:
        rules = self._scenario.rules
        if rules is None:
            return End(Outcome.MANAGER, "no_rules")
        found = self._through(rules)
        if found is not None:
            return found
        return self._end(Outcome.MANAGER, "nobody_eligible" if self._pools else "no_rule_matched")

    def to_trace(self, end: End) -> dict[str, Any]:
        """The whole decision as `routing.explain` reads it."""
        lead, hours = self._lead.facts, self._scenario.calendar
        trace: dict[str, Any] = {"rules": [], "ruled_out": 0, "facts": {}}
        for stretch in self._stretches[:1]:
            trace |= stretch.to_trace(lead, hours)
        if self._stretches[1:]:
            called = self._stretches[1:]
            trace["sets"] = [each.to_trace_as_called(lead, hours) for each in called]
        ended = TRACED_AS.get(end.outcome, end.outcome.value)
        return trace | {"steps": self._steps, "end": ended, "reason": end.reason or None}

    def _through(self, book: Book, caller: UUID | None = None) -> End | None:
        stretch = Stretch(book, caller)
        self._stretches.append(stretch)
        for rule in self._lead.matches(book, self._scenario.calendar):
            stretch.last, road = rule, book.targets[rule.id]
            self._road = road
            if road.priority is not None:
                self._lead.priority = road.priority
            found = self._act(road, rule.id)
            if found is not None:
                return found
        stretch.is_through = True
        return None

    def _act(self, road: Road, rule: UUID) -> End | None:
        """Follow one rule; None goes on with the next."""
        match road.destination:
            case "continue":
                if road.response_seconds is not None:
                    self._within[-1] = road.response_seconds
                return None
            case "stop":
                return self._end(Outcome.KEPT, "stopped")
            case "rule_set":
                return self._called(road, rule)
            case "pool":
                # A pool that had nobody for this lead a moment ago has nobody now.
                return None if road.pool_id in self._pools else self._pool(road.pool_id)
            case "member":
                return self._member(road.member_id)
            case "hopper":
                return self._hopper()
            case "disqualify":
                return self._end(Outcome.DISQUALIFIED, road.reason)
        return self._end(Outcome.MANAGER, "rule")

    def _called(self, road: Road, rule: UUID) -> End | None:
        """Through another set and back. One that the lead has been through has nothing new."""
        book = self._scenario.sets.get(road.rule_set_id) if road.rule_set_id else None
        if book is None or any(each.book is book for each in self._stretches):
            return None
        self._within.append(self._asked_for(road))
        found = self._through(book, caller=rule)
        self._within.pop()
        self._road = road
        return found

    def _asked_for(self, road: Road | None) -> int | None:
        if road is None or road.response_seconds is None:
            return self._within[-1]
        return road.response_seconds

    def _pool(self, pool: UUID | None) -> End | None:
        """Place in this pool, or do what it says when it can't; None is “next rule”."""
        table = self._tables.get(pool) if pool else None
        if table is None:
            return self._end(Outcome.MANAGER, "inactive")
        if table.facts.pool in self._pools:
            return self._end(Outcome.MANAGER, "overflow_circle")
        self._pools.add(table.facts.pool)
        visit = self._lead.visits.get(table.facts.pool, NOT_YET)
        pick = self._look(table, visit)
        if not table.plan.is_active:
            return self._overflow(table, pick, "inactive")
        if visit.is_late:
            return self._overflow(table, pick, "late")
        if visit.is_over or visit.hops >= table.plan.max_hops:
            return self._overflow(table, pick, "hops")
        if table.facts.mode is Mode.HOPPER or pick.eligible:
            return self._seat(table, pick)
        return self._empty(table, pick, visit)

    def _look(self, table: Table, visit: Visit) -> Pick:
        lead = self._lead
        preferred = tuple(self._preferred(table)) if table.plan.sticky else ()
        asked = Asked(lead.facts, visit.tried, visit.declined, preferred)
        counts = lead.held_since is None
        return table.pick(asked, self._now, is_traced=lead.is_traced, counts=counts)

    def _preferred(self, table: Table) -> Iterator[Preferred]:
        """Who may keep the lead, the keeper of its account first."""
        for wanted in STICKY:
            if wanted in table.plan.sticky:
                keys = (key for why, key in self._lead.arrival.keys if why == wanted)
                found = next((self._keepers[key] for key in keys if key in self._keepers), None)
                if found is not None:
                    yield Preferred(found, wanted)

    def _seat(self, table: Table, pick: Pick) -> End:
        self._trace_step(pick, "placed")
        mode = table.facts.mode
        if pick.winner is None:
            return self._end(OUTCOME_OF[mode], table=table, pick=pick)
        # A member who keeps her lead gets it at once even where others are open to all.
        outcome = Outcome.OFFERED if mode is Mode.OFFER else Outcome.ASSIGNED
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
        """Straight to a member, or to whoever covers her."""
        member = self._members.get(member_id) if member_id else None
        if member is None or not member.step(self._now).is_active:
            return self._end(Outcome.MANAGER, "member_inactive", table=table)
        cover = member.plan.cover(self._now)
        helper = self._members.get(cover.by) if cover else None
        if helper is not None and helper.step(self._now).is_active:
            member = helper
        if member.plan.member in self._lead.lost_direct:
            return self._end(Outcome.MANAGER, "member_did_not_respond", table=table)
        most = member.step(self._now).capacity
        if most is not None and member.open >= most:
            return self._end(Outcome.MANAGER, "member_full", table=table)
        return self._end(Outcome.ASSIGNED, table=table, member=member)

    def _hopper(self) -> End:
        if self._lead.left_hopper:
            return self._end(Outcome.MANAGER, "too_long_in_hopper")
        return self._end(Outcome.HOPPER)

    def _end(self, outcome: Outcome, reason: str = "", **found: Any) -> End:
        within = self._asked_for(self._road)
        return End(outcome, reason, self._road, within=within, **found)

    def _trace_step(self, pick: Pick, why: str) -> None:
        if self._lead.is_traced and pick.choice is not None:
            self._steps.append(pick.choice.to_trace(why))


TRACED_AS = {Outcome.ASSIGNED: "assign", Outcome.OFFERED: "offer"}
STICKY = ("named", "contact", "company")
