"""What an experiment's page says of its leads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now as clock

from apps.experiments import results
from apps.rules import experiments
from apps.rules.experiments import VariantFields
from apps.rules.models import Experiment, Pool, Variant
from apps.rules.pools import services as pools
from apps.rules.pools.settings import PoolSettings
from apps.teams.access import Access
from apps.teams.models import Membership
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Membership:
    membership: Membership = factories.MembershipFactory(role="manager")
    return membership


@pytest.fixture
def manager(member: Membership) -> Access:
    return Access.of(member)


@pytest.fixture
def signed_in(client: Client, member: Membership) -> Client:
    client.force_login(member.user)
    return client


@pytest.fixture
def pool(manager: Access) -> Pool:
    return pools.create_pool(manager.team, PoolSettings(name="East"), by=manager, now=clock())


@pytest.fixture
def running(manager: Access, pool: Pool) -> Experiment:
    made = experiments.prepare(
        manager.team, name="Shorter offers", subject=pool, measure="conversion", horizon_days=30,
        variants=[
            VariantFields("As now", 50), VariantFields("One hop", 50, settings={"max_hops": 1}),
        ],
        by=manager, now=clock(),
    )  # fmt: skip
    return experiments.start(made, by=manager, now=clock())


def lead_of(variant: Variant, *, days_ago: float, **moments: Any) -> None:
    received = clock() - timedelta(days=days_ago)
    lead = factories.LeadFactory(team=variant.team, received_at=received, **moments)
    factories.DecisionFactory(team=variant.team, lead=lead, variant=variant, at=received)


def won(days_ago: float, after_days: float) -> dict[str, Any]:
    closed = clock() - timedelta(days=days_ago - after_days)
    return {"days_ago": days_ago, "status_kind": "won", "closed_at": closed}


def test_a_lead_is_judged_when_its_horizon_is_over(running: Experiment) -> None:
    first = running.variants.get(position=0)
    lead_of(first, **won(40, after_days=5))
    lead_of(first, **won(40, after_days=35))  # won, but too late to count
    lead_of(first, days_ago=40)
    lead_of(first, **won(10, after_days=5))  # too young to be judged

    found = results.results(running, now=clock()).variants[0]

    assert (found.arm.leads, found.arm.judged, found.arm.succeeded) == (4, 3, 1)


def test_spam_tests_and_deleted_leads_are_left_out(running: Experiment) -> None:
    first = running.variants.get(position=0)
    lead_of(first, days_ago=40, is_spam=True)
    lead_of(first, days_ago=40, is_test=True)
    lead_of(first, days_ago=40, deleted_at=clock())

    assert results.results(running, now=clock()).leads == 0


def test_a_lead_counts_once_for_the_variant_of_its_first_decision(running: Experiment) -> None:
    first, second = running.variants.order_by("position")
    lead = factories.LeadFactory(team=running.team, received_at=clock() - timedelta(days=40))
    for minutes, variant in enumerate((first, second)):
        at = clock() - timedelta(days=40) + timedelta(minutes=minutes)
        factories.DecisionFactory(team=running.team, lead=lead, variant=variant, at=at)

    found = results.results(running, now=clock())

    assert [each.arm.leads for each in found.variants] == [1, 0]


def test_the_page_says_that_there_are_not_enough_leads_yet(
    signed_in: Client, running: Experiment
) -> None:
    lead_of(running.variants.get(position=0), days_ago=40)
    page = signed_in.get(address(running, "experiment")).content.decode()

    assert "Not enough leads yet: 1 of about 7,700" in page


def address(experiment: Experiment, name: str) -> str:
    named = {"team": experiment.team.slug, "experiment": experiment.pk}
    return reverse(f"experiments:{name}", kwargs=named)


def test_stopping_keeps_the_variant_that_was_chosen(
    signed_in: Client, running: Experiment, pool: Pool
) -> None:
    winner = running.variants.get(name="One hop")

    signed_in.post(address(running, "stop"), {"keep": str(winner.pk)})

    running.refresh_from_db()
    pool.refresh_from_db()
    assert (running.state, pool.max_hops) == ("stopped", 1)


@pytest.mark.parametrize("keep", ["00000000-0000-4000-8000-000000000009", "x", "\x00", "1" * 5000])
def test_a_variant_of_nothing_is_not_kept(
    signed_in: Client, running: Experiment, keep: str
) -> None:
    answer = signed_in.post(address(running, "stop"), {"keep": keep})

    running.refresh_from_db()
    assert (answer.status_code, running.state) == (404, "running")


def test_a_new_one_is_prepared_from_the_form(
    signed_in: Client, manager: Access, pool: Pool
) -> None:
    new = reverse("experiments:new", kwargs={"team": manager.team.slug})
    sent = {
        "name": "Shorter offers", "measure": "contact", "horizon_days": "14",
        "variant-0-name": "As now", "variant-0-percent": "50",
        "variant-1-name": "Offer", "variant-1-percent": "50",
        "variant-1-handover": "turn:offer", "variant-1-window_seconds": "60",
        "variant-2-name": "", "variant-2-percent": "",
    }  # fmt: skip

    answer = signed_in.post(f"{new}?subject=pool:{pool.pk}", sent)

    made = Experiment.objects.get(team=manager.team)
    assert answer.status_code == 302
    assert made.variants.get(name="Offer").settings == {
        "ranking": "turn", "mode": "offer", "window_seconds": 60,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("variant-1-percent", "", "Use a share from 1 to 99 percent."),
        ("variant-1-percent", "60", "more than 100 percent"),
        ("variant-1-name", "", "compares 2 to"),
        ("variant-1-handover", "turn:claim", "Select a valid choice"),
        ("horizon_days", "0", "greater than or equal to 1"),
        ("name", "\x00", "Null characters"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    signed_in: Client, manager: Access, pool: Pool, field: str, value: str, words: str
) -> None:
    new = reverse("experiments:new", kwargs={"team": manager.team.slug})
    sent = {
        "name": "Shorter offers", "measure": "contact", "horizon_days": "14",
        "variant-0-name": "As now", "variant-0-percent": "50",
        "variant-1-name": "Offer", "variant-1-percent": "50", "variant-1-max_hops": "2",
    }  # fmt: skip

    answer = signed_in.post(f"{new}?subject=pool:{pool.pk}", {**sent, field: value})

    assert answer.status_code == 422
    assert words in answer.content.decode()


@pytest.mark.parametrize(
    "subject",
    ["", "x", "pool:x", "pool:00000000-0000-4000-8000-000000000009", "rules:\x00", "pool:"],
)
def test_a_subject_of_nothing_asks_again(signed_in: Client, manager: Access, subject: str) -> None:
    new = reverse("experiments:new", kwargs={"team": manager.team.slug})

    answer = signed_in.get(new, {"subject": subject})

    assert answer.status_code == 200
    assert "What do you want to try?" in answer.content.decode()
