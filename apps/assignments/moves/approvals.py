"""What a salesperson asks a manager for: another owner for a lead, or turns in a pool.

Approving does at once what was asked, by the same services as a manager's own hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.alerts import services as alerts
from apps.alerts.models import Kind
from apps.alerts.services import NewAlert
from apps.assignments.models import ApprovalRequest
from apps.assignments.moves import ownership
from apps.assignments.moves.leaving import grip
from apps.assignments.road.telling import managers, tell, users
from apps.assignments.seats.limits import ClaimRefused
from apps.leads.models import Lead
from apps.rules.models import Pool, Ranking, Seat
from apps.rules.pools import seats
from apps.rules.refusals import Refused
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Membership, member_id_of
from apps.teams.permissions import Permission, Role
from apps.teams.scope import deed

Asked = ApprovalRequest.Kind
State = ApprovalRequest.State
LONGEST_REASON = LONGEST_ANSWER = 500
COUNTING = (Ranking.TURN, Ranking.PERFORMANCE)  # where turns are kept
MOST_TURNS = Decimal(seats.MOST_TURNS)


class RequestRefused(ValueError):
    """It can't be asked or decided; the message says why."""


def may_ask(lead: Lead, by: Access) -> bool:
    """Whether she would have to ask: a member at work on leads who may not hand them over."""
    works = by.member_id is not None and by.can(Permission.WORK_LEADS)
    return works and not by.can(Permission.REASSIGN) and lead.is_open


def takers(by: Access) -> QuerySet[Membership]:
    """Whom one may ask for as the new owner."""
    # A salesperson sees no list of members, but whom she may name.
    members: QuerySet[Membership] = Membership.objects.active().filter(team=by.team)
    return members.exclude(role=Role.VIEWER).select_related("user").order_by("user__name", "pk")


def own_pools(by: Access) -> QuerySet[Pool]:
    """The pools that count her turns."""
    pools: QuerySet[Pool] = Pool.objects.visible_to(by).filter(
        ranking__in=COUNTING, seats__membership=by.member_id, seats__is_active=True
    )
    return pools.order_by("name", "pk")


def waiting(by: Access) -> QuerySet[ApprovalRequest]:
    """The open requests that this person may decide."""
    return decidable(by).filter(state=State.OPEN)


def decidable(by: Access) -> QuerySet[ApprovalRequest]:
    """Every request of the kinds that this person decides; of leads that are still there."""
    kinds = [Asked.REASSIGN] if by.can(Permission.REASSIGN) else []
    kinds += [Asked.CREDIT] if by.can(Permission.ADJUST_CREDIT) else []
    rows: QuerySet[ApprovalRequest] = ApprovalRequest.objects.visible_to(by).filter(kind__in=kinds)
    return rows.filter(Q(lead__isnull=True) | Q(lead__deleted_at=None))


def own(by: Access) -> QuerySet[ApprovalRequest]:
    """What this member asked for."""
    rows: QuerySet[ApprovalRequest] = ApprovalRequest.objects.visible_to(by)
    return rows.filter(member_id=by.member_id) if by.member_id else rows.none()


@transaction.atomic
def ask_for_owner(
    lead: Lead, *, to_member: Membership | None, reason: str, by: Access, now: datetime
) -> ApprovalRequest:
    """Ask that a lead go to `to_member`, or to whoever the rules find; the managers are told.

    RequestRefused for a closed lead, her owner, a second request, or without a reason.
    """
    if not may_ask(lead, by):
        raise RequestRefused(
            _("There is nothing to ask for: this lead is closed, or yours to give.")
        )
    if to_member is not None and to_member.pk == lead.owner_id:
        raise RequestRefused(_("%(name)s owns it already.") % {"name": to_member.user})
    if to_member is not None and not takers(by).filter(pk=to_member.pk).exists():
        raise RequestRefused(_("Choose an active member of the team."))
    made = _make(by, now, kind=Asked.REASSIGN, lead=lead, to_member=to_member, reason=reason)
    told = tell(_who_decides(by), Kind.REQUESTED, lead, **_said(made, by))
    alerts.raise_alerts(told, team=by.team, now=now)
    detail = {"request": str(made.pk), "to": str(to_member.pk) if to_member else None}
    audit.record(by=by, action="request.made", target=lead, now=now, detail=detail)
    return made


@transaction.atomic
def ask_for_credit(
    pool: Pool, *, turns: Decimal, reason: str, by: Access, now: datetime
) -> ApprovalRequest:
    """Ask for turns in a pool that one sits in. RequestRefused as `ask_for_owner`."""
    by.require(Permission.WORK_LEADS)
    if not own_pools(by).filter(pk=pool.pk).exists():
        raise RequestRefused(_("You have no seat in this pool that counts turns."))
    if not turns.is_finite() or not 0 < turns <= MOST_TURNS:
        words = _("Use a number of turns above 0, and at most %(most)d.")
        raise RequestRefused(words % {"most": MOST_TURNS})
    made = _make(by, now, kind=Asked.CREDIT, pool=pool, turns=turns, reason=reason)
    said = {"title": pool.name, **_said(made, by)}
    told = [NewAlert(user, Kind.REQUESTED.value, data=said) for user in _who_decides(by)]
    alerts.raise_alerts(told, team=by.team, now=now)
    detail = {"request": str(made.pk), "turns": str(turns)}
    audit.record(by=by, action="request.made", target=pool, now=now, detail=detail)
    return made


