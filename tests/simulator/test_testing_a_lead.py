"""One lead is tested as it is typed: the whole decision, and nothing of it is kept."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.leads.models import CustomField
from apps.rules.models import Pool, Seat
from tests.assignments.world import World
from tests.house.world import fingerprint
from tests.simulator.acts import Go, draft, text

pytestmark = pytest.mark.django_db


def test_one_lead_is_tested_against_what_is_live(desk: Client, pool: Pool, go: Go) -> None:
    page = text(desk.post(go("test_lead"), {"version": "live", "country": "Germany"}))

    assert "Rule 1" in page
    assert "matches" in page
    assert "Ann" in page
    assert "0.50 due" in page


def test_the_rule_that_does_not_match_says_what_it_needs(desk: Client, pool: Pool, go: Go) -> None:
    page = text(desk.post(go("test_lead"), {"version": "live", "country": "France"}))

    assert "does not match: it needs country is DE" in page.replace("Country", "country")


def test_one_lead_is_tested_against_a_draft(world: World, desk: Client, pool: Pool, go: Go) -> None:
    made = draft(world, world.pool(world.member("Eva"), name="New"))

    page = text(desk.post(go("test_lead"), {"version": str(made.pk), "country": "DE"}))

    assert "Eva" in page


def test_testing_a_lead_changes_nothing(world: World, desk: Client, pool: Pool, go: Go) -> None:
    before = fingerprint()

    for _again in range(3):
        desk.post(
            go("test_lead"), {"version": "live", "country": "DE"}, headers={"HX-Request": "true"}
        )

    assert fingerprint() == before
    assert set(Seat.objects.values_list("credit", flat=True)) == {0}


def test_the_answer_is_the_one_that_a_lead_gets_next(
    world: World, desk: Client, pool: Pool, go: Go
) -> None:
    for _number in range(3):
        page = text(desk.post(go("test_lead"), {"version": "live", "country": "DE"}))
        owner = world.routed(country="DE").owner
        assert owner is not None
        assert f'<h2 id="where">{owner}</h2>' in page


def test_a_lead_that_is_there_fills_the_form(
    world: World, desk: Client, pool: Pool, go: Go
) -> None:
    lead = world.lead(country="DE", company="Volt AG", facts={"employees": 900})

    page = text(desk.get(go("test_lead"), {"lead": str(lead.pk)}))

    assert 'value="Volt AG"' in page
    assert 'value="900"' in page
    assert "Rule 1" in page


def test_own_fields_are_asked_for_too(world: World, desk: Client, pool: Pool, go: Go) -> None:
    CustomField.objects.create(
        team=world.team, key="site", label="Site", type="choice", options=["Depot", "Street"]
    )
    condition = {"field": "custom.site", "op": "is", "value": "Depot"}
    world.rules({"conditions": condition, "pool": pool}, {"destination": "manager"})

    page = text(desk.post(go("test_lead"), {"version": "live", "custom.site": "Depot"}))

    assert "Site" in page
    assert "Ann" in page


@pytest.mark.parametrize(
    "given",
    [
        {"version": "x"},
        {"version": "live", "country": "\x00"},
        {"version": "live", "company": "x" * 100_000},
        {"version": "live", "at": "yesterday"},
        {"version": "live", "at": "0001-01-01T00:00"},
        {"version": "live", "budget": "1e999", "employees": "NaN", "decision_maker": "maybe"},
        {"version": "live", "email": "@", "phone": "☎" * 40, "score": "-99999999999999999999"},
        {},
    ],
)
def test_whatever_is_typed_is_answered(
    desk: Client, pool: Pool, go: Go, given: dict[str, str]
) -> None:
    response = desk.post(go("test_lead"), given, headers={"HX-Request": "true"})

    assert response.status_code == 200


@pytest.mark.parametrize("asked_for", ["x", "00000000-0000-4000-8000-000000000009", "\x00"])
def test_a_lead_that_is_not_ours_fills_nothing(desk: Client, go: Go, asked_for: str) -> None:
    assert desk.get(go("test_lead"), {"lead": asked_for}).status_code == 200
