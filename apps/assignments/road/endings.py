"""How each end of a lead's walk is written: what becomes of the lead, its timeline, who is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from apps.alerts.models import Kind
from apps.assignments.models import Assignment, Decision, Hold, HopperEntry, Offer
from apps.assignments.road import deadlines, rows
from apps.assignments.road.planning import End, Plan, eligible_members
from apps.assignments.road.telling import call_managers, tell, users
from apps.assignments.road.writing import Writing, new_assignment, own
from apps.leads.models import Activity, Lead
from apps.leads.services import activity
from apps.teams.access import Access
from apps.teams.models import Membership, Team

Writer = Callable[[Writing, Plan, Lead, Decision, Access, datetime], None]


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


WRITERS: Mapping[End, Writer] = {
    End.ASSIGN: _assign,
    End.OFFER: _offer,
    End.OPEN: _open,
    End.HOPPER: _hopper,
    End.HELD: _hold,
    End.MANAGER: _manager,
    End.DISQUALIFIED: _disqualify,
    End.KEPT: _stop,
}


def _seconds(found: Plan, team: Team) -> int | None:
    pool = found.table.pool if found.table else None
    return deadlines.response_seconds(found.target, pool, team)


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
