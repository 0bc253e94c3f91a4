"""Changing who owns a lead by hand: assign, release, delete, restore."""

from __future__ import annotations

from datetime import datetime
from time import perf_counter
from typing import Any

from django.db import transaction

from apps.alerts import services as alerts
from apps.alerts.models import Kind
from apps.assignments.models import Assignment, Decision, Door
from apps.assignments.moves.leaving import Left, grip, leave
from apps.assignments.road import deadlines, rows
from apps.assignments.road.placing import Placement, route
from apps.assignments.road.telling import tell, users
from apps.assignments.road.writing import Writing, new_assignment, own
from apps.assignments.seats.limits import ClaimRefused
from apps.assignments.seats.seating import Table, lock_pool
from apps.leads.models import Activity, Lead
from apps.leads.services import activity
from apps.routing import credit, decide
from apps.routing.rankings import BY_TURN
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission


@transaction.atomic
def assign_by_hand(
    lead: Lead,
    *,
    member: Membership,
    by: Access,
    now: datetime,
    counts_as_turn: bool = False,
    door: Door = Door.REASSIGN,
) -> Placement:
    """Give the lead to a member, whatever it is in the middle of; capacity does not bind.

    Needs the permission to reassign. The new owner starts with a clock of her own.
    `counts_as_turn` charges her seat in the pool that the lead came from, if it ranks by turn.
    """
    by.require(Permission.REASSIGN)
    if member.team_id != by.team.pk or not member.is_active:
        raise Membership.DoesNotExist
    left = leave(grip(lead.pk, by), reason=Assignment.Ended.REASSIGNED, now=now)
    placement = _give(
        left, member, door=door, kind=Activity.Kind.REASSIGNED, by=by, now=now,
        charge=counts_as_turn,
    )  # fmt: skip
    _tell_those_before(left, member, by, now)
    audit.record(
        by=by, action="lead.reassigned", target=left.lead, now=now,
        detail={"from": str(left.owner.pk) if left.owner else None, "to": str(member.pk)},
    )  # fmt: skip
    return placement


@transaction.atomic
def release(lead: Lead, *, by: Access, now: datetime, reason: str = "") -> Placement:
    """The owner gives the lead back; it goes on its road, past her.

    ClaimRefused for a closed lead: it has no road to go on.
    """
    held = grip(lead.pk, by)
    if held.lead.owner_id is None or held.lead.owner_id != by.member_id:
        by.require(Permission.REASSIGN)
    if not held.lead.is_open:
        raise ClaimRefused("closed", "This lead is closed. Open it again to give it back.")
    left = leave(held, reason=Assignment.Ended.RELEASED, now=now)
    data = {"reason": reason.replace("\x00", "")[:200]}
    activity(left.lead, Activity.Kind.RELEASED, by=by, now=now, member=left.owner, data=data).save()
    if left.owner is not None and left.owner.pk != by.member_id:
        said = {"reason": "released", "by": str(by.user) if by.user else None}
        told = tell(users([left.owner]), Kind.TAKEN_BACK, left.lead, **said)
        alerts.raise_alerts(told, team=by.team, now=now)
    writing = Writing(nothing_came_of=left.withdrawn)
    return route(
        left.lead, door=Door.RELEASE, by=by, now=now, freeing=left.freeing, writing=writing
    )


@transaction.atomic
def delete_lead(lead: Lead, *, by: Access, now: datetime) -> None:
    """Take the lead off every screen; it can be restored. Needs the permission to delete."""
    by.require(Permission.DELETE_LEADS)
    left = leave(grip(lead.pk, by), reason=Assignment.Ended.DELETED, now=now)
    writing = Writing(lead={"stage": Lead.Stage.OUT, "owner_id": None, "deleted_at": now},
                      nothing_came_of=left.withdrawn)  # fmt: skip
    if left.freeing is not None:
        writing.updates.append(rows.free_place(left.freeing))
    left.lead.generation += 1
    writing.rows.append(activity(left.lead, Activity.Kind.DELETED, by=by, now=now))
    told = [*left.offered_to, *([left.owner] if left.owner else [])]
    writing.alerts += tell(users(told), Kind.DELETED, left.lead)
    writing.send(left.lead, by.team, now)
    audit.record(by=by, action="lead.deleted", target=left.lead, now=now)


