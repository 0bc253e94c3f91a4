"""Founding a team, setting a site up, and joining a team by invitation."""

import json
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.assignments.models import Door
from apps.capture import services, sources
from apps.capture.models import Capture
from apps.leads.models import Lead, Source, Status, StatusKind
from apps.onboarding import joining
from apps.onboarding import services as onboarding
from apps.onboarding.services import SetUpDone, TeamRefused
from apps.rules.models import Pool
from apps.teams import invitations
from apps.teams.access import Access
from apps.teams.models import Membership, Team
from apps.teams.permissions import Role
from tests.factories import UserFactory
from tests.factories.teams import NOW

pytestmark = pytest.mark.django_db

SITE = {
    "name": "Ada Admin", "email": "ada@example.com", "password": "a quiet green door",
    "team": "North Star", "timezone": "Europe/Vienna", "country": "at",
}  # fmt: skip


@pytest.fixture
def owner() -> User:
    return UserFactory(name="Ada Admin", email="ada@example.com")


@pytest.fixture
def team(owner: User) -> Team:
    return onboarding.found_team(
        name="North", slug="north", timezone="UTC", country="AT", owner=owner, now=NOW
    )


def _of(team: Team, **columns: Any) -> Access:
    return Access.of(Membership.objects.select_related("team", "user").get(team=team, **columns))


def test_a_new_team_has_all_that_a_lead_needs(team: Team) -> None:
    kinds = Status.objects.filter(team=team).values_list("kind", flat=True)
    assert set(kinds) == set(StatusKind.values)
    assert set(Source.objects.filter(team=team).values_list("kind", flat=True)) == {"hand", "api"}
    assert [seat.membership.role for seat in Pool.objects.get(team=team).seats.all()] == ["admin"]


def test_its_first_lead_reaches_its_first_member(team: Team, owner: User) -> None:
    made = sources.create(kind="json", name="Website", by=_of(team, user=owner), now=NOW)

    answer = services.receive(
        made.source,
        body=json.dumps({"name": "Rosa", "email": "rosa@example.com"}).encode(),
        content_type="application/json",
        key=None,
        door=Door.WEBHOOK,
        now=NOW,
    )

    assert answer.status == 201
    assert answer.payload["outcome"] == "assigned"
    assert answer.payload["owner"] == owner.email


@pytest.mark.parametrize("slug", ["north", "admin", "new"])
def test_an_address_that_is_taken_is_refused(team: Team, owner: User, slug: str) -> None:
    with pytest.raises(TeamRefused):
        onboarding.found_team(
            name="Other", slug=slug, timezone="UTC", country="", owner=owner, now=NOW
        )


def test_a_free_address_is_found_for_any_name(team: Team) -> None:
    assert onboarding.free_slug("North") == "north-2"
    assert onboarding.free_slug("Süd & Söhne") == "sud-sohne"
    assert onboarding.free_slug("北") == "team"
    assert onboarding.free_slug("Admin") == "admin-2"


def test_a_site_is_set_up_once(client: Client) -> None:
    first = client.post("/setup/", SITE)
    again = Client().get("/setup/")

    assert first.headers["Location"] == "/t/north-star/setup/source/"
    assert again.status_code == 404
    ada = User.objects.get()
    assert ada.is_superuser
    assert Membership.objects.get(user=ada).role == Role.ADMIN
    assert Team.objects.get().country == "AT"


def test_a_second_set_up_at_the_same_moment_is_refused(owner: User) -> None:
    with pytest.raises(SetUpDone):
        onboarding.found_site(**{**SITE, "country": "AT"}, now=NOW)


def test_a_weak_password_is_refused_and_nothing_is_made(client: Client) -> None:
    answer = client.post("/setup/", {**SITE, "password": "password"})

    assert answer.status_code == 422
    assert not User.objects.exists()


