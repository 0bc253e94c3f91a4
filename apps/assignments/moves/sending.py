"""Sending a lead that is on its way, waits or is owned somewhere else: by rules, or by hand.

Where nobody can take an owned lead, it stays as it was: a rule takes a lead from its owner only
for somebody else.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.alerts import services as alerts
from apps.alerts.models import Kind
from apps.assignments.models import Assignment, Decision, Door
from apps.assignments.moves.leaving import Grip, Left, grip, leave
from apps.assignments.road.placing import Placement, route
from apps.assignments.road.telling import tell, users
from apps.assignments.road.writing import Writing
from apps.assignments.work import qualifying
from apps.leads.models import Lead, StatusKind
from apps.rules.calendars import team_schedule
from apps.rules.facts import lead_facts
from apps.rules.models import Destination
from apps.rules.sets.compiled import LiveRules, Target
from apps.teams.access import Access

Outcome = Decision.Outcome
NOWHERE = frozenset({Outcome.HELD, Outcome.MANAGER, Outcome.KEPT})
STAYING = frozenset({Destination.STOP, Destination.CONTINUE})
PLACES = frozenset({
    Destination.POOL, Destination.MEMBER, Destination.HOPPER, Destination.MANAGER,
})  # fmt: skip
ABOUT_STATUS = frozenset({"status", "status_kind"})


class _Stays(Exception):
    """Nobody there can take the lead: what was tried is undone."""


@transaction.atomic
def send(lead_id: UUID, target: Target, *, door: Door, by: Access, now: datetime) -> Placement:
    """Send a lead where `target` says, whatever it is in the middle of.

    An outcome of KEPT says that it stayed. Raises Lead.DoesNotExist for one that is deleted.
    """
    held = grip(lead_id, by)
    moves = target.destination not in STAYING and _gives_way(held.lead, target)
    return _send(held, door=door, by=by, now=now, target=target, moves=moves)


@transaction.atomic
def send_through(
    lead_id: UUID, rules: LiveRules, *, door: Door, by: Access, now: datetime
) -> Placement | None:
    """Send a lead where another rule set says; None if none of its rules matches.

    Raises Lead.DoesNotExist for one that is deleted.
    """
    held = grip(lead_id, by)
    targets = _matching(held.lead, rules, by, now)
    if not targets:
        return None
    back = next((one for one in targets if _puts_back(held.lead, one, rules)), None)
    if back is not None:
        return _send(held, door=door, by=by, now=now, target=back, moves=True)
    deciding = next((one for one in targets if _decides(held.lead, one)), None)
    moves = deciding is not None and deciding.destination != Destination.STOP
    return _send(held, door=door, by=by, now=now, rules=rules, moves=moves)


def _matching(lead: Lead, rules: LiveRules, by: Access, now: datetime) -> list[Target]:
    facts = lead_facts(lead, rules.registry, now=now)
    matches = rules.compiled.matches(facts, team_schedule(by.team))
    return [rules.targets[rule.id] for rule in matches]


def _decides(lead: Lead, target: Target) -> bool:
    return target.destination != Destination.CONTINUE and _gives_way(lead, target)


def _gives_way(lead: Lead, target: Target) -> bool:
    """Whether the rule may move this lead: an open one that is unowned, or replaces its owner."""
    if not lead.is_open:
        return False
    return target.replaces_owner or lead.stage != Lead.Stage.OWNED


def _puts_back(lead: Lead, target: Target, rules: LiveRules) -> bool:
    """Whether the rule brings a disqualified lead back: only one that asks for its status does."""
    if lead.status_kind != StatusKind.DISQUALIFIED or target.destination not in PLACES:
        return False
    assert target.rule_id is not None  # rules matched it
    return not ABOUT_STATUS.isdisjoint(rules.compiled.fields_of(target.rule_id))


def _send(
    held: Grip,
    *,
    door: Door,
    by: Access,
    now: datetime,
    moves: bool,
    rules: LiveRules | None = None,
    target: Target | None = None,
) -> Placement:
    lead = held.lead
    if moves:
        try:
            with transaction.atomic():
                return _move(held, door=door, by=by, now=now, rules=rules, target=target)
        except _Stays:
            lead.refresh_from_db()
    return route(lead, door=door, by=by, now=now, rules=rules, target=target, stays=True)


def _move(
    held: Grip,
    *,
    door: Door,
    by: Access,
    now: datetime,
    rules: LiveRules | None,
    target: Target | None,
) -> Placement:
    was_owned = held.lead.stage == Lead.Stage.OWNED
    left = leave(held, reason=Assignment.Ended.RULE, now=now)
    if left.lead.status_kind == StatusKind.DISQUALIFIED:
        qualifying.open_again(left.lead, by=by, now=now)
    placed = route(
        left.lead, door=door, by=by, now=now, freeing=left.freeing, rules=rules, target=target,
        writing=Writing(nothing_came_of=left.withdrawn),
    )  # fmt: skip
    if placed.outcome in NOWHERE and (was_owned or placed.outcome == Outcome.KEPT):
        raise _Stays
    _tell_those_before(left, placed, by, now)
    return placed


def _tell_those_before(left: Left, placed: Placement, by: Access, now: datetime) -> None:
    """The person who loses a lead is told, and why."""
    owner_id = placed.owner.pk if placed.owner else None
    lost = [left.owner] if left.owner and left.owner.pk != owner_id else []
    others = [one for one in left.offered_to if one.pk != owner_id]
    reason = "rule" if by.is_system else "distributed"
    to = str(placed.owner.user) if placed.owner else None
    told = tell(users(lost), Kind.TAKEN_BACK, left.lead, to=to, reason=reason)
    told += tell(users(others), Kind.WITHDRAWN, left.lead, to=to, reason=reason)
    if told:
        alerts.raise_alerts(told, team=by.team, now=now)
