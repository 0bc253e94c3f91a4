"""Rules change while leads flow: each lead is decided by one version, whole."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from apps.assignments import services
from apps.assignments.models import Decision, Door
from apps.leads.models import Lead, Source, Status
from apps.rules.models import Destination, Pool, Rule, RuleSet, Version
from apps.rules.sets import versions
from apps.rules.sets.checking import RuleFields
from apps.teams.access import Access
from apps.teams.models import Team
from tests.assignments.world import World
from tests.concurrency.crew import Crew

pytestmark = pytest.mark.django_db(transaction=True)

ROUTERS, LEADS, VERSIONS = 5, 60, 40


def test_each_lead_is_decided_by_exactly_one_version_while_versions_go_live() -> None:
    world = World()
    pools = [world.pool(world.member(f"Seller{number}")) for number in range(2)]
    _publish(world.team, pools, 0)

    routed = Crew(ROUTERS + 1, _work, world.team.pk).start().results()

    assert sum(routed) == ROUTERS * LEADS
    decided = Decision.objects.filter(team=world.team, door=Door.WEBHOOK)
    assert decided.count() == ROUTERS * LEADS
    rules = {rule.pk: rule for rule in Rule.objects.filter(team=world.team)}
    for decision in decided:
        _assert_of_one_version(decision, rules)
    # Otherwise nothing was published while leads flowed, and the test says nothing.
    assert len({decision.version_id for decision in decided}) > 3
    assert Version.objects.filter(rule_set__team=world.team, state="published").count() == 1


def _assert_of_one_version(decision: Decision, rules: dict[UUID, Rule]) -> None:
    """The rule, the pool, every rule looked at and every word are of the decision's version."""
    assert decision.rule_id is not None
    rule = rules[decision.rule_id]
    assert rule.version_id == decision.version_id
    assert rule.pool_id == decision.pool_id
    looked_at = [rules[UUID(entry["rule"])] for entry in decision.trace["rules"]]
    assert {each.version_id for each in looked_at} == {decision.version_id}
    assert [entry["name"] for entry in decision.trace["rules"]] == [each.name for each in looked_at]


def _work(number: int, stop: Any, team_id: UUID) -> int:
    """The first one publishes, over and over; the others capture and route."""
    if number == 0:
        pools = list(Pool.objects.filter(team=team_id).order_by("pk"))
        for round_number in range(1, VERSIONS):
            _publish(Team.objects.get(pk=team_id), pools, round_number)
        return 0
    for _lead in range(LEADS):
        _route(Team.objects.get(pk=team_id))
    return LEADS


def _route(team: Team) -> None:
    """As a web process does it: the team is read anew with each request."""
    now, by = timezone.now(), Access.system(team)
    with transaction.atomic():
        lead = Lead.objects.create(
            team=team, source=Source.objects.get(team=team), country="DE",
            status=Status.objects.get(team=team, kind="new"), received_at=now,
        )  # fmt: skip
        services.route(lead, door=Door.WEBHOOK, by=by, now=now)


def _publish(team: Team, pools: list[Pool], number: int) -> None:
    """Every version calls its rules otherwise and sends leads to the other pool."""
    by, now = Access.system(team), timezone.now()
    rule_set = RuleSet.objects.get(team=team)
    draft = versions.draft_of(rule_set, by=by, now=now)
    germany = {"all": [{"field": "country", "op": "is", "value": "DE"}]}
    here, there = pools[number % 2], pools[(number + 1) % 2]
    keys = list(draft.rules.order_by("position").values_list("key", flat=True))
    first = _to(f"Germany {number}", here, germany)
    if len(keys) == 1:
        versions.add_rule(rule_set, first, by=by, now=now)
    else:
        versions.save_rule(rule_set, keys[0], first, by=by, now=now)
    versions.save_rule(rule_set, keys[-1], _to(f"Rest {number}", there, {}), by=by, now=now)
    versions.publish(rule_set, by=by, now=now)


def _to(name: str, pool: Pool, conditions: dict[str, Any]) -> RuleFields:
    return RuleFields(
        name=name, destination=Destination.POOL, conditions=conditions, pool_id=pool.pk
    )