def test_the_front_door_of_an_empty_site_is_the_set_up(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/setup/"


def test_the_whole_set_up_ends_with_a_lead_that_arrived(client: Client) -> None:
    client.post("/setup/", SITE)
    client.post("/t/north-star/setup/source/", {"kind": "json", "name": "Website"})
    shown = client.get("/t/north-star/setup/source/").content.decode()
    invited = client.post("/t/north-star/setup/people/", {"emails": "a@example.com\nb@example.com"})
    before = client.get("/t/north-star/setup/test/arrivals/").content.decode()
    client.post("/t/north-star/setup/test/send/")
    after = client.get("/t/north-star/setup/test/arrivals/").content.decode()

    assert "/capture/" in shown
    assert invited.headers["Location"] == "/t/north-star/setup/test/"
    assert "Nothing yet" in before
    assert "Rosa Steiner" in after
    assert Capture.objects.get().outcome == Capture.Outcome.TEST
    assert Lead.objects.get().is_test


def test_a_salesperson_who_joins_takes_a_seat(team: Team, owner: User) -> None:
    by = _of(team, user=owner)
    sent = invitations.invite(email="nora@example.com", role="salesperson", by=by, now=NOW)
    token = sent.link.rstrip("/").rsplit("/", 1)[1]

    nora = joining.join(token, name="Nora", password="a quiet green door", now=NOW)

    assert Pool.objects.get(team=team).seats.filter(membership=nora).exists()


def test_a_manager_who_joins_takes_none(team: Team, owner: User) -> None:
    by = _of(team, user=owner)
    sent = invitations.invite(email="mia@example.com", role="manager", by=by, now=NOW)
    token = sent.link.rstrip("/").rsplit("/", 1)[1]

    mia = joining.join(token, name="Mia", password="a quiet green door", now=NOW)

    assert not Pool.objects.get(team=team).seats.filter(membership=mia).exists()


class TestTheInvitationPage:
    @pytest.fixture
    def path(self, team: Team, owner: User) -> str:
        by = _of(team, user=owner)
        sent = invitations.invite(email="nora@example.com", role="salesperson", by=by, now=NOW)
        return "/invitations/" + sent.link.rstrip("/").rsplit("/", 1)[1] + "/"

    @pytest.fixture(autouse=True)
    def at_now(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("apps.onboarding.public_views.timezone.now", lambda: NOW)

    def test_a_new_person_is_signed_in_and_in_her_team(self, client: Client, path: str) -> None:
        answer = client.post(path, {"name": "Nora", "password": "a quiet green door"})

        assert answer.headers["Location"] == "/t/north/"
        assert client.get("/t/north/me/").status_code == 200

    def test_a_used_link_is_gone(self, client: Client, path: str) -> None:
        client.post(path, {"name": "Nora", "password": "a quiet green door"})

        assert Client().get(path).status_code == 404

    def test_somebody_with_an_account_is_asked_to_sign_in(self, client: Client, path: str) -> None:
        UserFactory(email="nora@example.com")

        answer = client.post(path, {"name": "Eve", "password": "a quiet green door"})

        assert "Sign in" in answer.content.decode()
        assert not Membership.objects.filter(user__email="nora@example.com").exists()

    def test_somebody_else_signed_in_cannot_use_it(self, client: Client, path: str) -> None:
        client.force_login(UserFactory(email="eve@example.com"))

        answer = client.post(path)

        assert answer.status_code == 403
        assert not Membership.objects.filter(user__email="eve@example.com").exists()

    def test_the_invited_one_signed_in_joins_by_one_press(self, client: Client, path: str) -> None:
        nora = UserFactory(email="nora@example.com")
        client.force_login(nora)

        answer = client.post(path)

        assert answer.headers["Location"] == "/t/north/"
        assert Membership.objects.filter(user=nora).exists()

    def test_a_made_up_link_is_gone(self, client: Client) -> None:
        assert client.get("/invitations/made-up/").status_code == 404
