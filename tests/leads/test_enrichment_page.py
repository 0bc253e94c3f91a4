"""Team settings: where facts of companies come from, a try, and the policy for known people."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from apps.leads.company_provider import Sources
from apps.teams.models import AuditEntry, Team
from apps.teams.permissions import Role
from tests.assignments.world import World
from tests.leads.provider import Provider, running

PAGE = "/t/acme/settings/enrichment/"
TRY = f"{PAGE}try/"
ON = {"by_domain": "on", "by_phone": "on"}


@pytest.fixture
def admin(world: World) -> Client:
    client = Client()
    client.force_login(world.member("Ada", role=Role.ADMIN).user)
    return client


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    settings.EGRESS_TO_THIS_MACHINE = True
    with running() as made:
        yield made


def kept(world: World) -> Sources:
    return Sources.of(Team.objects.get(pk=world.team.pk))


def test_a_provider_is_saved_with_a_secret_that_is_shown_once(
    world: World, admin: Client, provider: Provider
) -> None:
    page = admin.post(PAGE, {**ON, "url": provider.url}).content.decode()

    secret = kept(world).secret
    assert secret.startswith("whsec_")
    assert secret in page
    assert secret not in admin.get(PAGE).content.decode()
    assert secret not in str(Team.objects.get(pk=world.team.pk).enrichment)


def test_an_empty_secret_keeps_the_one_there_is(
    world: World, admin: Client, provider: Provider
) -> None:
    admin.post(PAGE, {**ON, "url": provider.url, "secret": "our own"})

    admin.post(PAGE, {"by_domain": "on", "url": provider.url})

    assert kept(world) == Sources(True, False, provider.url, "our own")
    assert AuditEntry.objects.filter(action="team.enrichment").count() == 2
    assert "our own" not in str([*AuditEntry.objects.values_list("detail", flat=True)])


@pytest.mark.parametrize(
    "url",
    [
        "crm.example", "ftp://crm.example/", "javascript:alert(1)", "https://user:x@crm.example/",
        "http://127.0.0.1/", "http://[::ffff:127.0.0.1]/", "http://2130706433/",
        "http://169.254.169.254/latest/", "https://10.0.0.8/", "http://localhost:8000/",
        "https://crm.example/\r\nX: y", "https://crm.example/\x00", "https://" + "x" * 900,
    ],
)  # fmt: skip
def test_an_address_that_may_not_be_is_said_at_the_field(
    world: World, admin: Client, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = admin.post(PAGE, {**ON, "url": url})

    assert answer.status_code == 422
    assert "field--bad" in answer.content.decode()
    assert kept(world).url == ""


def test_a_name_that_leads_home_is_refused(
    world: World, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.168.0.7", 443))]
    monkeypatch.setattr("apps.teams.egress.socket.getaddrinfo", lambda *_a, **_k: home)

    answer = admin.post(PAGE, {**ON, "url": "https://crm.example/"})

    assert "private network" in answer.content.decode()
    assert kept(world).url == ""


def test_a_try_shows_what_the_provider_says_and_writes_nothing(
    world: World, admin: Client, provider: Provider
) -> None:
    provider.answer = {"company": "<b>Isarwerk</b>", "revenue": 1_200_000, "country": "DE"}
    admin.post(PAGE, {**ON, "url": provider.url})

    page = admin.post(TRY, {"domain": "https://www.isarwerk.example/x"}).content.decode()

    assert provider.questions == [{"domain": "isarwerk.example", "company": "", "country": ""}]
    assert "&lt;b&gt;Isarwerk&lt;/b&gt;" in page
    assert "€1,200,000" in page


def test_a_try_that_fails_says_why(world: World, admin: Client, provider: Provider) -> None:
    admin.post(PAGE, {**ON, "url": provider.url})
    provider.status = 500

    answer = admin.post(TRY, {"domain": "isarwerk.example"})

    assert answer.status_code == 422
    assert "It answered with status 500." in answer.content.decode()


@pytest.mark.parametrize(
    "domain", ["", "gmail.com", "x", "\x00", "<script>", "a" * 9000, "1.2.3.4"]
)
def test_a_try_needs_the_domain_of_a_company(
    world: World, admin: Client, provider: Provider, domain: str
) -> None:
    admin.post(PAGE, {**ON, "url": provider.url})

    answer = admin.post(TRY, {"domain": domain})

    assert answer.status_code == 422
    assert "<script>" not in answer.content.decode().split("</head>")[1]
    assert provider.asked == []


def test_without_a_provider_there_is_nothing_to_try(world: World, admin: Client) -> None:
    assert admin.post(TRY, {"domain": "isarwerk.example"}).status_code == 422


def test_what_went_wrong_lately_is_on_the_page(world: World, admin: Client) -> None:
    Team.objects.filter(pk=world.team.pk).update(enrichment_error="It can’t be reached.")

    assert "It can’t be reached." in admin.get(PAGE).content.decode()


def test_a_manager_may_not(world: World) -> None:
    client = Client()
    client.force_login(world.member("Henrike", role=Role.MANAGER).user)

    assert [client.get(PAGE).status_code, client.post(TRY).status_code] == [403, 403]


# The policy for people whom the team knows.

GENERAL = "/t/acme/settings/general/"


def general(**more: str) -> dict[str, str]:
    return {
        "name": "Acme", "timezone": "UTC", "country": "AT", "currency": "EUR",
        "response_seconds": "300", "hopper_days": "7", **more,
    }  # fmt: skip


def test_the_policy_for_known_people_is_on_the_settings_page(world: World, admin: Client) -> None:
    assert "duplicate_policy" in admin.get("/t/acme/settings/").content.decode()

    admin.post(GENERAL, general(duplicate_policy="reopen"))

    assert Team.objects.get(pk=world.team.pk).duplicate_policy == "reopen"


@pytest.mark.parametrize("policy", ["", "delete", "\x00", "x" * 900])
def test_no_other_policy_can_be_chosen(world: World, admin: Client, policy: str) -> None:
    assert admin.post(GENERAL, general(duplicate_policy=policy)).status_code == 422
    assert Team.objects.get(pk=world.team.pk).duplicate_policy == "attach"