def _make(by: Access, now: datetime, *, reason: str, **asked: Any) -> ApprovalRequest:
    words = _clean(reason, LONGEST_REASON)
    if not words:
        raise RequestRefused(_("Say why: a manager decides by it."))
    try:
        with transaction.atomic():
            return ApprovalRequest.objects.create(
                team=by.team, member_id=member_id_of(by), reason=words, at=now, **asked, **deed(by)
            )
    except IntegrityError as error:
        raise RequestRefused(
            _("You have asked for this already; a manager will decide.")
        ) from error


def _clean(text: str, longest: int) -> str:
    words = " ".join(text.replace("\x00", "").split())
    if len(words) > longest:
        raise RequestRefused(_("Use at most %(n)d characters.") % {"n": longest})
    return words


def _said(made: ApprovalRequest, by: Access) -> dict[str, Any]:
    return {"page": "requests", "reason": f"request_{made.kind}", "by": str(by.user)}


def _who_decides(by: Access) -> Sequence[UUID]:
    everyone = users(managers(by.team))
    return [user for user in everyone if user != by.actor_id] or everyone


@transaction.atomic
def withdraw(request: ApprovalRequest, *, by: Access, now: datetime) -> None:
    """She takes back what she asked for. RequestRefused once it is decided."""
    if request.team_id != by.team.pk or request.member_id != by.member_id:
        raise ApprovalRequest.DoesNotExist
    _settle(request, State.WITHDRAWN, "", by, now)


@transaction.atomic
def refuse(request: ApprovalRequest, *, answer: str = "", by: Access, now: datetime) -> None:
    """Say no, with a word why if one likes. RequestRefused if it was decided meanwhile."""
    _may_decide(request, by)
    _settle(request, State.REFUSED, answer, by, now)
    _tell_her(request, by, now)


@transaction.atomic
def approve(request: ApprovalRequest, *, answer: str = "", by: Access, now: datetime) -> None:
    """Say yes and do it, both or neither. Whoever decides first decides.

    RequestRefused if it was decided meanwhile, or can't be done any more: it stays open then.
    """
    _may_decide(request, by)
    if request.kind == Asked.CREDIT:
        _settle(request, State.APPROVED, answer, by, now)
        _give_credit(request, by, now)
    else:
        # The lead before the request, as everywhere: her owner may be on the way to change it.
        lead = grip(_lead_of(request), by).lead
        _settle(request, State.APPROVED, answer, by, now)
        _hand_over(request, lead, by, now)
    _tell_her(request, by, now)


def _may_decide(request: ApprovalRequest, by: Access) -> None:
    if request.team_id != by.team.pk:
        raise ApprovalRequest.DoesNotExist
    is_credit = request.kind == Asked.CREDIT
    by.require(Permission.ADJUST_CREDIT if is_credit else Permission.REASSIGN)


def _settle(request: ApprovalRequest, state: State, answer: str, by: Access, now: datetime) -> None:
    """Close it, if nobody has; the row is ours until the transaction ends."""
    words = _clean(answer, LONGEST_ANSWER)
    changes = {"state": state, "decided_at": now, "decided_by": by.user, "answer": words}
    if not ApprovalRequest.objects.filter(pk=request.pk, state=State.OPEN).update(**changes):
        raise RequestRefused(_("Somebody has decided this already."))
    request.refresh_from_db()
    target = request.lead or request.pool
    detail = {"request": str(request.pk), "kind": request.kind}
    audit.record(by=by, action=f"request.{state.value}", target=target, now=now, detail=detail)


def _lead_of(request: ApprovalRequest) -> UUID:
    assert request.lead_id is not None  # the database says so
    return UUID(str(request.lead_id))


def _hand_over(request: ApprovalRequest, lead: Lead, by: Access, now: datetime) -> None:
    if not lead.is_open:
        raise RequestRefused(_("This lead is closed by now: refuse the request."))
    if request.to_member_id is None:
        return _send_on(request, lead, by, now)
    if request.to_member_id == lead.owner_id:
        raise RequestRefused(_("The lead is with them already: refuse the request."))
    member = takers(by).select_related("team").filter(pk=request.to_member_id).first()
    if member is None:
        raise RequestRefused(_("They are out of the team by now: refuse the request."))
    ownership.assign_by_hand(lead, member=member, by=by, now=now)
    return None


def _send_on(request: ApprovalRequest, lead: Lead, by: Access, now: datetime) -> None:
    try:
        ownership.release(lead, by=by, now=now, reason=request.reason)
    except ClaimRefused as error:
        raise RequestRefused(str(error)) from error


def _give_credit(request: ApprovalRequest, by: Access, now: datetime) -> None:
    seat = Seat.objects.filter(pool=request.pool_id, membership=request.member_id).first()
    if seat is None or request.turns is None:
        raise RequestRefused(_("They do not sit in this pool any more: refuse the request."))
    try:
        seats.adjust_credit(seat, turns=request.turns, reason=request.reason, by=by, now=now)
    except Refused as refused:
        raise RequestRefused(" ".join(one.message for one in refused.problems)) from refused


def _tell_her(request: ApprovalRequest, by: Access, now: datetime) -> None:
    member = Membership.objects.select_related("user").get(pk=request.member_id)
    said = {"page": "my_requests", "reason": f"request_{request.state}", "by": str(by.user)}
    if request.lead is not None:
        told = tell([member.user_id], Kind.REQUEST_DECIDED, request.lead, **said)
    else:
        title = request.pool.name if request.pool else ""
        data = {"title": title, **said}
        told = [NewAlert(member.user_id, Kind.REQUEST_DECIDED.value, data=data)]
    alerts.raise_alerts(told, team=by.team, now=now)
