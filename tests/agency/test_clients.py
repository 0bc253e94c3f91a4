"""The clients of an agency: who stands there, in which order, and what is nobody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.ids import uuid7
from apps.teams.models import AgencyEntry, ClientGrant, Operator, Team
from apps.teams.permissions import Grant
from tests import factories

pytestmark = pytest.mark.django_db
HOSTILE = ["\x00", "9" * 5_000, "' OR 1=1 --", "<script>", "-1", "ünï¢ode"]


@pytest.fixture
def operator() -> Operator:
    return factories.OperatorFactory()


@pytest.fixture
def browser(operator: Operator) -> Client:
    client = Client()
    client.force_login(operator.user)
    return client


def a_client(operator: Operator, name: str, **more: Any) -> ClientGrant:
    team = factories.TeamFactory(name=name, slug=name.lower().replace(" ", "-"))
    factories.StatusFactory(team=team)
    return factories.ClientGrantFactory(agency=operator.agency, team=team, **more)


def untouched(grant: ClientGrant, leads: int, *, hours: int = 2) -> None:
    for n in range(leads):
        when = timezone.now() - timedelta(hours=hours, minutes=n)
        factories.LeadFactory(team=grant.team, received_at=when, name="Greta Geheim")


def test_the_client_with_most_untouched_leads_stands_first(
    operator: Operator, browser: Client
) -> None:
    untouched(a_client(operator, "Quick Kitchens"), 1)
    untouched(a_client(operator, "Casa Verde"), 3)
    a_client(operator, "Able Dental")

    page = browser.get(f"/agency/{operator.agency.slug}/")

    names = [row.team.name for row in page.context["page"]]
    assert names == ["Casa Verde", "Quick Kitchens", "Able Dental"]
    assert page.context["total"].untouched == 4


def test_whoever_grants_figures_alone_shows_no_lead(operator: Operator, browser: Client) -> None:
    figures, whole = a_client(operator, "Figures Only"), a_client(
        operator, "Whole", allows=[Grant.SEE_LEADS], is_masked=False
    )  # fmt: skip
    untouched(figures, 1)
    untouched(whole, 1)

    address = f"/agency/{operator.agency.slug}/"
    pages = [browser.get(address)] + [
        browser.get(f"{address}clients/{grant.pk}/") for grant in (figures, whole)
    ]

    text = [page.content.decode() for page in pages]
    assert "/t/whole/leads/?" in text[0]
    assert "/t/figures-only/leads/" not in text[0] + text[1]
    assert "Geheim" not in "".join(text)


def test_another_agency_and_an_ended_grant_find_nothing(
    operator: Operator, browser: Client
) -> None:
    mine = a_client(operator, "Mine")
    ended = a_client(operator, "Ended", ended_at=timezone.now())
    theirs = a_client(factories.OperatorFactory(), "Theirs")
    address = f"/agency/{operator.agency.slug}/"

    assert browser.get(f"{address}clients/{mine.pk}/").status_code == 200
    for grant in (ended, theirs):
        assert browser.get(f"{address}clients/{grant.pk}/").status_code == 404
        assert browser.post(f"{address}clients/{grant.pk}/sort/", {"group": "x"}).status_code == 404
        page = browser.get(f"{address}compare/", {"client": [str(grant.pk), str(mine.pk)]})
        assert [row.team.name for row in page.context["rows"]] == ["Mine"]
    assert [row.team.name for row in browser.get(address).context["page"]] == ["Mine"]
    assert set(ClientGrant.objects.values_list("group", flat=True)) == {""}


def test_groups_and_tags_are_kept_and_found(operator: Operator, browser: Client) -> None:
    grant = a_client(operator, "Casa Verde")
    a_client(operator, "Able Dental")
    address = f"/agency/{operator.agency.slug}/"

    answer = browser.post(
        f"{address}clients/{grant.pk}/sort/", {"group": "South", "tags": "#pools, vip, vip,"}
    )

    assert answer.status_code == 302
    grant.refresh_from_db()
    assert (grant.group, grant.tags) == ("South", ["pools", "vip"])
    assert AgencyEntry.objects.filter(action="client.sorted").count() == 1
    for asked in ({"group": "South"}, {"tag": "vip"}, {"q": "verde"}, {"q": "POOLS casa"}):
        names = [row.team.name for row in browser.get(address, asked).context["page"]]
        assert names == ["Casa Verde"], asked


@pytest.mark.parametrize("sort", ["name", "warnings", "leads", "median", "p90", "within",
                                  "contacted", "won", "last", "nonsense"])  # fmt: skip
def test_every_order_works_with_clients_that_have_no_figures(
    operator: Operator, browser: Client, sort: str
) -> None:
    untouched(a_client(operator, "Casa Verde"), 1)
    a_client(operator, "Able Dental")
    page = browser.get(f"/agency/{operator.agency.slug}/", {"sort": sort})
    assert {row.team.name for row in page.context["page"]} == {"Casa Verde", "Able Dental"}


@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_words_are_answered(operator: Operator, browser: Client, word: str) -> None:
    grant = a_client(operator, "Casa Verde")
    address = f"/agency/{operator.agency.slug}/"
    asked = dict.fromkeys(("q", "group", "tag", "sort", "period", "page"), word)
    assert browser.get(address, asked).status_code == 200
    assert browser.get(f"{address}compare/", {"client": word, "period": word}).status_code == 200
    page = browser.get(f"{address}clients/{grant.pk}/", {"period": word})
    assert page.status_code == 200
    posted = browser.post(f"{address}clients/{grant.pk}/sort/", {"group": word, "tags": word})
    assert posted.status_code in (302, 422)


def test_at_most_six_are_compared(operator: Operator, browser: Client) -> None:
    grants = [a_client(operator, f"Client {n}") for n in range(8)]
    untouched(grants[0], 1)
    asked = {"client": [str(grant.pk) for grant in grants] + [str(uuid7())]}
    page = browser.get(f"/agency/{operator.agency.slug}/compare/", asked)
    assert len(page.context["rows"]) == 6
    line = next(line for line in page.context["lines"] if line.title == "Untouched now")
    assert [cell.is_worst for cell in line.cells] == [True] + [False] * 5


def test_an_agency_without_clients_reads_how_to_get_one(
    operator: Operator, browser: Client
) -> None:
    page = browser.get(f"/agency/{operator.agency.slug}/")
    assert b"No client lets you look yet" in page.content


def test_five_hundred_clients_take_no_more_statements_than_five(
    operator: Operator, browser: Client
) -> None:
    now = timezone.now()
    teams = Team.objects.bulk_create(
        Team(name=f"Client {n:03}", slug=f"client-{n:03}") for n in range(500)
    )
    ClientGrant.objects.bulk_create(
        ClientGrant(team=team, agency=operator.agency, granted_at=now, via="membership",
                    warned={"slow": now.isoformat()}) for team in teams
    )  # fmt: skip
    operator.agency.sending_team = factories.TeamFactory()
    operator.agency.save()
    cache.clear()

    with CaptureQueriesContext(connection) as seen:
        page = browser.get(f"/agency/{operator.agency.slug}/")

    assert page.context["count"] == 500
    assert len(page.context["page"]) == 50
    assert len(seen) <= 16, [query["sql"][:120] for query in seen]
