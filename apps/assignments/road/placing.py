"""Route a lead: plan where it goes, then write all of it in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from uuid import UUID

from apps.assignments.models import Decision, Door
from apps.assignments.road import deeds, rows
from apps.assignments.road.endings import WRITERS
from apps.assignments.road.history import BEGINNINGS, Journey, journey
from apps.assignments.road.planning import End, Plan, Way, plan
from apps.assignments.road.writing import Writing
from apps.leads.models import Lead
from apps.rules.sets.compiled import LiveRules, Target
from apps.teams.access import Access
from apps.teams.models import Membership


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a lead went. `outcome` is a Decision.Outcome."""

    outcome: str
    decision_id: UUID
    owner: Membership | None = None
    offer_id: UUID | None = None


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
    decision.deadline = writing.deadline
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
