"""What a contacted lead costs each client: in its own currency, never added to another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.agency import client_list
from apps.agency.client_list import ListQuestion
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import ClientGrant, Operator
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Operator:
    return factories.OperatorFactory(agency__currency="EUR")


def a_client(operator: Operator, currency: str, minor: int, contacted: int = 0) -> ClientGrant:
    team = factories.TeamFactory(currency=currency, timezone="UTC")
    source = factories.SourceFactory(team=team)
    factories.StatusFactory(team=team)
    when = timezone.now() - timedelta(days=1)
    for _n in range(contacted):
        factories.LeadFactory(
            team=team, source=source, received_at=when, first_attempt_at=when, first_contact_at=when
        )  # fmt: skip
    cost(team, source, minor, currency)
    return factories.ClientGrantFactory(agency=operator.agency, team=team)


def cost(team: Any, source: Any, minor: int, currency: str) -> None:
    day = timezone.now().date() - timedelta(days=1)
    if minor:
        factories.CostFactory(
            team=team, source=source, starts_on=day, ends_on=day, amount_minor=minor,
            currency=currency,
        )  # fmt: skip


def figures(operator: Operator) -> tuple[dict[Any, Any], client_list.Total]:
    by = AgencyAccess(operator.agency, operator.user, operator)
    question = ListQuestion.read({}, timezone="UTC", now=timezone.now())
    rows = client_list.rows(question, by=by)
    return {row.grant: row for row in rows}, client_list.total(rows)


def test_each_client_counts_in_its_own_currency(operator: Operator) -> None:
    euro, pound = a_client(operator, "EUR", 1000, 4), a_client(operator, "GBP", 900, 2)
    nothing, nobody = a_client(operator, "EUR", 0, 3), a_client(operator, "EUR", 500)

    rows, total = figures(operator)

    assert (rows[euro].per_contacted, rows[euro].spent.currency) == (250, "EUR")
    assert (rows[pound].per_contacted, rows[pound].spent.currency) == (450, "GBP")
    assert rows[nothing].per_contacted is None
    assert rows[nobody].per_contacted is None
    assert total.per_contacted is None, "euros and pounds are never added"


def test_one_currency_is_added(operator: Operator) -> None:
    a_client(operator, "EUR", 1000, 4)
    a_client(operator, "EUR", 500)
    a_client(operator, "EUR", 0, 3)

    _rows, total = figures(operator)

    assert (total.per_contacted, total.currency) == (375, "EUR")


def test_costs_of_two_currencies_of_one_client_say_nothing(operator: Operator) -> None:
    grant = a_client(operator, "EUR", 1000, 4)
    source = factories.SourceFactory(team=grant.team)
    cost(grant.team, source, 700, "USD")

    rows, _total = figures(operator)

    assert rows[grant].spent is None


def test_the_pages_name_a_currency_that_is_not_the_agencys(operator: Operator) -> None:
    grant = a_client(operator, "GBP", 900, 2)
    browser, base = Client(), f"/agency/{operator.agency.slug}/"
    browser.force_login(operator.user)

    pages = [browser.get(base), browser.get(f"{base}clients/{grant.pk}/")]

    for page in pages:
        assert "4.50" in page.content.decode()
        assert "GBP" in page.content.decode()


def test_more_clients_take_no_more_statements(operator: Operator) -> None:
    counted = []
    for number in (1, 5):
        for _n in range(number):
            a_client(operator, "EUR", 100)  # leads that were not counted yet are, team by team
        with CaptureQueriesContext(connection) as asked:
            figures(operator)
        counted.append(len(asked))
    assert counted[0] == counted[1]
