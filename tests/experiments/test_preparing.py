"""Preparing, starting and stopping experiments."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from apps.routing import splits
from apps.rules import experiments
from apps.rules.experiments import VariantFields
from apps.rules.models import Experiment, Pool, RuleSet, Version
from apps.rules.pools import services as pools
from apps.rules.pools.settings import PoolSettings
from apps.rules.refusals import Refused
from apps.rules.sets import versions
from apps.rules.sets.checking import RuleFields
from apps.teams.access import Access
from apps.teams.models import Team
from tests import factories
from tests.factories.teams import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> Access:
    return Access.of(factories.MembershipFactory(role="manager"))


@pytest.fixture
def pool(manager: Access) -> Pool:
    return pools.create_pool(manager.team, PoolSettings(name="East"), by=manager, now=NOW)


def prepared(manager: Access, subject: RuleSet | Pool, *variants: VariantFields) -> Experiment:
    return experiments.prepare(
        manager.team, name="Shorter offers", subject=subject, variants=variants,
        measure="conversion", horizon_days=30, by=manager, now=NOW,
    )  # fmt: skip


def halves(pool: Pool) -> tuple[VariantFields, VariantFields]:
    return (
        VariantFields("As now", 50),
        VariantFields("60 s", 50, settings={"mode": "offer", "window_seconds": 60}),
    )


def fresh(team: Team) -> Team:
    team.refresh_from_db()
    return team


def test_a_running_experiment_gives_every_lead_its_variant_for_good(
    manager: Access, pool: Pool
) -> None:
    experiment = experiments.start(prepared(manager, pool, *halves(pool)), by=manager, now=NOW)
    running = experiments.of_pool(fresh(manager.team), pool.pk)
    leads = [uuid4() for _ in range(4000)]

    assert running is not None
    assert running.id == experiment.pk
    arms = [running.arm_of(lead) for lead in leads]
    assert arms == [running.arm_of(lead) for lead in leads]
    second = sum(arm is not None and arm.name == "60 s" for arm in arms)
    assert 1800 < second < 2200


def test_shares_below_a_hundred_leave_the_rest_alone() -> None:
    parts = [splits.part(uuid4(), b"salt", [10, 10]) for _ in range(4000)]

    assert 2900 < parts.count(None) < 3500


def test_two_experiments_split_independently() -> None:
    leads = [uuid4() for _ in range(4000)]

    both = sum(
        splits.part(lead, b"one", [50, 50]) == splits.part(lead, b"two", [50, 50]) for lead in leads
    )

    assert 1800 < both < 2200


def test_an_experiment_that_does_not_run_splits_nothing(manager: Access, pool: Pool) -> None:
    prepared(manager, pool, *halves(pool))

    assert experiments.of_pool(fresh(manager.team), pool.pk) is None


def test_only_one_runs_on_a_pool(manager: Access, pool: Pool) -> None:
    experiments.start(prepared(manager, pool, *halves(pool)), by=manager, now=NOW)
    second = prepared(manager, pool, *halves(pool))

    with pytest.raises(Refused):
        experiments.start(second, by=manager, now=NOW)


def test_keeping_a_variant_sets_the_pool(manager: Access, pool: Pool) -> None:
    experiment = experiments.start(prepared(manager, pool, *halves(pool)), by=manager, now=NOW)
    winner = experiment.variants.get(name="60 s")

    experiments.stop(experiment, keep=winner.pk, by=manager, now=NOW)

    pool.refresh_from_db()
    assert (pool.mode, pool.window_seconds, pool.revision) == ("offer", 60, 2)
    assert experiments.of_pool(fresh(manager.team), pool.pk) is None


def test_stopping_without_a_winner_leaves_everything_as_it_was(manager: Access, pool: Pool) -> None:
    experiment = experiments.start(prepared(manager, pool, *halves(pool)), by=manager, now=NOW)

    experiments.stop(experiment, by=manager, now=NOW)

    pool.refresh_from_db()
    assert (pool.mode, pool.revision) == ("assign", 1)


def test_a_draft_is_frozen_when_it_is_tried(manager: Access, pool: Pool) -> None:
    rule_set = versions.main_set(manager.team)
    versions.draft_of(rule_set, by=manager, now=NOW)
    live = versions.publish(rule_set, by=manager, now=NOW)
    versions.add_rule(
        rule_set, RuleFields(name="All", destination="pool", conditions={}, pool_id=pool.pk),
        by=manager, now=NOW,
    )  # fmt: skip
    draft = versions.draft(rule_set)
    assert draft is not None

    experiment = prepared(
        manager, rule_set,
        VariantFields("Live", 50, version_id=live.pk),
        VariantFields("Draft", 50, version_id=draft.pk),
    )  # fmt: skip

    tried = experiment.variants.get(name="Draft").version
    assert tried is not None
    assert tried.pk != draft.pk
    assert tried.state == Version.State.RETIRED
    assert [rule.name for rule in versions.rules_of(tried)] == ["All", "Everything else"]
    assert versions.published(rule_set) == live

    experiments.start(experiment, by=manager, now=NOW)
    experiments.stop(experiment, keep=experiment.variants.get(name="Draft").pk, by=manager, now=NOW)

    kept = versions.published(rule_set)
    assert kept is not None
    assert [rule.name for rule in versions.rules_of(kept)] == ["All", "Everything else"]


@pytest.mark.parametrize(
    ("variants", "path"),
    [
        ((VariantFields("One", 50),), "variants"),
        ((VariantFields("One", 60), VariantFields("Two", 60, settings={"max_hops": 2})),
         "variants"),
        ((VariantFields("One", 50), VariantFields("Two", 50)), "variants"),
        ((VariantFields("", 50), VariantFields("Two", 50, settings={"max_hops": 2})),
         "variants[0].name"),
        ((VariantFields("One", 0), VariantFields("Two", 50, settings={"max_hops": 2})),
         "variants[0].percent"),
        ((VariantFields("One", 50), VariantFields("Two", 50, settings={"name": "West"})),
         "variants[1].settings"),
        ((VariantFields("One", 50), VariantFields("Two", 50, settings={"max_hops": 0})),
         "variants[1].max_hops"),
    ],
)  # fmt: skip
def test_what_can_not_be_tried_is_refused(
    manager: Access, pool: Pool, variants: tuple[VariantFields, ...], path: str
) -> None:
    with pytest.raises(Refused) as refused:
        prepared(manager, pool, *variants)

    assert path in [problem.path for problem in refused.value.problems]


def test_versions_of_another_team_are_refused(manager: Access) -> None:
    foreign = factories.VersionFactory()

    with pytest.raises(Refused):
        prepared(
            manager, versions.main_set(manager.team),
            VariantFields("One", 50, version_id=foreign.pk),
            VariantFields("Two", 50, version_id=foreign.pk),
        )  # fmt: skip


def test_salespeople_run_no_experiments(manager: Access, pool: Pool) -> None:
    salesperson = Access.of(factories.MembershipFactory(team=manager.team))

    with pytest.raises(PermissionDenied):
        prepared(salesperson, pool, *halves(pool))
