"""Leads that may be one person: suggested after the capture, never merged by themselves."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.leads import likeness
from apps.leads.companies import company_key
from apps.leads.likeness import alike
from apps.leads.models import KnownApart, Lead, StatusKind
from apps.teams.models import Membership
from apps.teams.permissions import Role
from tests.assignments.world import NOW, World

DUPLICATES = "/t/acme/duplicates/"


def person(world: World, name: str, company: str = "", **fields: Any) -> Lead:
    return world.lead(name=name, company=company, company_key=company_key(company), **fields)


def suggested(*leads: Lead) -> list[Lead | None]:
    likeness.suggest(leads)
    return [Lead.objects.get(pk=lead.pk).merge_suggestion for lead in leads]


@pytest.fixture
def rosa(world: World) -> Lead:
    return person(world, "Rosa Steiner", "Isarwerk Logistik GmbH")


@pytest.fixture
def manager(world: World) -> Membership:
    return world.member("Henrike", role=Role.MANAGER)


def signed_in(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


@pytest.mark.parametrize(
    ("name", "company"),
    [
        ("Rosa Steiner", "Isarwerk Logistik"), ("Steiner, Rosa", "ISARWERK LOGISTIK AG"),
        ("R. Steiner", "Isarwerk"), ("Rosa Stainer", "Isarwerk Logistics Ltd"),
    ],
)  # fmt: skip
def test_who_sounds_alike_in_a_company_that_sounds_alike_is_suggested(
    world: World, rosa: Lead, name: str, company: str
) -> None:
    assert suggested(person(world, name, company)) == [rosa]


@pytest.mark.parametrize(
    ("name", "company"),
    [
        ("Robert Steiner", "Isarwerk Logistik"), ("Rosa Steiner", "Nordhafen"),
        ("Rosa Steiner", ""), ("", "Isarwerk Logistik"),
    ],
)  # fmt: skip
def test_another_person_or_company_is_not(
    world: World, rosa: Lead, name: str, company: str
) -> None:
    assert suggested(person(world, name, company)) == [None]


def test_one_domain_is_one_company(world: World) -> None:
    first = world.lead(name="Rosa Steiner", domain="isarwerk.example")

    assert suggested(world.lead(name="R. Steiner", domain="isarwerk.example")) == [first]


@pytest.mark.parametrize(
    "fields",
    [
        {"deleted_at": NOW}, {"is_test": True}, {"is_spam": True},
        {"status_kind": StatusKind.WON}, {"status_kind": StatusKind.LOST},
    ],
)  # fmt: skip
def test_only_open_leads_that_count_are_suggested(world: World, fields: dict[str, Any]) -> None:
    person(world, "Rosa Steiner", "Isarwerk", **fields)

    assert suggested(person(world, "Rosa Steiner", "Isarwerk")) == [None]


def test_another_teams_lead_is_never_suggested(world: World) -> None:
    person(World("other"), "Rosa Steiner", "Isarwerk")

    assert suggested(person(world, "Rosa Steiner", "Isarwerk")) == [None]


def test_a_lead_that_is_linked_is_no_duplicate(world: World, rosa: Lead) -> None:
    again = person(world, "Rosa Steiner", "Isarwerk Logistik", linked_to=rosa)

    assert suggested(again) == [None]


def test_a_suggestion_of_the_capture_stays(world: World, rosa: Lead) -> None:
    by_phone = world.lead()
    lead = person(world, "Rosa Steiner", "Isarwerk Logistik", merge_suggestion=by_phone)

    assert suggested(lead) == [by_phone]


def test_two_that_came_together_suggest_each_other_once(world: World, rosa: Lead) -> None:
    again = person(world, "Rosa Steiner", "Isarwerk Logistik")

    assert suggested(rosa, again) == [None, rosa]


def test_what_is_not_the_same_is_never_suggested_again(
    world: World, rosa: Lead, manager: Membership
) -> None:
    again = person(world, "Rosa Steiner", "Isarwerk Logistik")
    likeness.suggest([again])

    for _twice in range(2):
        likeness.keep_apart(rosa, again, by=world.access(manager), now=NOW)

    assert suggested(again) == [None]
    assert KnownApart.objects.count() == 1


def test_it_takes_one_statement_however_many_leads(world: World) -> None:
    leads = [person(world, f"{x * 5} {x * 9}", x * 8) for x in "abcdefghijklmnopqrst"]

    with CaptureQueriesContext(connection) as statements:
        likeness.suggest(leads)

    assert len(statements) == 1


def test_names_of_any_script_can_be_compared() -> None:
    odd = ["", " ", "\x00", "王伟", "🙂", "a" * 5000, "Ω", "٣", "i̇"]

    for one in odd:
        for other in odd:
            assert 0 <= alike(one, "k", "", other, "k", "").name <= 100


# The page.


def test_the_page_shows_pairs_with_what_they_share(
    world: World, rosa: Lead, manager: Membership
) -> None:
    again = person(world, "R. Steiner", "Isarwerk")
    likeness.suggest([again])

    page = signed_in(manager).get(DUPLICATES).content.decode()

    assert f"/leads/{rosa.pk}/merge/{again.pk}/" in page
    assert "names alike" in page


def test_a_salesperson_sees_pairs_of_her_own_only(world: World, rosa: Lead) -> None:
    mia = world.member("Mia")
    again = person(world, "Rosa Steiner", "Isarwerk", owner=mia, stage="owned")
    likeness.suggest([again])

    before = signed_in(mia).get(DUPLICATES).content.decode()
    Lead.objects.filter(pk=rosa.pk).update(owner=mia, stage="owned")
    after = signed_in(mia).get(DUPLICATES).content.decode()

    assert str(rosa.pk) not in before
    assert f"/leads/{rosa.pk}/merge/{again.pk}/" in after


def test_keeping_a_pair_apart_takes_it_off_the_page(
    world: World, rosa: Lead, manager: Membership
) -> None:
    again = person(world, "Rosa Steiner", "Isarwerk")
    likeness.suggest([again])
    client = signed_in(manager)

    answer = client.post(f"/t/acme/leads/{rosa.pk}/apart/{again.pk}/", {"back": "duplicates"})

    assert (answer.status_code, answer["Location"]) == (302, DUPLICATES)
    assert str(again.pk) not in client.get(DUPLICATES).content.decode()


def test_the_page_takes_few_statements_however_many_pairs(
    world: World, manager: Membership
) -> None:
    client = signed_in(manager)
    client.get(DUPLICATES)

    def counted() -> int:
        with CaptureQueriesContext(connection) as statements:
            client.get(DUPLICATES)
        return len(statements)

    one = counted()
    for number in range(10):
        older = person(world, f"Person {number}", "Acme")
        person(world, f"Person {number}", "Acme", merge_suggestion=older)

    assert counted() <= one + 1


def test_the_lead_page_says_who_it_may_be_too(
    world: World, rosa: Lead, manager: Membership
) -> None:
    again = person(world, "R. Steiner", "Isarwerk")
    likeness.suggest([again])
    client = signed_in(manager)

    pages = [client.get(f"/t/acme/leads/{one.pk}/").content.decode() for one in (rosa, again)]

    assert all(f"/leads/{rosa.pk}/merge/{again.pk}/" in page for page in pages)


def test_the_lead_page_shows_what_the_person_had_before(
    world: World, rosa: Lead, manager: Membership
) -> None:
    again = person(world, "Rosa Steiner", linked_to=rosa)

    page = signed_in(manager).get(f"/t/acme/leads/{again.pk}/").content.decode()

    assert "Came before or again" in page
    assert f"/t/acme/leads/{rosa.pk}/" in page