@transaction.atomic
def restore_lead(lead: Lead, *, by: Access, now: datetime) -> Placement | None:
    """Bring a deleted lead back: to whoever owned it then, else on its road.

    None if it is closed; a merged one is another lead now and stays, and one that was kept out
    is with its recipients.
    """
    by.require(Permission.DELETE_LEADS)
    leads = Lead.objects.select_for_update(of=("self",), no_key=True).select_related("source")
    fresh = leads.get(pk=lead.pk)
    if fresh.deleted_at is None or fresh.merged_into_id is not None:
        return None
    if fresh.stage == Lead.Stage.AWAY:
        return None
    fresh.deleted_at = None
    fresh.save(update_fields=["deleted_at"])
    activity(fresh, Activity.Kind.RESTORED, by=by, now=now).save()
    audit.record(by=by, action="lead.restored", target=fresh, now=now)
    last = (
        Assignment.objects.filter(lead=fresh, end_reason=Assignment.Ended.DELETED)
        .select_related("member__user")
        .order_by("-started_at")
        .first()
    )
    if last is not None and last.member.is_active:
        left = Left(fresh, None, last.pool_id, (), None)
        return _give(
            left, last.member, door=Door.RESTORE, kind=Activity.Kind.ASSIGNED, by=by, now=now
        )
    if not fresh.is_open:
        return None
    return route(fresh, door=Door.RESTORE, by=by, now=now)


def _give(
    left: Left,
    member: Membership,
    *,
    door: Door,
    kind: Activity.Kind,
    by: Access,
    now: datetime,
    charge: bool = False,
) -> Placement:
    began = perf_counter()
    lead = left.lead
    lead.generation += 1
    writing = Writing(nothing_came_of=left.withdrawn)
    if charge and left.pool_id is not None:
        _charge(writing, lock_pool(left.pool_id, team=by.team, now=now), member, lead, now)
    decision = _by_hand(lead, member, door, by, now)
    assignment = new_assignment(
        lead, member, decision_id=decision.pk, how=Assignment.How.BY_HAND, by=by, now=now,
        seconds=deadlines.response_seconds(None, None, by.team),
    )  # fmt: skip
    writing.rows.append(decision)
    own(writing, assignment, member, now)
    decision.deadline = assignment.respond_by
    if lead.is_open and left.freeing != member.pk:
        _move_places(writing, take=member, free=left.freeing)
    writing.rows.append(activity(lead, kind, by=by, now=now, member=member, data=_from(left, by)))
    writing.alerts += tell(
        [member.user_id], Kind.ASSIGNED, lead, respond_by=assignment.respond_by, how="by_hand",
        by=str(by.user) if by.user else None,
    )  # fmt: skip
    decision.milliseconds = round((perf_counter() - began) * 1000, 2)
    writing.send(lead, by.team, now)
    return Placement(decision.outcome, decision.pk, member)


def _by_hand(lead: Lead, member: Membership, door: Door, by: Access, now: datetime) -> Decision:
    trace: dict[str, Any] = {
        "rules": [], "ruled_out": 0, "facts": {}, "steps": [], "end": "assign",
        "reason": "by_hand", "member": str(member.pk),
        "by": str(by.actor_id) if by.actor_id else None,
    }  # fmt: skip
    return Decision(
        team_id=lead.team_id, lead_id=lead.pk, at=now, door=door, chosen_id=member.pk,
        outcome=Decision.Outcome.ASSIGNED, trace=trace, **rows.deed(by),
    )  # fmt: skip


def _move_places(writing: Writing, *, take: Membership, free: Any) -> None:
    # Members before seats, in the order of their ids, before the statement that moves them all.
    moved = [take.pk] if free is None else [take.pk, free]
    members = Membership.objects.filter(pk__in=moved).order_by("pk")
    list(members.select_for_update(no_key=True).values_list("pk"))
    if free is not None:
        writing.updates.append(rows.free_place(free))
    writing.updates.append(rows.take_place(take.pk))


def _charge(writing: Writing, table: Table, member: Membership, lead: Lead, now: datetime) -> None:
    """Charge a hand assignment as a turn: the others gain, the chosen seat pays."""
    seat = table.seat_of(member.pk)
    if seat is None or not BY_TURN.intersection(table.facts.rankings):
        return
    choice = decide.choose(table.facts, now=now)
    eligible = [one for one in table.facts.seats if one in choice.eligible or one.seat == seat.seat]
    charged = decide.Choice(
        pool=table.facts, winner=seat, candidates=choice.candidates, eligible=tuple(eligible),
        deltas=credit.turn_deltas(eligible, seat.seat), turn_no=table.facts.turn_no + 1,
    )  # fmt: skip
    writing.rows.append(rows.turn_entry(table, charged, lead, now))
    writing.updates += rows.count_turn(table, charged, now)


def _from(left: Left, by: Access) -> dict[str, Any]:
    return {
        "from": str(left.owner.user) if left.owner else None,
        "by": str(by.user) if by.user else None,
    }


def _tell_those_before(left: Left, member: Membership, by: Access, now: datetime) -> None:
    from_owner = [left.owner] if left.owner and left.owner.pk != member.pk else []
    others = [one for one in left.offered_to if one.pk != member.pk]
    said = {"reason": "reassigned", "by": str(by.user) if by.user else None}
    told = tell(users(from_owner), Kind.TAKEN_BACK, left.lead, to=str(member.user), **said)
    told += tell(users(others), Kind.WITHDRAWN, left.lead, to=str(member.user), **said)
    if told:
        alerts.raise_alerts(told, team=by.team, now=now)
