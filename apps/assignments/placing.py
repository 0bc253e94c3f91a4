"""Route a lead: plan where it goes, then write all of it in one statement."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any
from uuid import UUID

from django.db import models

from apps.alerts import services as alerts
from apps.alerts.models import Kind
from apps.alerts.services import NewAlert
from apps.assignments import deadlines, deeds, rows, together
from apps.assignments.history import BEGINNINGS, Journey, journey
from apps.assignments.models import Assignment, Decision, Door, Hold, HopperEntry, Offer
from apps.assignments.planning import End, Plan, Way, eligible_members, plan
from apps.assignments.telling import call_managers, tell, users
from apps.assignments.together import Fragment
from apps.leads.models import Activity, Lead
from apps.leads.services import activity
from apps.rules.compiled import LiveRules, Target
from apps.teams.access import Access
from apps.teams.models import Membership, Team


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a lead went. `outcome` is a Decision.Outcome."""

    outcome: str
    decision_id: UUID
    owner: Membership | None = None
    offer_id: UUID | None = None


@dataclass(slots=True)
class Writing:
    """What one decision writes, gathered so that it goes out in one statement."""

    rows: list[models.Model] = field(default_factory=list)
    updates: list[Fragment] = field(default_factory=list)
    alerts: list[NewAlert] = field(default_factory=list)
    lead: dict[str, Any] = field(default_factory=dict)
    owner: Membership | None = None
    offer_id: UUID | None = None
    seats: Collection[UUID] = ()  # whose credit moves
    nothing_came_of: Offer | None = None

    def send(self, lead: Lead, team: Team, now: datetime, *, moves: bool = True) -> None:
        """Write it all in one statement; only an offer that came to nothing needs some more."""
        if moves:
            self.lead["generation"] = lead.generation
        for name, value in self.lead.items():
            setattr(lead, name, value)
        told = alerts.unsaved(self.alerts, team=team, now=now)
        offer = self.nothing_came_of
        counted = rows.counted_seat(offer) if offer else None
        if offer and counted:
            rows.lock_seats({counted, *self.seats}, member_id=offer.member_id)
        changed = [rows.update_lead(lead, self.lead)] if self.lead else []
        together.write([*self.rows, *told], [*self.updates, *changed])
        if offer and counted:
            rows.uncount(counted, offer)
        if told:
            alerts.announce_on_commit()


def route(
    lead: Lead,
    *,
    door: Door,
    by: Access,
    now: datetime,
    freeing: UUID | None = None,
    writing: Writing | None = None,
    rules: LiveRules | None = None,
    target: Target | None = None,
    stays: bool = False,
) -> Placement:
    """Send the lead on its road, inside the caller's transaction.

    `freeing` is the member who held a place for this lead and gives it back with this decision;
    `writing` may hold what led to it, to be written along. Needs `lead.source` loaded.

    `rules` or `target` begin another road for a lead that was taken out of where it was
    (leaving): where they lead nowhere the outcome is KEPT, and the caller undoes the leaving.
    With `stays` the lead was not taken out: what rules do on the way is done, and no more.
    """
    began = perf_counter()
    past = Journey() if door in BEGINNINGS else journey(lead)
    is_sent = rules is not None or target is not None
    way = Way.of(by.team, rules=rules, target=target, road=past.road)
    found = plan(
        lead, team=by.team, way=way, journey=past, now=now, freeing=freeing, stays=stays,
        has_place=is_sent, has_owner=is_sent and lead.stage == Lead.Stage.OWNED,
    )  # fmt: skip
    return carry_out(
        found, lead, door=door, by=by, now=now, hop=past.hop, began=began,
        freeing=freeing, writing=writing, keeps=stays or (is_sent and found.end is End.KEPT),
    )  # fmt: skip


