"""Experiments while leads flow: each lead belongs to one variant, which its decision names."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from apps.assignments.models import Decision
from apps.assignments.services import expire_due
from apps.leads.models import Lead
from apps.rules.models import Experiment, Mode, Pool, RuleSet, Variant, Version
from apps.teams.access import Access
from apps.teams.models import Team
from tests.assignments.world import NOW, World, overdue_offer

pytestmark = pytest.mark.django_db

LEADS = 40


def runs(world: World, subject: RuleSet | Pool, *arms: dict[str, Any]) -> list[Variant]:
    """An experiment on the subject that began before the leads came."""
    on: dict[str, Any] = {"rule_set" if isinstance(subject, RuleSet) else "pool": subject}
    experiment = Experiment.objects.create(
        team=world.team, name="Trial", state=Experiment.State.RUNNING, created_at=NOW,
        started_at=NOW, via="membership", **on,
    )  # fmt: skip
    made = [
        Variant.objects.create(
            team=world.team, experiment=experiment, position=place, name=f"Arm {place}",
            **{"percent": 50, **arm},
        )
        for place, arm in enumerate(arms)
    ]  # fmt: skip
    Team.objects.filter(pk=world.team.pk).update(routing_version=F("routing_version") + 1)
    world.team.refresh_from_db()
    world.system = Access.system(world.team)
    return made


def variant_of(lead: Lead) -> Variant | None:
    return Decision.objects.filter(lead=lead).latest("at", "id").variant


def test_versions_of_the_rules_share_the_leads_and_decisions_say_which(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    tried: Version = world.rules(world.pool(jonas))
    live = world.rules(world.pool(mia))
    one, other = runs(world, world.rule_set, {"version": live}, {"version": tried})

    leads = [world.routed() for _ in range(LEADS)]

    owner = {one.pk: mia.pk, other.pk: jonas.pk}
    variants = [variant_of(lead) for lead in leads]
    assert {variant.pk for variant in variants if variant} == {one.pk, other.pk}
    assert all(v and owner[v.pk] == lead.owner_id for v, lead in zip(variants, leads, strict=True))
    decided = Decision.objects.filter(variant=other).first()
    assert decided is not None
    assert decided.version == tried
    (told,) = decided.trace["variants"]
    assert (told["variant"], told["arm"]) == (str(other.pk), "Arm 1")


def test_a_lead_that_goes_on_stays_in_its_variant(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    versions = [
        world.rules(world.pool(mia, jonas, mode=Mode.OFFER, max_hops=2, name=name))
        for name in ("one", "other")
    ]
    runs(world, world.rule_set, *({"version": version} for version in versions))
    leads = [world.routed() for _ in range(8)]
    before = {lead.pk: variant_of(lead) for lead in leads}

    for lead in leads:
        overdue_offer(lead)
    expire_due()

    assert {lead.pk: variant_of(lead) for lead in leads} == before
    assert Decision.objects.filter(door="expiry").count() == len(leads)


def test_a_pool_is_tried_with_other_settings(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    pool = world.pool(mia, jonas)
    world.rules(pool)
    one, other = runs(world, pool, {}, {"settings": {"ranking": "fixed", "mode": "offer"}})

    leads = [world.routed() for _ in range(LEADS)]

    stages = {one.pk: Lead.Stage.OWNED, other.pk: Lead.Stage.OFFERED}
    assert all((v := variant_of(lead)) and lead.stage == stages[v.pk] for lead in leads)
    offered = Decision.objects.filter(variant=other)
    assert 0 < offered.count() < LEADS
    assert {decision.chosen_id for decision in offered} == {mia.pk}
    pool.refresh_from_db()
    assert (pool.ranking, pool.mode) == ("turn", "assign")


def test_leads_beyond_all_shares_are_in_no_variant(world: World) -> None:
    pool = world.pool(world.member("Mia"))
    world.rules(pool)
    runs(world, pool, {"percent": 20}, {"percent": 20, "settings": {"ranking": "fixed"}})

    leads = [world.routed() for _ in range(LEADS)]

    outside = [lead for lead in leads if variant_of(lead) is None]
    assert 0 < len(outside) < LEADS
    assert all(lead.stage == Lead.Stage.OWNED for lead in outside)


def test_leads_that_came_before_it_began_have_no_part_in_it(world: World) -> None:
    pool = world.pool(world.member("Mia"))
    world.rules(pool)
    runs(world, pool, {}, {"settings": {"ranking": "fixed"}})

    lead = world.routed(now=NOW - timedelta(seconds=1))

    assert variant_of(lead) is None


def test_an_experiment_costs_no_statement(world: World, django_assert_num_queries: Any) -> None:
    pool = world.pool(world.member("Mia"))
    world.rules(pool)
    runs(world, pool, {}, {"settings": {"ranking": "fixed"}})
    world.routed()
    lead = world.lead()

    with django_assert_num_queries(4 + 2):
        world.route(lead)
