"""The pages of an agency: every address × method for owner, operator, stranger and nobody."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import get_resolver

from apps.accounts.ids import uuid7
from apps.teams.checks import policy_of, walk
from apps.teams.models import Agency, ClientInvitation, Operator, Team
from tests import factories

pytestmark = pytest.mark.django_db

PAGES = [(path, view) for path, view in walk(get_resolver()) if policy_of(view)
         and policy_of(view).kind == "agency"]  # fmt: skip
_PART = re.compile(r"<(?:\w+:)?(\w+)>")


def _path(pattern: str, agency: str) -> str:
    """The address with ids of nothing."""
    words: dict[str, Any] = {"agency": agency}
    return "/" + _PART.sub(lambda match: str(words.get(match[1], uuid7())), pattern)


def _browser(operator: Operator | None = None) -> Client:
    client = Client()
    client.force_login(operator.user if operator else factories.UserFactory())
    return client


def test_every_page_below_an_agency_asks_for_somebody_of_it() -> None:
    wrong = [
        path for path, view in walk(get_resolver())
        if path.startswith("agency/<") and policy_of(view).kind != "agency"
    ]  # fmt: skip
    assert wrong == []
    assert PAGES


def test_strangers_find_no_agency_and_operators_no_settings() -> None:
    agency = factories.AgencyFactory()
    operator = factories.OperatorFactory(agency=agency)
    elsewhere = factories.OperatorFactory()
    former = factories.OperatorFactory(agency=agency, is_active=False)
    clients = {
        "operator": _browser(operator), "elsewhere": _browser(elsewhere),
        "former": _browser(former), "stranger": _browser(), "nobody": Client(),
    }  # fmt: skip
    wrong = []
    for pattern, view in PAGES:
        for method in ("GET", "POST"):
            for who, client in clients.items():
                status = client.generic(method, _path(pattern, agency.slug)).status_code
                needs_owner = policy_of(view).reason == "owner"
                if who == "nobody":
                    expected = status == 302
                elif who == "operator":
                    expected = (status == 403) == needs_owner and status < 500
                else:
                    expected = status == 404
                if not expected:
                    wrong.append(f"{who} {method} {pattern}: {status}")
    assert wrong == []


def test_an_agency_that_is_switched_off_is_gone() -> None:
    operator = factories.OperatorFactory(role=Operator.Role.OWNER)
    browser = _browser(operator)
    address = f"/agency/{operator.agency.slug}/operators/"
    assert browser.get(address).status_code == 200

    Agency.objects.update(is_active=False)

    assert browser.get(address).status_code == 404


def test_somebody_starts_an_agency() -> None:
    browser = _browser()

    answer = browser.post(
        "/agencies/start/", {"name": "Fieldnote", "timezone": "Europe/Vienna", "currency": "usd"}
    )

    agency = Agency.objects.get()
    assert answer["Location"] == f"/agency/{agency.slug}/invitations/"
    assert (agency.currency, agency.operators.get().role) == ("USD", Operator.Role.OWNER)
    assert browser.get(answer["Location"]).status_code == 200
    assert browser.get(f"/agency/{agency.slug}/settings/").status_code == 200
    assert browser.get(f"/agency/{agency.slug}/new-client/").status_code == 200


@pytest.mark.parametrize("name", ["", "\x00", "x" * 5_000])
def test_a_hostile_name_starts_nothing(name: str) -> None:
    answer = _browser().post(
        "/agencies/start/", {"name": name, "timezone": "UTC", "currency": "EUR"}
    )

    assert answer.status_code == 422
    assert not Agency.objects.exists()


def test_another_agencys_people_and_questions_are_out_of_reach() -> None:
    owner = factories.OperatorFactory(role=Operator.Role.OWNER)
    theirs = factories.OperatorFactory()
    asked = factories.ClientInvitationFactory(agency=theirs.agency)
    browser, base = _browser(owner), f"/agency/{owner.agency.slug}"

    form = {"role": "operator"}
    assert browser.post(f"{base}/operators/{theirs.pk}/", form).status_code == 404
    assert browser.post(f"{base}/invitations/{asked.pk}/revoke/").status_code == 404
    assert browser.post(f"{base}/invitations/{asked.pk}/resend/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.is_active


def test_after_an_expired_session_one_comes_back_to_the_page_of_the_form() -> None:
    here = f"/agency/fieldnote/copy/{uuid7()}/"
    cases = {
        f"http://testserver{here}?show=gap": f"{here}?show=gap",
        "https://elsewhere.example/agency/fieldnote/": "/",
        "": "/",
    }
    for came_from, next_page in cases.items():
        answer = Client().post(f"{here}go/", headers={"referer": came_from})

        assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [next_page]
    read = Client().get(f"{here}?show=gap")
    assert parse_qs(urlsplit(read["Location"]).query)["next"] == [f"{here}?show=gap"]


def test_a_form_that_is_sent_twice_starts_one_agency_and_asks_one_company_once() -> None:
    browser = _browser()
    form = {"name": "Fieldnote", "timezone": "Europe/Vienna", "currency": "EUR"}
    first, second = (browser.post("/agencies/start/", form)["Location"] for _n in range(2))
    assert first == second
    assert Agency.objects.count() == 1

    ask = {"name": "Casa Verde", "email": "elena@example.com", "details": "masked"}
    base = f"/agency/{Agency.objects.get().slug}/"
    for address in ("invitations/", "new-client/"):
        asked = {**ask, "timezone": "Europe/Berlin", "country": "DE"}
        statuses = [browser.post(f"{base}{address}", asked).status_code for _n in range(2)]
        assert statuses == ([200, 422] if address == "invitations/" else [422, 422])
    assert ClientInvitation.objects.count() == 1
    assert not Team.objects.exists(), "a team whose question was refused is not made"