def carry_out(
    found: Plan,
    lead: Lead,
    *,
    door: Door,
    by: Access,
    now: datetime,
    hop: int,
    began: float,
    freeing: UUID | None = None,
    writing: Writing | None = None,
    keeps: bool = False,
) -> Placement:
    """Write what a plan says: decision, offer or assignment, turn, timeline, alerts.

    A lead that `keeps` its place is not touched but for what rules do on the way.
    """
    decision = _decision(found, lead, door, by, now, hop)
    writing = writing or Writing()
    writing.rows.append(decision)
    if found.actions and door in BEGINNINGS:
        _act(writing, found, lead, decision, by, now)
    if not keeps:
        lead.generation += 1
        if freeing is not None:
            writing.updates.append(rows.free_place(freeing))
        if lead.routed_at is None:
            writing.lead["routed_at"] = now
        WRITERS[found.end](writing, found, lead, decision, by, now)
    decision.deadline = _deadline(writing)
    decision.milliseconds = round((perf_counter() - began) * 1000, 2)
    writing.send(lead, by.team, now, moves=not keeps)
    return Placement(decision.outcome, decision.pk, writing.owner, writing.offer_id)


def _act(
    writing: Writing, found: Plan, lead: Lead, decision: Decision, by: Access, now: datetime
) -> None:
    done = deeds.of(found.actions, lead, decision_id=decision.pk, by=by, now=now)
    writing.lead |= done.lead
    writing.alerts += done.alerts
    if done.line is not None:
        writing.rows.append(done.line)


OUTCOME = {
    End.ASSIGN: Decision.Outcome.ASSIGNED,
    End.OFFER: Decision.Outcome.OFFERED,
    End.OPEN: Decision.Outcome.OPEN,
    End.HOPPER: Decision.Outcome.HOPPER,
    End.HELD: Decision.Outcome.HELD,
    End.MANAGER: Decision.Outcome.MANAGER,
    End.DISQUALIFIED: Decision.Outcome.DISQUALIFIED,
    End.KEPT: Decision.Outcome.KEPT,
}


def _decision(found: Plan, lead: Lead, door: Door, by: Access, now: datetime, hop: int) -> Decision:
    pool = found.table.pool if found.table else None
    return Decision(
        team_id=lead.team_id,
        lead_id=lead.pk,
        at=now,
        door=door,
        hop=hop,
        version_id=found.version_id,
        rule_id=found.target.rule_id if found.target else None,
        pool_id=pool.pk if pool else None,
        pool_revision=pool.revision if pool else None,
        outcome=OUTCOME[found.end],
        chosen_id=found.member.pk if found.member else None,
        variant_id=found.variant_id,
        trace=found.trace,
        **rows.deed(by),
    )


def _deadline(writing: Writing) -> datetime | None:
    for row in writing.rows:
        if isinstance(row, Offer | HopperEntry):
            return row.expires_at
        if isinstance(row, Assignment):
            return row.respond_by
    return None


def _seconds(found: Plan, team: Team) -> int | None:
    pool = found.table.pool if found.table else None
    return deadlines.response_seconds(found.target, pool, team)


def _assign(
    writing: Writing, found: Plan, lead: Lead, decision: Decision, by: Access, now: datetime
) -> None:
    member = _chosen(found)
    how = Assignment.How.ASSIGNED
    if found.is_overflow or found.table is None:
        how = Assignment.How.OVERFLOW if found.is_overflow else Assignment.How.DIRECT
    assignment = new_assignment(
        lead, member, decision_id=decision.pk, how=how, by=by, now=now,
        pool=found.table.pool if found.table else None, seconds=_seconds(found, by.team),
    )  # fmt: skip
    if found.choice is not None and found.choice.winner is not None:
        assignment.seat_id = found.choice.winner.seat
    own(writing, assignment, member, now)
    _take_turn(writing, found, lead, now)
    data = _why(found, decision)
    writing.rows.append(
        activity(lead, Activity.Kind.ASSIGNED, by=by, now=now, member=member, data=data)
    )
    writing.alerts += tell(
        [member.user_id], Kind.ASSIGNED, lead, respond_by=assignment.respond_by, how=how.value
    )


