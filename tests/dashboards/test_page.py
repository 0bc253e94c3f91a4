"""The team dashboard: definitions beside figures, and the leads behind each of them."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.dashboards.views.team import MEMBERS
from apps.leads.models import StatusKind
from apps.teams.models import Membership
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db
PAGE = "/t/acme/dashboard/"


@pytest.fixture
def manager(world: World) -> Membership:
    return world.member("Henrike", role="manager")


@pytest.fixture
def browser(manager: Membership) -> Client:
    client = Client()
    client.force_login(manager.user)
    return client


@pytest.fixture
def leads(world: World) -> None:
    """Twelve leads of today and yesterday, owned by Mia; two of them untouched."""
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    for number in range(12):
        received = NOW - timedelta(hours=1 + number, minutes=1)
        lead = world.routed(now=received)
        if number > 1:
            lead.first_attempt_at = received + timedelta(minutes=number)
            lead.status_kind = StatusKind.WON if number > 9 else StatusKind.WORKING
            lead.status = world.statuses[StatusKind(lead.status_kind)]
            lead.first_contact_at = lead.first_attempt_at if number > 5 else None
            lead.save()


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return unescape(response.content.decode())


def listed(client: Client, address: str) -> int:
    """How many leads the list at this address shows."""
    return text(client, address).count("data-row")


def test_it_takes_few_statements_however_many_members(
    world: World, browser: Client, leads: None
) -> None:
    for number in range(20):
        world.member(f"Member{number}")
    browser.get(PAGE)

    with CaptureQueriesContext(connection) as queries:
        browser.get(PAGE)

    assert 4 < len(queries) <= 17, "\n".join(query["sql"][:120] for query in queries)


@pytest.mark.parametrize(
    ("label", "figure"),
    [
        ("Median speed to lead", 12), ("Within target", 4), ("Untouched now", 2),
        ("Contact rate", 6), ("Won", 2),
    ],
)  # fmt: skip
def test_a_key_figure_leads_to_its_leads(
    browser: Client, leads: None, label: str, figure: int
) -> None:
    page = text(browser, PAGE)
    found = re.search(rf'<a class="kpi" href="([^"]+)"[^>]*><span class="dt">{label}<', page)
    assert found

    assert listed(browser, found[1]) == figure


def test_of_very_many_members_it_shows_those_with_most_untouched_leads(
    world: World, browser: Client, leads: None
) -> None:
    for number in range(MEMBERS + 5):
        world.member(f"Extra{number:02}")

    shown = text(browser, PAGE)

    assert shown.count('data-l="Turns, due"') == MEMBERS
    assert ">Mia<" in shown, "two of her leads are untouched"
    assert f"{MEMBERS} of {MEMBERS + 6}: those who leave most leads untouched" in shown
    assert "/t/acme/dashboard/by/member/" in shown


def test_a_bar_leads_to_its_leads(browser: Client, leads: None) -> None:
    page = text(browser, PAGE)

    bars = re.findall(r'<a href="([^"]+band=[^"]+)" aria-label="[^"]*: (\d+)"', page)

    assert len(bars) == 9
    for address, figure in bars:
        assert listed(browser, address) == int(figure)


@pytest.mark.parametrize("table", ["members", "sources"])
def test_a_number_in_a_table_leads_to_its_leads(browser: Client, leads: None, table: str) -> None:
    section = text(browser, PAGE).partition(f'id="{table}"')[2].partition("</table>")[0]

    links = re.findall(
        r'class="figure-link[^"]*" href="([^"]+)">(?:<b>)?(\d+)(?:</b>)?</a>', section
    )

    assert links
    for address, figure in links:
        assert listed(browser, address) == int(figure), address


def test_business_hours_keep_numbers_and_leads_together(browser: Client, leads: None) -> None:
    page = text(browser, f"{PAGE}?clock=business")

    for address, figure in re.findall(r'href="([^"]+band=[^"]+)" aria-label="[^"]*: (\d+)"', page):
        assert listed(browser, address) == int(figure)


def test_each_chart_has_a_finding_a_definition_a_table_and_csv(
    browser: Client, leads: None
) -> None:
    page = text(browser, PAGE)

    for chart in ("bands", "speed", "arrivals", "volume"):
        figure = page.partition(f'id="{chart}"')[2].partition("</figure>")[0]
        assert re.search(r"</h2><p>[^<]{10,}</p>", figure), chart
        assert re.search(r"<figcaption>[^<]{20,}", figure), chart
        assert "<svg" in figure
        assert "<table" in text(browser, f"{PAGE}?table={chart}").partition(f'id="{chart}"')[2]


def test_nothing_on_it_is_styled_or_scripted_inline(browser: Client, leads: None) -> None:
    page = text(browser, PAGE)

    assert not re.search(r"\sstyle=", page)
    assert "<script>" not in page


@pytest.mark.parametrize("figure", ["bands", "speed", "volume", "arrivals", "members", "sources"])
def test_a_figure_as_csv(browser: Client, leads: None, figure: str) -> None:
    response = browser.get(f"/t/acme/dashboard/{figure}.csv")

    assert response["Content-Type"].startswith("text/csv")
    assert len(response.content.decode().splitlines()) > 1


def test_an_unknown_figure_is_404(browser: Client) -> None:
    assert browser.get("/t/acme/dashboard/horoscope.csv").status_code == 404


def test_a_page_that_asks_again_gets_the_figures_alone(browser: Client, leads: None) -> None:
    response = browser.get(PAGE, headers={"hx-request": "true"})

    assert b"<html" not in response.content
    assert b"Median speed to lead" in response.content
    assert "HX-Request" in response["Vary"]


def test_without_leads_it_says_what_is_missing(browser: Client) -> None:
    page = text(browser, PAGE)

    assert "No leads came in this period." in page
    assert "Nobody takes leads yet" in page


@pytest.mark.parametrize("query", ["period=x", "clock=x", "source=x", "source=", "table=x"])
def test_an_address_it_does_not_know_shows_the_usual(browser: Client, query: str) -> None:
    assert browser.get(f"{PAGE}?{query}").status_code == 200


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 200), ("admin", 200), ("salesperson", 403)]
)
def test_who_may_see_it(world: World, role: str, status: int) -> None:
    client = Client()
    client.force_login(world.member("Vera", role=role).user)

    assert client.get(PAGE).status_code == status
