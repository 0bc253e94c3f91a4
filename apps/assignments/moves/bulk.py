"""Distributing many existing leads by hand: a filter, a destination, one decision a lead.

Each lead is sent in a transaction of its own that also counts it: a worker that is killed loses
nothing and sends nothing twice, and two workers at one run step aside for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import OperationalError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.assignments.models import BulkRun, Decision, Door
from apps.assignments.moves import sending
from apps.leads.filters import LeadFilters
from apps.leads.models import Lead, LeadQuerySet
from apps.rules.models import Destination, Pool, RuleSet
from apps.rules.sets import compiled
from apps.rules.sets.compiled import LiveRules, Target
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission, Role
from apps.teams.scope import deed

MOST = 10_000
State = BulkRun.State
log = structlog.get_logger(__name__)


class BulkRefused(ValueError):
    """The run can't start; the words say what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Where the leads go. `to` is a Destination; `id` names the pool, member or rule set."""

    to: str
    id: UUID | None = None
    caretaker: UUID | None = None
    replaces_owner: bool = True

    def to_json(self) -> dict[str, Any]:
        given = asdict(self).items()
        return {key: str(value) if isinstance(value, UUID) else value for key, value in given}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Goal:
        return cls(
            to=data["to"],
            id=UUID(data["id"]) if data.get("id") else None,
            caretaker=UUID(data["caretaker"]) if data.get("caretaker") else None,
            replaces_owner=bool(data.get("replaces_owner", True)),
        )


def fitting(filters: LeadFilters, *, by: Access, now: datetime) -> LeadQuerySet:
    """The open leads that the filter is about: closed ones have no road to go on."""
    return filters.apply(Lead.objects.visible_to(by), by=by, now=now).open().filter(is_test=False)


@transaction.atomic
def start(
    filters: LeadFilters, goal: Goal, *, asked: Mapping[str, str], by: Access, now: datetime
) -> BulkRun:
    """Note which leads go where; a worker sends them. May raise BulkRefused."""
    by.require(Permission.REASSIGN)
    refuse_if_wrong(goal, by)
    leads = fitting(filters, by=by, now=now).order_by("received_at", "id")
    ids = list(leads.values_list("pk", flat=True)[: MOST + 1])
    if not ids:
        raise BulkRefused(_("No open lead fits: take a filter away."))
    if len(ids) > MOST:
        raise BulkRefused(_("More than %(n)s leads fit: narrow the filter.") % {"n": f"{MOST:,}"})
    run = BulkRun.objects.create(
        team=by.team,
        destination=goal.to_json(),
        filters=dict(asked),
        lead_ids=ids,
        created_at=now,
        **deed(by),
    )
    detail = {"leads": len(ids), **goal.to_json()}
    audit.record(by=by, action="leads.distributed", target=run, now=now, detail=detail)
    return run


def refuse_if_wrong(goal: Goal, by: Access) -> None:
    """BulkRefused for a destination that is not there, or not this team's."""
    team = by.team
    members = Membership.objects.active().filter(team=team).exclude(role=Role.VIEWER)
    found: dict[str, QuerySet[Any]] = {
        Destination.POOL: Pool.objects.filter(team=team, is_active=True),
        Destination.MEMBER: members,
        Destination.RULE_SET: RuleSet.objects.filter(
            team=team,
            kind=RuleSet.Kind.ASSIGNMENT,
            is_active=True,
            versions__state="published",
        ),
    }
    if goal.to in found and not (goal.id and found[goal.to].filter(pk=goal.id).exists()):
        raise BulkRefused(_("Choose where the leads go: that is not there any more."))
    if goal.to not in (*found, Destination.HOPPER):
        raise BulkRefused(_("Choose a pool, a member, a rule set or the hopper."))
    if goal.caretaker and not members.filter(pk=goal.caretaker).exists():
        raise BulkRefused(_("Choose an active member to look after the leads."))


def cancel(run: BulkRun, *, by: Access, now: datetime) -> None:
    """Stop after the lead that is being sent; what went stays where it is."""
    by.require(Permission.REASSIGN)
    waiting = BulkRun.objects.filter(pk=run.pk, state__in=[State.WAITING, State.RUNNING])
    if waiting.update(state=State.CANCELLED, finished_at=now):
        audit.record(by=by, action="leads.distribution_cancelled", target=run, now=now)


def unfinished() -> list[UUID]:
    """Runs that somebody should go on with."""
    open_runs = BulkRun.objects.filter(state__in=[State.WAITING, State.RUNNING])
    return list(open_runs.values_list("pk", flat=True))


def work(run_id: UUID, *, clock: Callable[[], datetime], longest: timedelta) -> None:
    """Send lead after lead until the run is done, cancelled, or `longest` is over."""
    until = clock() + longest
    while clock() < until and _next(run_id, clock()):
        pass


@transaction.atomic
def _next(run_id: UUID, now: datetime) -> bool:
    """Send the next lead; False when there is nothing to do here."""
    run = (
        BulkRun.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .select_related("team", "actor")
        .filter(pk=run_id, state__in=[State.WAITING, State.RUNNING])
        .first()
    )
    if run is None:
        return False
    if run.done >= len(run.lead_ids):
        run.state, run.finished_at = State.DONE, now
        run.save(update_fields=["state", "finished_at"])
        return False
    run.state, run.started_at = State.RUNNING, run.started_at or now
    _count(run, _send(run, run.lead_ids[run.done], now))
    run.save(update_fields=["state", "started_at", "done", "moved", "failed"])
    return True


def _count(run: BulkRun, moved: bool | None) -> None:
    run.done += 1
    run.moved += moved is True
    run.failed += moved is None


def _send(run: BulkRun, lead_id: UUID, now: datetime) -> bool | None:
    """Whether the lead moved; None if it could not be sent."""
    by = _on_behalf(run)
    try:
        with transaction.atomic():
            placed = _placed(Goal.from_json(run.destination), lead_id, by, now)
    except Lead.DoesNotExist:
        return False
    except OperationalError:
        raise
    except Exception:
        log.exception("bulk_lead_failed", run=str(run.pk), lead=str(lead_id))
        return None
    return placed is not None and placed.outcome != Decision.Outcome.KEPT


def _placed(goal: Goal, lead_id: UUID, by: Access, now: datetime) -> Any:
    if goal.to == Destination.RULE_SET:
        rules = _rules(goal, by)
        return sending.send_through(lead_id, rules, door=Door.BULK, by=by, now=now)
    return sending.send(lead_id, _target(goal), door=Door.BULK, by=by, now=now)


def _rules(goal: Goal, by: Access) -> LiveRules:
    assert goal.id is not None  # refused before
    rules = compiled.live_set(by.team, goal.id)
    if rules is None:
        raise LookupError("The rule set is not live any more.")
    return rules


def _target(goal: Goal) -> Target:
    return Target.by_hand(
        goal.to,
        pool_id=goal.id if goal.to == Destination.POOL else None,
        member_id=goal.id if goal.to == Destination.MEMBER else None,
        caretaker_id=goal.caretaker,
        replaces_owner=goal.replaces_owner,
    )


def _on_behalf(run: BulkRun) -> Access:
    """Whoever started the run, while she is still there; else the application."""
    member = (
        Membership.objects.active()
        .select_related("team", "user")
        .filter(team=run.team, user=run.actor_id)
        .first()
    )
    return Access.of(member) if member else Access.system(run.team)
