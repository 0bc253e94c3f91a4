"""Which copies of a lead go to whom: planned by the rules, written with the lead or not at all.

Runs inside the transaction that takes the lead in: one that rolls back has sent nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.accounts.ids import uuid7
from apps.alerts import services as alerts
from apps.assignments.road import rows, together
from apps.deliveries import arrivals
from apps.deliveries.models import Delivery, Distribution
from apps.deliveries.plans import campaigns, choosing, copying, counting
from apps.deliveries.plans.choosing import Picked, Table
from apps.leads.models import Activity, Lead, Source
from apps.leads.services import activity
from apps.routing.facts import LeadFacts
from apps.routing.fields import Registry
from apps.rules.calendars import team_schedule
from apps.rules.facts import lead_facts
from apps.rules.models import Destination, Recipient, RecipientTurn
from apps.rules.recipients.facts import opens_at
from apps.rules.registry import registry as registry_of
from apps.rules.sets import compiled
from apps.rules.sets.compiled import LiveRules, Target
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.scope import deed

State = Delivery.State


@dataclass(frozen=True, slots=True)
class Planned:
    """What was written for a lead. `keeps_out`: it is no lead of this team any more."""

    distribution: Distribution
    deliveries: Sequence[Delivery]

    @property
    def keeps_out(self) -> bool:
        return self.distribution.keeps_out


@dataclass(frozen=True, slots=True)
class Step:
    """What one rule that matches would do, in names: for trying rules out."""

    rule: str
    number: int
    stops: bool
    keeps_out: bool
    pool: str | None
    recipients: Sequence[tuple[str, str | None]]  # name, and why it would be passed over
    chosen: Sequence[str]
    is_offer: bool


@dataclass
class _Plan:
    """Everything to be written for one lead."""

    lead: Lead
    table: Table
    registry: Registry
    by: Access
    now: datetime
    root_id: UUID
    distribution: Distribution
    deliveries: list[Delivery] = field(default_factory=list)
    turns: list[RecipientTurn] = field(default_factory=list)
    counted: dict[UUID, Recipient] = field(default_factory=dict)
    warnings: list[tuple[Recipient, str]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)

    @property
    def taken(self) -> set[UUID]:
        return {delivery.recipient_id for delivery in self.deliveries}


def plan(lead: Lead, *, by: Access, now: datetime) -> Planned | None:
    """Queue the copies that the distribution rules ask for; None if no rule matched.

    No statement for a team without such rules. A lead that is kept out leaves the team at once:
    whoever calls must not route it. Needs `lead.source` loaded.
    """
    live = compiled.distribution(by.team)
    if live is None:
        return None
    facts = lead_facts(lead, live.registry, now=now)
    targets = list(_matched(live, facts, by.team))
    if not targets:
        return None
    path, root_id = _path(lead, by.team)
    table = _table(targets, by.team, path, now)
    made = _new(lead, table, live.registry, by, now, root_id)
    made.distribution.version_id = live.version_id
    for target in targets:
        _follow(made, target, facts)
    made.distribution.trace = _trace(live, facts, targets, made.steps, by.team)
    return _write(made)


def send_by_hand(
    lead: Lead, recipients: Sequence[Recipient], *, by: Access, now: datetime
) -> Planned:
    """Queue copies for these recipients of the team, whatever rules say, inside a transaction.

    Whoever has the lead already, or may not have it, is passed over; the trace says why. The
    lead is locked, so that a form sent twice sends one copy.
    """
    Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    path, root_id = _path(lead, by.team)
    ids = [each.pk for each in recipients]
    table = choosing.table(by.team, recipient_ids=ids, pool_ids=[], path=path, now=now)
    made = _new(lead, table, registry_of(by.team), by, now, root_id)
    has_it = set(
        Delivery.objects.filter(team=by.team, lead=lead).values_list("recipient", flat=True)
    )
    picked = table.direct(ids, has_it)
    _queue(made, picked, None)
    made.steps.append({"by_hand": True, **_told(picked)})
    made.distribution.trace = {"rules": [], "ruled_out": 0, "facts": {}, "steps": made.steps}
    return _write(made)


def preview(facts: LeadFacts, team: Team, *, now: datetime) -> list[Step]:
    """What the live rules would do with a lead like this; nothing is locked or written."""
    live = compiled.distribution(team)
    targets = list(_matched(live, facts, team)) if live else []
    table = _table(targets, team, [team.pk], now, locks=False)
    taken: set[UUID] = set()
    found = []
    for target in targets:
        picked = _picked(table, target, facts, taken)
        taken |= {each.pk for each in picked.recipients}
        found.append(_step(target, picked))
    return found


def _matched(live: LiveRules, facts: LeadFacts, team: Team) -> Iterator[Target]:
    """Every rule that matches, until one stops the list."""
    for spec in live.compiled.matches(facts, team_schedule(team)):
        target = live.targets[spec.id]
        yield target
        if target.stops or target.destination == Destination.STOP:
            return


def _path(lead: Lead, team: Team) -> tuple[list[UUID], UUID]:
    """The teams that the lead went through, this one last, and what it was in the first.

    A lead of the team's own may have got another's copy added when its person came again.
    """
    if lead.source.kind != Source.Kind.COPY and not lead.came_again:
        return [team.pk], lead.pk
    arrival = arrivals.of(lead)
    if arrival is None:
        return [team.pk], lead.pk
    return [*arrivals.path_of(lead), team.pk], arrival.root_id


def _table(
    targets: Sequence[Target],
    team: Team,
    path: Sequence[UUID],
    now: datetime,
    *,
    locks: bool = True,
) -> Table:
    return choosing.table(
        team,
        recipient_ids=[each for target in targets for each in target.recipient_ids],
        pool_ids=[target.recipient_pool_id for target in targets if target.recipient_pool_id],
        path=path,
        now=now,
        locks=locks,
    )


def _new(
    lead: Lead, table: Table, registry: Registry, by: Access, now: datetime, root_id: UUID
) -> _Plan:
    distribution = Distribution(team_id=lead.team_id, lead_id=lead.pk, at=now, **deed(by))
    return _Plan(lead, table, registry, by, now, root_id, distribution)


def _picked(table: Table, target: Target, facts: LeadFacts, taken: set[UUID]) -> Picked:
    if target.recipient_pool_id is not None:
        return table.of_pool(target.recipient_pool_id, facts, taken)
    return table.direct(target.recipient_ids, taken)


def _follow(made: _Plan, target: Target, facts: LeadFacts) -> None:
    """Do what one rule says."""
    picked = _picked(made.table, target, facts, made.taken)
    _queue(made, picked, target)
    if target.keeps_out and picked.recipients:
        made.distribution.keeps_out = True
    made.steps.append({
        "rule": str(target.rule_id), "name": target.name, "n": target.number,
        "stops": target.stops or target.destination == Destination.STOP,
        "keeps_out": target.keeps_out, **_told(picked),
    })  # fmt: skip


def _told(picked: Picked) -> dict[str, Any]:
    """A pick for the trace: ids and names of recipients, nothing of the lead."""
    pool: dict[str, Any] | None = None
    if picked.choice is not None:
        pool = picked.choice.to_trace()
    elif picked.pool is not None:
        pool = {"pool": {"id": str(picked.pool.pk), "name": picked.pool.name}}
    return {
        "pool": pool,
        "way": str(picked.pool.way) if picked.pool else None,
        "recipients": [each.to_trace() for each in picked.considered],
        "chosen": [str(each.pk) for each in picked.recipients],
    }


def _queue(made: _Plan, picked: Picked, target: Target | None) -> None:
    """One delivery each; what they count for is moved on the rows in hand."""
    turn = None
    if picked.choice is not None and picked.pool is not None and picked.recipients:
        turn = counting.take_turn(made.table, picked.pool, picked.choice, made.lead, made.now)
        made.turns.append(turn)
    for recipient in picked.recipients:
        made.deliveries.append(_delivery(made, recipient, picked, target, turn))
        if recipient.is_counted and not picked.is_offer:
            told = counting.count(recipient, made.now)
            made.warnings += [(recipient, each) for each in told]
            made.counted[recipient.pk] = recipient


def _delivery(
    made: _Plan, recipient: Recipient, picked: Picked, target: Target | None,
    turn: RecipientTurn | None,
) -> Delivery:  # fmt: skip
    team, now = made.by.team, made.now
    pool = picked.pool
    window = timedelta(seconds=pool.window_seconds) if pool else timedelta()
    return Delivery(
        id=uuid7(),
        team_id=made.lead.team_id,
        distribution_id=made.distribution.pk,
        lead_id=made.lead.pk,
        recipient_id=recipient.pk,
        rule_id=target.rule_id if target else None,
        pool_id=pool.pk if pool else None,
        turn_id=turn.pk if turn else None,
        channel=recipient.kind,
        state=State.OFFERED if picked.is_offer else State.QUEUED,
        payload=copying.payload(made.lead, recipient, made.registry),
        path=list(made.table.path),
        root_id=made.root_id,
        campaign=recipient.campaign,
        price_minor=recipient.price_minor,
        currency=team.currency,
        queued_at=now,
        offered_until=now + window if picked.is_offer else None,
        next_attempt_at=now if picked.is_offer else opens_at(recipient, team, now=now),
    )


def _trace(
    live: LiveRules, facts: LeadFacts, targets: Sequence[Target], steps: list[dict[str, Any]],
    team: Team,
) -> dict[str, Any]:  # fmt: skip
    last = targets[-1]
    is_cut = last.stops or last.destination == Destination.STOP
    specs = {spec.id: spec for spec in live.compiled.rules}
    matched = [specs[target.rule_id] for target in targets if target.rule_id]
    upto = matched[-1] if is_cut else None
    listed = live.compiled.trace(facts, upto=upto, calendar=team_schedule(team))
    asked: dict[str, Any] = {}
    for spec in matched:
        asked |= live.compiled.facts(facts, spec)
    ruled_out = live.compiled.ruled_out(listed, upto=upto)
    return {"rules": listed, "ruled_out": ruled_out, "facts": asked, "steps": steps}


def _write(made: _Plan) -> Planned:
    """All of it in one statement."""
    lead, now = made.lead, made.now
    updates = counting.save_turns(made.table, [turn.pool_id for turn in made.turns])
    updates += counting.save_counts(made.counted.values())
    if made.distribution.keeps_out:
        lead.stage, lead.deleted_at, lead.look_up_at = Lead.Stage.AWAY, now, None
        away = {"stage": lead.stage, "deleted_at": now, "look_up_at": None}
        updates.append(rows.update_lead(lead, away))
    told = campaigns.alerts_of(made.warnings, team=made.by.team, now=now)
    lines = [_line(made)] if made.deliveries else []
    together.write(
        [made.distribution, *made.turns, *made.deliveries, *lines, *told], updates
    )  # fmt: skip
    if told:
        alerts.announce_on_commit()
    return Planned(made.distribution, made.deliveries)


def _line(made: _Plan) -> Activity:
    names = {pk: recipient.name for pk, recipient in made.table.recipients.items()}
    data = {
        "recipients": [names[delivery.recipient_id] for delivery in made.deliveries],
        "distribution": str(made.distribution.pk),
        "keeps_out": made.distribution.keeps_out,
    }
    return activity(made.lead, Activity.Kind.COPIED, by=made.by, now=made.now, data=data)


def _step(target: Target, picked: Picked) -> Step:
    return Step(
        rule=target.name,
        number=target.number,
        stops=target.stops or target.destination == Destination.STOP,
        keeps_out=target.keeps_out,
        pool=picked.pool.name if picked.pool else None,
        recipients=[
            (each.recipient.name, each.skip.why if each.skip else None)
            for each in picked.considered
        ],
        chosen=[each.name for each in picked.recipients],
        is_offer=picked.is_offer,
    )
