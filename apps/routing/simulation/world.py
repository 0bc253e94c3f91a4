"""The clockwork of a simulation: arrivals, answers, deadlines, closures, held leads, in order."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.routing.simulation.chance import Chance, Draw
from apps.routing.simulation.clockwork import Clockwork
from apps.routing.simulation.hours import Hours
from apps.routing.simulation.plans import Arrival, Behaviour, Scenario
from apps.routing.simulation.results import Figures, Outcome, Result
from apps.routing.simulation.seats import Member, Seat
from apps.routing.simulation.tables import Table
from apps.routing.simulation.waiting import Waiting
from apps.routing.simulation.walk import End, Lead, Walk

SETTLING = timedelta(days=1)


class World:
    """A team in memory. Give it leads in order of arrival, then let it finish.

    Nothing outside of it is read or written. `traced` holds the numbers of the leads whose
    decisions are wanted whole; asking for them changes no result.
    """

    def __init__(
        self, scenario: Scenario, chance: Chance, *, traced: Container[int] = frozenset()
    ) -> None:
        self.scenario, self._traced = scenario, traced
        self.results: list[Result] = []
        hours = Hours(scenario.starts_at, scenario.ends_at)
        self._members = {key: Member(plan) for key, plan in scenario.members.items()}
        self._tables = {
            key: Table(plan, self._members, hours) for key, plan in scenario.pools.items()
        }
        self._sits_in: dict[UUID, list[Table]] = {}
        for table in self._tables.values():
            for seat in table.seats:
                self._sits_in.setdefault(seat.facts.member, []).append(table)
        self._keepers = dict(scenario.keepers)
        self._zone = ZoneInfo(scenario.timezone)
        self._clock = Clockwork(scenario, chance, hours)
        self._waiting = Waiting(self._clock, self._route)
        for member in self._members.values():
            for closes in member.plan.open_until:
                if closes is not None:
                    self._clock.later(closes, self._close, member, False)

    def arrive(self, arrival: Arrival, *, now: datetime | None = None) -> Result:
        """A lead comes in, when it was received or `now`; what was due before happens first."""
        now = now or arrival.facts.received_at
        self.advance(now)
        result = Result(arrival.number, arrival.facts.id, now)
        self.results.append(result)
        lead = Lead(
            arrival, result, is_traced=arrival.number in self._traced, priority=arrival.priority
        )
        self._route(lead, now)
        return result

    def advance(self, until: datetime) -> None:
        """Let everything happen that is due by a moment."""
        self._clock.advance(until)

    def finish(self) -> Figures:
        """Let what is under way come to an end, for a day at most, and count it all."""
        last = [self.results[-1].at] if self.results else []
        end = max([self.scenario.ends_at, *last]) + SETTLING
        self.advance(end)
        for table in self._tables.values():
            table.finish()
            for lead in table.held:
                self._waiting.count(lead, table, end)
            table.figures.still_held = len(table.held)
        figures = Figures(
            seats=[seat.figures for table in self._tables.values() for seat in table.seats],
            pools=[table.figures for table in self._tables.values()],
        )
        figures.count(self.results)
        return figures

    # Placing

    def _route(self, lead: Lead, now: datetime) -> None:
        walk = Walk(self.scenario, self._tables, self._members, self._keepers, lead, now)
        end = walk.result()
        lead.step += 1
        result = lead.result
        is_held_on = end.outcome is Outcome.HELD and end.table is lead.held_in
        if lead.is_traced and not is_held_on:
            result.trace.append({"at": now.isoformat(), **walk.to_trace(end)})
        self._waiting.leave(lead, end, now)
        result.outcome = end.outcome
        result.rule = end.road.number if end.road else None
        result.pool = end.table.facts.pool if end.table else None
        result.member = None
        match end.outcome:
            case Outcome.ASSIGNED:
                self._assign(end, lead, now)
            case Outcome.OFFERED:
                self._offer(end, lead, now)
            case Outcome.OPEN | Outcome.HOPPER:
                self._open(end, lead, now)
            case Outcome.HELD:
                self._waiting.hold(lead, end, now)

    def _assign(self, end: End, lead: Lead, now: datetime) -> None:
        assert end.member is not None  # an assignment has a member
        if end.pick is not None:
            self._book(end, now)
        end.member.open += 1
        end.member.fresh += 1
        self._own(end, lead, end.member, now, is_direct=end.pick is None)

    def _book(self, end: End, now: datetime) -> None:
        assert end.table is not None
        assert end.pick is not None
        end.table.book(end.pick, now)
        end.table.figures.placed += 1

    def _offer(self, end: End, lead: Lead, now: datetime) -> None:
        """Offer it to one member; what she will do is drawn at once."""
        table, member, pick = end.table, end.member, end.pick
        assert table is not None
        assert member is not None
        assert pick is not None
        assert pick.winner is not None
        self._book(end, now)
        table.figures.offered += 1
        member.open += 1
        member.fresh += 1
        plan, behaviour = table.plan, table.plan.behaviour
        expires = self._clock.after(now, plan.window_seconds, table, member)
        answer, after = self._clock.draw(lead, Draw.ACCEPTS), behaviour.accepts_after
        answered = now + self._clock.span(lead, Draw.ACCEPTS_AFTER, after)
        if answer < behaviour.accepts and answered < expires:
            self._clock.later(answered, self._accepted, end, lead, member)
        elif behaviour.accepts <= answer < behaviour.accepts + behaviour.declines:
            at = min(answered, expires)
            self._clock.later(at, self._refused, end, lead, member, pick.winner, now, True)
        else:
            self._clock.later(expires, self._refused, end, lead, member, pick.winner, now, False)

    def _open(self, end: End, lead: Lead, now: datetime) -> None:
        """Open it to many, or put it into the hopper, until somebody takes it."""
        table = end.table
        is_hopper = end.outcome is Outcome.HOPPER
        behaviour = table.plan.behaviour if table else self.scenario.hopper
        if is_hopper:
            seconds = table.plan.hopper_seconds if table else self.scenario.hopper_seconds
            expires = now + timedelta(seconds=seconds)
            share, after = behaviour.picks, behaviour.picks_after
        else:
            assert table is not None  # only a pool opens leads to claims
            table.figures.offered += 1
            expires = self._clock.after(now, table.plan.window_seconds, table, None)
            share, after = behaviour.claims, behaviour.claims_after
        taken = now + self._clock.span(lead, Draw.CLAIMS_AFTER, after)
        if self._clock.draw(lead, Draw.CLAIMS) < share and taken < expires:
            self._clock.later(taken, self._claimed, end, lead, expires)
        else:
            self._clock.later(expires, self._ran_out, end, lead)

    # What people do

    def _accepted(self, now: datetime, end: End, lead: Lead, member: Member) -> None:
        assert end.table is not None
        end.table.figures.accepted += 1
        self._own(end, lead, member, now)

    def _refused(
        self,
        now: datetime,
        end: End,
        lead: Lead,
        member: Member,
        seat: Seat,
        offered: datetime,
        is_declined: bool,
    ) -> None:
        """An exclusive offer was declined or ran out: the lead goes on, its place comes free."""
        table = end.table
        assert table is not None
        table.figures.declined += is_declined
        table.figures.expired += not is_declined
        seat.unplace(offered)
        visit = lead.visit(table.facts.pool)
        (visit.declined if is_declined else visit.tried).add(member.plan.member)
        self._goes_on(lead, member, now)
        self._route(lead, now)

    def _claimed(self, now: datetime, end: End, lead: Lead, expires: datetime) -> None:
        """Somebody who may take it does; while nobody may, it runs out."""
        takers = [each for each in self._takers(end, now) if self._may_claim(each, end, now)]
        if not takers:
            self._clock.later(expires, self._ran_out, end, lead)
            return
        if end.table is not None and end.outcome is Outcome.OPEN:
            end.table.figures.accepted += 1
        behaviour = end.table.plan.behaviour if end.table else self.scenario.hopper
        member = _weighed(takers, behaviour, self._clock.draw(lead, Draw.CLAIMED_BY))
        today = now.astimezone(self._zone).date()
        member.claimed = member.claimed + 1 if member.claimed_on == today else 1
        member.claimed_on = today
        member.open += 1
        member.fresh += 1
        if end.table is not None:
            end.table.figures.placed += 1
        self._own(end, lead, member, now)

    def _ran_out(self, now: datetime, end: End, lead: Lead) -> None:
        if end.table is None:
            lead.left_hopper = True
        else:
            end.table.figures.expired += end.outcome is Outcome.OPEN
            lead.visit(end.table.facts.pool).is_over = True
        lead.result.hops += end.outcome is Outcome.OPEN
        self._route(lead, now)

    def _takers(self, end: End, now: datetime) -> list[Member]:
        if end.table is None:
            return [each for each in self._members.values() if not each.is_off(now)]
        offered = {id(seat) for seat in end.pick.eligible} if end.pick else set()
        if end.outcome is Outcome.HOPPER:
            return [seat.taker for seat in end.table.present(now)]
        return [seat.taker for seat in end.table.seats if id(seat) in offered]

    def _may_claim(self, member: Member, end: End, now: datetime) -> bool:
        plan = end.table.plan if end.table else None
        per_day = _first(plan.claims_per_day if plan else None, self.scenario.claims_per_day)
        unworked = _first(plan.max_unworked if plan else None, self.scenario.max_unworked)
        step = member.step(now)
        if member.is_off(now) or (step.capacity is not None and member.open >= step.capacity):
            return False
        if unworked is not None and member.fresh >= unworked:
            return False
        is_today = member.claimed_on == now.astimezone(self._zone).date()
        return per_day is None or not is_today or member.claimed < per_day

    # Owning

    def _own(
        self, end: End, lead: Lead, member: Member, now: datetime, *, is_direct: bool = False
    ) -> None:
        """It is hers, until it is closed or taken back."""
        result = lead.result
        result.outcome, result.member = Outcome.ASSIGNED, member.plan.member
        result.waited = (now - result.at).total_seconds()
        for why, key in lead.arrival.keys:
            if why != "named":
                self._keepers[key] = member.plan.member
        behaviour = end.table.plan.behaviour if end.table else self.scenario.hopper
        lead.step += 1
        responds = self._responds(lead, behaviour, now)
        deadline = self._deadline(end, member, now, responds)
        if deadline is not None and (responds is None or responds > deadline):
            self._clock.later(deadline, self._taken_back, end, lead, member, is_direct)
            return
        if responds is not None:
            self._clock.later(responds, self._responded, member)
        self._will_close(lead, behaviour, member, now, responds)

    def _responds(self, lead: Lead, behaviour: Behaviour, now: datetime) -> datetime | None:
        if self._clock.draw(lead, Draw.RESPONDS) >= behaviour.responds:
            return None
        return now + self._clock.span(lead, Draw.RESPONDS_AFTER, behaviour.responds_after)

    def _deadline(
        self, end: End, member: Member, now: datetime, responds: datetime | None
    ) -> datetime | None:
        """When the first attempt is due; None if it comes in time whatever the hours are."""
        seconds = _first(
            end.within,
            end.table.plan.response_seconds if end.table else None,
            self.scenario.response_seconds,
        )
        if not seconds:
            return None
        if responds is not None and responds <= now + timedelta(seconds=seconds):
            return None  # business time only ever moves a deadline further away
        return self._clock.after(now, seconds, end.table, member)

    def _will_close(
        self,
        lead: Lead,
        behaviour: Behaviour,
        member: Member,
        now: datetime,
        responds: datetime | None,
    ) -> None:
        if self._clock.draw(lead, Draw.CLOSES) < behaviour.closes:
            closes = now + self._clock.span(lead, Draw.CLOSES_AFTER, behaviour.closes_after)
            self._clock.later(max(closes, responds or now), self._close, member, responds is None)

    def _responded(self, now: datetime, member: Member) -> None:
        member.fresh -= 1

    def _close(self, now: datetime, member: Member, is_fresh: bool) -> None:
        member.open -= 1
        member.fresh -= is_fresh
        self._waiting.look(self._sits_in.get(member.plan.member, ()), now)

    def _taken_back(
        self, now: datetime, end: End, lead: Lead, member: Member, is_direct: bool
    ) -> None:
        """Nobody tried to reach it in time."""
        table = end.table
        policy = table.plan.on_expiry if table and not is_direct else "next"
        if policy == "stay":
            behaviour = table.plan.behaviour if table else self.scenario.hopper
            self._will_close(lead, behaviour, member, now, None)
            return
        if is_direct:
            lead.lost_direct.add(member.plan.member)
        elif table is not None:
            table.figures.taken_back += 1
            lead.visit(table.facts.pool).tried.add(member.plan.member)
            lead.visit(table.facts.pool).is_late = policy == "overflow"
        self._goes_on(lead, member, now)
        self._route(lead, now)

    def _goes_on(self, lead: Lead, member: Member, now: datetime) -> None:
        """The member loses the lead: its place is free for another."""
        lead.result.hops += 1
        lead.result.member = lead.result.waited = None
        member.open -= 1
        member.fresh -= 1
        self._waiting.look(self._sits_in.get(member.plan.member, ()), now)


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def _weighed(members: list[Member], behaviour: Behaviour, chance: float) -> Member:
    """One of them, by how many each took before."""
    weights = [1 + behaviour.claimers.get(each.plan.member, 0) for each in members]
    place = chance * sum(weights)
    for member, weight in zip(members, weights, strict=True):
        place -= weight
        if place < 0:
            return member
    return members[-1]
