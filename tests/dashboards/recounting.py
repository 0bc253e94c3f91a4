"""Leads of all kinds for the pages of figures, and counting them again in plain Python."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from apps.assignments.models import Decision
from apps.leads.models import Lead, Source, StatusKind
from apps.rules.models import Rule
from tests.assignments.world import NOW, World
from tests.factories import DecisionFactory, InterestGroupFactory, SourceFactory

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TARGET = 300


def seed(world: World, number: int = 90) -> list[Lead]:
    """Leads of two periods, with every state, and some that no figure may count."""
    chance = random.Random(7)
    people = [world.member(name) for name in ("Mia", "Jonas")]
    pools = [world.pool(*people, name=name) for name in ("North", "South")]
    asking = {"pool": pools[0], "conditions": {"all": [{"field": "city", "op": "is_known"}]}}
    version = world.rules(asking, pools[1])
    rules: list[Rule | None] = [*version.rules.order_by("position"), None]
    groups = [InterestGroupFactory(team=world.team).pk for _n in range(2)]
    sources: list[Source] = [world.source, SourceFactory(team=world.team, name="Fair")]
    leads = []
    for place in range(number):
        received = NOW - chance.uniform(0.001, 13.9) * DAY
        kind = chance.choice(list(StatusKind))
        owner = chance.choice([None, *people])
        attempted = chance.random() < 0.7
        lead = Lead.objects.create(
            team=world.team,
            name=f"Lead {place}",
            received_at=received,
            source=chance.choice(sources),
            campaign=chance.choice(["", "Spring", "Autumn & more"]),
            form=chance.choice(["", "Contact"]),
            owner=owner,
            stage="owned" if owner else "manager",
            status=world.statuses[kind],
            status_kind=kind,
            group_ids=chance.sample(groups, chance.randint(0, 2)),
            first_attempt_at=received + chance.uniform(0, 12) * MINUTE if attempted else None,
            first_contact_at=received + 20 * MINUTE if chance.random() < 0.4 else None,
            qualified_at=received if chance.random() < 0.2 else None,
            facts={"budget": chance.randint(1, 900) * 100, "budget_currency": chance.choice(
                ["EUR", "USD"])} if chance.random() < 0.6 else {"budget": "much"},
            is_spam=place % 15 == 0,
            is_test=place % 17 == 0,
            deleted_at=NOW if place % 19 == 0 else None,
        )  # fmt: skip
        _decide(world, lead, chance.choice(rules), chance)
        leads.append(Lead.objects.get(pk=lead.pk))
    return leads


def _decide(world: World, lead: Lead, rule: Rule | None, chance: random.Random) -> None:
    """The first decision, and for some a later one that figures leave alone."""
    values: dict[str, Any] = {"team": world.team, "lead": lead}
    DecisionFactory(at=lead.received_at, rule=rule, pool=rule.pool if rule else None, **values)
    if chance.random() < 0.4:
        DecisionFactory(at=lead.received_at + MINUTE, rule=None, pool=None, **values)


def counted(leads: Iterable[Lead]) -> list[Lead]:
    return [each for each in leads if not (each.is_spam or each.is_test or each.deleted_at)]


def wait(lead: Lead) -> float:
    if lead.first_attempt_at is None:
        return math.inf
    return (lead.first_attempt_at - lead.received_at).total_seconds()


def nearest_rank(leads: Sequence[Lead], rank: int) -> float | None:
    if len(leads) < 10:
        return None
    return sorted(map(wait, leads))[math.ceil(rank * len(leads) / 100) - 1]


def first(lead: Lead) -> Decision:
    return min(Decision.objects.filter(lead=lead), key=lambda each: each.at)


def _one(value: object) -> list[str]:
    return [str(value) if value else ""]


KEYS: dict[str, Callable[[Lead], list[str]]] = {
    "source": lambda lead: _one(lead.source_id),
    "campaign": lambda lead: _one(lead.campaign),
    "form": lambda lead: _one(lead.form),
    "member": lambda lead: _one(lead.owner_id),
    "group": lambda lead: [str(each) for each in lead.group_ids] or [""],
    "pool": lambda lead: _one(first(lead).pool_id),
    "rule": lambda lead: _one(_rule_key(first(lead))),
}


def _rule_key(decision: Decision) -> UUID | None:
    return decision.rule.key if decision.rule else None
