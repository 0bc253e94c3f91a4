"""The pages of a merge: find the other lead, look at both, choose."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.assignments.models import Decision
from apps.leads.models import Activity, Lead
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Role
from tests.assignments.pairs import merge, owned
from tests.assignments.world import NOW, World


@pytest.fixture
def mia(world: World) -> Membership:
    return world.member("Mia")


@pytest.fixture
def jonas(world: World) -> Membership:
    return world.member("Jonas")


@pytest.fixture
def manager(world: World) -> Access:
    return world.access(world.member("Henrike", role=Role.MANAGER))


@pytest.fixture
def browser(world: World, manager: Access) -> Client:
    client = Client()
    assert manager.user is not None
    client.force_login(manager.user)
    return client


def path(world: World, lead: Lead, rest: str = "") -> str:
    return f"/t/{world.team.slug}/leads/{lead.pk}/{rest}"


def test_the_preview_shows_both_side_by_side(
    world: World, mia: Membership, jonas: Membership, browser: Client
) -> None:
    lead = owned(world, mia, name="Rosa Steiner", city="Graz")
    other = owned(world, jonas, name="R. Steiner", company="Isarwerk", city="Graz")

    page = browser.get(path(world, lead, f"merge/{other.pk}/")).content.decode()

    assert 'name="field.name"' in page
    assert 'name="field.city"' not in page  # they agree
    assert "Isarwerk" in page
    assert 'name="owner"' in page


def test_merging_from_the_page_takes_what_was_chosen(
    world: World, mia: Membership, jonas: Membership, browser: Client
) -> None:
    lead = owned(world, mia, name="Rosa Steiner")
    other = owned(world, jonas, name="R. Steiner")
    form = {
        "field.name": "other", "owner": "other", "version": lead.version,
        "other_version": other.version,
    }  # fmt: skip

    answer = browser.post(path(world, lead, f"merge/{other.pk}/"), form)

    lead.refresh_from_db()
    assert answer.status_code == 302
    assert (lead.name, lead.owner_id) == ("R. Steiner", jonas.pk)


def test_the_address_of_the_merged_lead_leads_to_the_other(
    world: World, mia: Membership, manager: Access, browser: Client
) -> None:
    lead, other = owned(world, mia), owned(world, mia)
    merge(lead, other, manager)

    answer = browser.get(path(world, other))

    assert (answer.status_code, answer["Location"]) == (302, path(world, lead))


def test_it_leads_nowhere_for_those_who_may_not_see_the_other(
    world: World, mia: Membership, jonas: Membership, manager: Access
) -> None:
    lead, other = owned(world, mia), owned(world, mia)
    merge(lead, other, manager)
    client = Client()
    client.force_login(jonas.user)

    assert client.get(path(world, other)).status_code == 404


def test_the_timeline_shows_what_happened_to_both(
    world: World, mia: Membership, manager: Access, browser: Client
) -> None:
    lead, other = (
        owned(world, mia, message="First words"),
        owned(world, mia, message="Second words"),
    )
    for one in (lead, other):
        Activity.objects.create(
            team=world.team, lead=one, kind="received", at=NOW, via="system",
            data={"source": f"Source of {one.message}"},
        )  # fmt: skip
    merge(lead, other, manager)

    page = browser.get(path(world, lead)).content.decode()

    assert "Source of First words" in page
    assert "Source of Second words" in page
    assert "Second words</p>" in page


def test_the_decisions_of_the_merged_lead_can_be_read(
    world: World, mia: Membership, manager: Access, browser: Client
) -> None:
    lead, other = owned(world, mia), owned(world, mia)
    decision = Decision.objects.get(lead=other)
    merge(lead, other, manager)

    answer = browser.get(f"/t/{world.team.slug}/decisions/{decision.pk}/")

    assert answer.status_code == 200


HOSTILE = [
    {},
    {"version": "x", "other_version": "\x00"},
    {"version": "9" * 400, "other_version": "-1"},
    {"version": "1", "other_version": "²"},
]


@pytest.mark.parametrize("form", HOSTILE)
def test_odd_versions_are_answered_with_a_look_at_both(
    world: World, mia: Membership, browser: Client, form: dict[str, str]
) -> None:
    lead, other = owned(world, mia), owned(world, mia)

    answer = browser.post(path(world, lead, f"merge/{other.pk}/"), form)

    assert answer.status_code == 422
    assert Lead.objects.filter(merged_into=None, team=world.team).count() == 2


def test_odd_choices_leave_it_as_it_is(world: World, mia: Membership, browser: Client) -> None:
    lead, other = owned(world, mia, name="Rosa"), owned(world, mia, name="R.")
    form = {
        "version": lead.version, "other_version": other.version, "field.name": "\x00both",
        "field.": "other", "field.owner_id": "other", "owner": "x" * 9000, "status": "7",
    }  # fmt: skip

    answer = browser.post(path(world, lead, f"merge/{other.pk}/"), form)

    lead.refresh_from_db()
    assert (answer.status_code, lead.name, lead.owner_id) == (302, "Rosa", mia.pk)


def test_a_lead_and_itself_have_no_preview(world: World, mia: Membership, browser: Client) -> None:
    lead = owned(world, mia)

    for method in (browser.get, browser.post):
        assert method(path(world, lead, f"merge/{lead.pk}/")).status_code == 404


@pytest.mark.parametrize("words", ["steiner", "\x00", "%' OR 1=1", "x" * 5000, ""])
def test_the_other_lead_can_be_searched_for(
    world: World, mia: Membership, browser: Client, words: str
) -> None:
    lead, other = owned(world, mia), owned(world, mia, name="Rosa Steiner")

    page = browser.get(path(world, lead, "merge/"), {"q": words})

    assert page.status_code == 200
    assert (f"merge/{other.pk}/" in page.content.decode()) == (words == "steiner")