def _offer(
    writing: Writing, found: Plan, lead: Lead, decision: Decision, by: Access, now: datetime
) -> None:
    member = _chosen(found)
    offer = _new_offer(found, lead, decision, by.team, now, member=member, candidates=[member])
    writing.rows.append(offer)
    writing.offer_id = offer.pk
    writing.lead |= {"stage": Lead.Stage.OFFERED, "owner_id": None}
    if lead.offered_at is None:
        writing.lead["offered_at"] = now
    _take_turn(writing, found, lead, now)
    data = _why(found, decision) | {"expires_at": offer.expires_at.isoformat()}
    writing.rows.append(
        activity(lead, Activity.Kind.OFFERED, by=by, now=now, member=member, data=data)
    )
    writing.alerts += tell(
        [member.user_id], Kind.OFFERED, lead, offer_id=offer.pk, expires_at=offer.expires_at
    )


def _open(
    writing: Writing, found: Plan, lead: Lead, decision: Decision, by: Access, now: datetime
) -> None:
    candidates = list(eligible_members(found))
    offer = _new_offer(found, lead, decision, by.team, now, member=None, candidates=candidates)
    writing.rows.append(offer)
    writing.offer_id = offer.pk
    writing.lead |= {"stage": Lead.Stage.OPEN, "owner_id": None}
    if lead.offered_at is None:
        writing.lead["offered_at"] = now
    data = _why(found, decision) | {
        "expires_at": offer.expires_at.isoformat(), "members": len(candidates),
    }  # fmt: skip
    writing.rows.append(activity(lead, Activity.Kind.OPENED, by=by, now=now, data=data))
    writing.alerts += tell(
        users(candidates), Kind.OPEN, lead, offer_id=offer.pk, expires_at=offer.expires_at
    )


def _hopper(
    writing: Writing, found: Plan, lead: Lead, decision: Decision, by: Access, now: datetime
) -> None:
    table = found.table
    entry = HopperEntry(
        team_id=lead.team_id,
        lead_id=lead.pk,
        pool_id=table.pool.pk if table else None,
        decision_id=decision.pk,
        generation=lead.generation,
        response_seconds=_seconds(found, by.team),
        entered_at=now,
        expires_at=deadlines.hopper_until(now, team=by.team, pool=table.pool if table else None),
    )
    writing.rows.append(entry)
    caretaker = found.caretaker
    writing.lead |= {"stage": Lead.Stage.HOPPER, "owner_id": caretaker.pk if caretaker else None}
    data = _why(found, decision) | {"caretaker": str(caretaker) if caretaker else None}
    writing.rows.append(activity(lead, Activity.Kind.HOPPER, by=by, now=now, data=data))
    if table is not None:
        writing.alerts += tell(users(eligible_members(found)), Kind.HOPPER, lead)
    if caretaker is not None:
        writing.alerts += tell([caretaker.user_id], Kind.NOTICE, lead, reason="caretaker")


def _hold(
    writing: Writing, found: Plan, lead: Lead, decision: Decision, by: Access, now: datetime
) -> None:
    assert found.table is not None  # only a pool holds
    writing.rows.append(
        Hold(
            team_id=lead.team_id,
            lead_id=lead.pk,
            pool_id=found.table.pool.pk,
            decision_id=decision.pk,
            since=now,
            retry_at=now,
        )
    )
    writing.lead |= {"stage": Lead.Stage.HELD, "owner_id": None}
    data = _why(found, decision)
    writing.rows.append(activity(lead, Activity.Kind.HELD, by=by, now=now, data=data))
    writing.alerts += call_managers(
        Kind.HELD, lead, team=by.team, pool=found.table.pool, reason=found.reason
    )


def _manager(
    writing: Writing, found: Plan, lead: Lead, decision: Decision, by: Access, now: datetime
) -> None:
    writing.lead |= {"stage": Lead.Stage.MANAGER, "owner_id": None}
    data = _why(found, decision)
    writing.rows.append(activity(lead, Activity.Kind.MANAGER, by=by, now=now, data=data))
    pool = found.table.pool if found.table else None
    writing.alerts += call_managers(
        Kind.UNPLACED, lead, team=by.team, pool=pool, reason=found.reason
    )


def _disqualify(
    writing: Writing, found: Plan, lead: Lead, decision: Decision, by: Access, now: datetime
) -> None:
    status = rows.first_status(by.team, "disqualified")
    writing.lead |= {
        "stage": Lead.Stage.OUT,
        "owner_id": None,
        "status_id": status.pk,
        "status_kind": status.kind,
        "disqualified_reason": found.reason,
        "closed_at": now,
    }
    data = _why(found, decision)
    writing.rows.append(activity(lead, Activity.Kind.DISQUALIFIED, by=by, now=now, data=data))


