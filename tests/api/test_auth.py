"""Who may call the API, and how a key is sent."""

import pytest
from django.test import Client

from apps.teams import tokens
from apps.teams.models import Membership
from tests.api.caller import Caller, body
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(world: World) -> Membership:
    return world.member("Mia")


def test_a_key_opens_its_team(member: Membership) -> None:
    response = Caller(member).get("/me/")

    assert response.status_code == 200
    assert body(response)["team"] == "acme"
    assert body(response)["via"] == "token"


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer lr_wrong", "Bearer lr_ü", "Basic x"]
)
def test_without_a_known_key_it_is_401(member: Membership, authorization: str) -> None:
    headers = {"authorization": authorization} if authorization else {}

    response = Client().get("/api/v1/me/", headers=headers)

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_key_in_the_address_is_401_even_if_it_is_right(member: Membership) -> None:
    secret = Caller(member).secret

    for name in ("token", "access_token", "anything"):
        response = Client().get("/api/v1/me/", {name: secret})
        assert response.status_code == 401
        assert "Authorization" in body(response)["detail"]


def test_a_revoked_key_ends_at_once(world: World, member: Membership) -> None:
    caller = Caller(member)
    assert caller.get("/me/").status_code == 200

    tokens.revoke_token(caller.token, by=world.access(member), now=NOW)

    assert caller.get("/me/").status_code == 401


def test_a_key_ends_with_its_member(member: Membership) -> None:
    caller = Caller(member)

    Membership.objects.filter(pk=member.pk).update(is_active=False)

    assert caller.get("/me/").status_code == 401


def test_a_session_needs_a_csrf_token_to_write(world: World, member: Membership) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(member.user)

    assert browser.get("/api/v1/me/").status_code == 200
    response = browser.post("/api/v1/leads/", {}, content_type="application/json")
    assert response.status_code == 403


def test_a_session_in_two_teams_names_one(world: World, member: Membership) -> None:
    other = World("globex")
    Membership.objects.create(team=other.team, user=member.user)
    browser = Client()
    browser.force_login(member.user)

    unnamed = browser.get("/api/v1/me/")
    named = browser.get("/api/v1/me/", headers={"x-team": "globex"})

    assert unnamed.status_code == 404
    assert "X-Team" in body(unnamed)["detail"]
    assert body(named)["team"] == "globex"


def test_a_session_does_not_reach_another_team(world: World, member: Membership) -> None:
    World("globex")
    browser = Client()
    browser.force_login(member.user)

    foreign = browser.get("/api/v1/me/", headers={"x-team": "globex"})
    missing = browser.get("/api/v1/me/", headers={"x-team": "nobody"})

    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content


def test_a_key_can_do_no_more_than_its_member(world: World) -> None:
    viewer = Caller(world.member("Vera", role="viewer"))

    response = viewer.post("/leads/", {"email": "rosa@example.com"})

    assert response.status_code == 403
    assert body(response)["detail"] == "This needs the permission “add_leads”."
