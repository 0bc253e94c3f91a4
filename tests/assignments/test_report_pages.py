"""Reporting a bad lead from its page, and deciding with one tap."""

from __future__ import annotations

from typing import Any

import pytest

from apps.assignments.models import BadLeadReport
from apps.leads.models import Lead
from apps.teams.models import Membership
from apps.teams.permissions import Role
from tests.assignments.test_pages import at, browser_of
from tests.assignments.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(world: World) -> Membership:
    member = world.member("Mia")
    world.rules(world.pool(member, name="DACH"))
    return member


@pytest.fixture
def manager(world: World) -> Membership:
    return world.member("Max", Role.MANAGER)


@pytest.fixture
def lead(world: World, mia: Membership) -> Lead:
    return world.routed(name="Rosa Steiner")


def report(world: World, lead: Lead, by: Membership, **data: Any) -> Any:
    posted = {"reason": "spam", "note": "Sells links", **data}
    return browser_of(by).post(at(world, "report", lead=lead.pk), posted, follow=True)


def test_the_lead_page_asks_and_then_says_that_it_waits(
    world: World, lead: Lead, mia: Membership
) -> None:
    page = at(world, "lead", lead=lead.pk)
    before = browser_of(mia).get(page).content.decode()

    after = report(world, lead, mia).content.decode()

    assert 'id="report"' in before
    assert 'id="report"' not in after
    assert "Mia reported this lead: spam" in after


def test_the_manager_sees_who_why_and_what_comes_back(
    world: World, lead: Lead, mia: Membership, manager: Membership
) -> None:
    report(world, lead, mia)

    page = browser_of(manager).get(at(world, "reports")).content.decode()

    for words in ("Rosa Steiner", "reported by Mia", "Sells links", "gives the turn in DACH back"):
        assert words in page
    assert 'data-count="reports"' in page


@pytest.mark.parametrize(("deed", "state"), [("accept", "accepted"), ("refuse", "refused")])
def test_one_tap_decides_and_the_second_says_that_it_is_decided(
    world: World, lead: Lead, mia: Membership, manager: Membership, deed: str, state: str
) -> None:
    report(world, lead, mia)
    made = BadLeadReport.objects.get()
    client, where = browser_of(manager), at(world, f"report_{deed}", report=made.pk)

    client.post(where)
    again = client.post(where, follow=True).content.decode()

    made.refresh_from_db()
    assert (made.state, made.decided_by) == (state, manager.user)
    assert "Somebody has decided this already." in again
    assert "Decided lately" in again


@pytest.mark.parametrize(
    "wrong",
    [{"reason": ""}, {"reason": "x" * 5_000}, {"reason": "\x00"}, {"note": "x" * 501}],
)
def test_nonsense_is_shown_at_its_field(
    world: World, lead: Lead, mia: Membership, wrong: dict[str, str]
) -> None:
    answer = report(world, lead, mia, **wrong)

    assert answer.status_code == 422
    assert "field-error" in answer.content.decode() or "field--bad" in answer.content.decode()
    assert not BadLeadReport.objects.exists()


def test_colleagues_can_neither_see_nor_report_it(world: World, lead: Lead) -> None:
    other = world.member("Jonas")

    assert report(world, lead, other).status_code == 404


def test_a_salesperson_does_not_decide(world: World, lead: Lead, mia: Membership) -> None:
    report(world, lead, mia)
    made = BadLeadReport.objects.get()
    client = browser_of(mia)

    assert client.get(at(world, "reports")).status_code == 403
    assert client.post(at(world, "report_accept", report=made.pk)).status_code == 403
    assert BadLeadReport.objects.get().state == "open"


def test_a_deleted_lead_s_report_is_gone(
    world: World, lead: Lead, mia: Membership, manager: Membership
) -> None:
    report(world, lead, mia)
    made = BadLeadReport.objects.get()
    Lead.objects.filter(pk=lead.pk).update(deleted_at=lead.received_at)

    client = browser_of(manager)

    assert "Rosa Steiner" not in client.get(at(world, "reports")).content.decode()
    assert client.post(at(world, "report_accept", report=made.pk)).status_code == 404


def test_many_reports_take_as_many_queries_as_few(
    world: World, mia: Membership, manager: Membership, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        report(world, world.routed(), mia)
    client = browser_of(manager)

    with django_assert_max_num_queries(12):
        assert client.get(at(world, "reports")).status_code == 200