def _stop(
    writing: Writing, found: Plan, lead: Lead, decision: Decision, by: Access, now: datetime
) -> None:
    """A rule says that nobody gets it: it waits on the triage page."""
    writing.lead |= {"stage": Lead.Stage.OUT, "owner_id": None}
    data = _why(found, decision)
    writing.rows.append(activity(lead, Activity.Kind.ROUTED, by=by, now=now, data=data))


WRITERS = {
    End.ASSIGN: _assign,
    End.OFFER: _offer,
    End.OPEN: _open,
    End.HOPPER: _hopper,
    End.HELD: _hold,
    End.MANAGER: _manager,
    End.DISQUALIFIED: _disqualify,
    End.KEPT: _stop,
}


def own(writing: Writing, assignment: Assignment, member: Membership, now: datetime) -> None:
    """Make the member the lead's owner in this writing."""
    writing.rows.append(assignment)
    writing.owner = member
    writing.lead |= {"stage": Lead.Stage.OWNED, "owner_id": member.pk, "assigned_at": now}


def new_assignment(
    lead: Lead,
    member: Membership,
    *,
    decision_id: UUID,
    how: Assignment.How,
    by: Access,
    now: datetime,
    seconds: int | None,
    pool: Any = None,
    offer: Offer | None = None,
) -> Assignment:
    """An unsaved period of ownership, with its response deadline; a closed lead has none."""
    seconds = seconds if lead.is_open else None
    due = deadlines.respond_by(now, seconds=seconds, team=by.team, pool=pool, member=member)
    return Assignment(
        team_id=lead.team_id,
        lead_id=lead.pk,
        member_id=member.pk,
        pool_id=pool.pk if pool else None,
        decision_id=decision_id,
        offer_id=offer.pk if offer else None,
        how=how,
        generation=lead.generation,
        started_at=now,
        respond_by=due,
        warn_at=deadlines.warn_at(now, due, now, hours=deadlines.hours_of(by.team, pool, member)),
        stopped_at=None if lead.is_open else now,
        **rows.deed(by),
    )


def _new_offer(
    found: Plan,
    lead: Lead,
    decision: Decision,
    team: Team,
    now: datetime,
    *,
    member: Membership | None,
    candidates: list[Membership],
) -> Offer:
    assert found.table is not None  # only a pool offers
    pool = found.table.pool
    closes = deadlines.expires_at(now, team=team, pool=pool, member=member)
    return Offer(
        team_id=lead.team_id,
        lead_id=lead.pk,
        pool_id=pool.pk,
        decision_id=decision.pk,
        member_id=member.pk if member else None,
        candidates=[candidate.pk for candidate in candidates],
        generation=lead.generation,
        response_seconds=_seconds(found, team),
        opened_at=now,
        expires_at=closes,
        warn_at=deadlines.warn_at(now, closes, now, hours=deadlines.hours_of(team, pool, member)),
    )


def _take_turn(writing: Writing, found: Plan, lead: Lead, now: datetime) -> None:
    if found.table is None or found.choice is None or found.choice.winner is None:
        return
    if found.choice.deltas:
        writing.rows.append(rows.turn_entry(found.table, found.choice, lead, now))
    writing.updates += rows.count_turn(found.table, found.choice, now)
    writing.seats = found.choice.deltas.keys() or {found.choice.winner.seat}


def _chosen(found: Plan) -> Membership:
    assert found.member is not None  # ASSIGN and OFFER always choose
    return found.member


def _why(found: Plan, decision: Decision) -> dict[str, Any]:
    return {
        "decision": str(decision.pk),
        "rule": (found.target.name or None) if found.target else None,
        "n": (found.target.number or None) if found.target else None,
        "pool": found.table.pool.name if found.table else None,
        "reason": found.reason or None,
        "for": _covered(found),
    }


def _covered(found: Plan) -> str | None:
    """The name of the member in whose stead a colleague takes the lead."""
    seat = found.choice.winner if found.choice else None
    return seat.name if seat and seat.covered_by else None
