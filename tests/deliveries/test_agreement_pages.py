"""The pages of agreements: the link out of the mail, Senders, the sender's side, a return."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.rules import agreements
from apps.rules.models import Agreement
from apps.teams.models import Membership, Team
from apps.teams.permissions import Role
from tests.capture.inbox import now
from tests.deliveries.teams import Partner

pytestmark = pytest.mark.django_db
State = Agreement.State
HOSTILE = ("", "\x00", "x" * 20_000, "' OR 1=1 --", "0198c7d2-0000-7000-8000-000000000000", "[]")


@pytest.fixture
def agency() -> Partner:
    return Partner("agency")


@pytest.fixture
def dealer() -> Partner:
    return Partner("dealer")


@pytest.fixture
def question(agency: Partner) -> tuple[Agreement, str]:
    return agreements.ask(
        agency.team, email="nora@dealer.example", message="Hello", by=agency.by, now=now()
    )


def path_of(token: str, more: str = "") -> str:
    return f"/agreements/{token}/{more}"


class TestTheLink:
    def test_it_says_what_is_agreed_before_any_sign_in(
        self, question: tuple[Agreement, str]
    ) -> None:
        page = Client().get(path_of(question[1])).content.decode()

        assert "Agency wants to send you leads" in page
        assert "Either side ends this at any moment" in page
        assert "Never who works on it" in page
        assert "Hello" in page
        assert "I have no account yet" in page

    def test_whoever_manages_a_team_accepts_for_it(
        self, agency: Partner, dealer: Partner, question: tuple[Agreement, str]
    ) -> None:
        client = dealer.signed_in(dealer.manager)
        page = client.get(path_of(question[1])).content.decode()

        answer = client.post(path_of(question[1]), {"team": str(dealer.team.pk)})

        assert str(dealer.team.pk) in page
        assert answer["Location"] == f"/t/{dealer.team.slug}/senders/"
        assert agreements.between(agency.team, dealer.team) is not None
        assert client.get(path_of(question[1])).status_code == 404

    @pytest.mark.parametrize("team", HOSTILE)
    def test_a_team_that_is_not_hers_is_no_answer(
        self, dealer: Partner, question: tuple[Agreement, str], team: str
    ) -> None:
        answer = dealer.signed_in(dealer.manager).post(path_of(question[1]), {"team": team})

        assert answer.status_code == 422
        assert "Choose a team." in answer.content.decode()

    def test_another_teams_id_is_no_answer(
        self, dealer: Partner, question: tuple[Agreement, str]
    ) -> None:
        other = Partner("other")

        client = dealer.signed_in(dealer.manager)
        answer = client.post(path_of(question[1]), {"team": str(other.team.pk)})

        assert answer.status_code == 422
        assert Agreement.objects.get().state == State.ASKED

    def test_the_senders_own_team_is_not_offered(
        self, agency: Partner, question: tuple[Agreement, str]
    ) -> None:
        client = agency.signed_in(agency.manager)

        page = client.get(path_of(question[1])).content.decode()

        assert str(agency.team.pk) not in page
        answer = client.post(path_of(question[1]), {"team": str(agency.team.pk)})
        assert answer.status_code == 422

    def test_a_salesperson_is_told_why_she_can_not(
        self, dealer: Partner, question: tuple[Agreement, str]
    ) -> None:
        page = dealer.signed_in(dealer.seller).get(path_of(question[1])).content.decode()

        assert "You connect sources in no other team" in page

    def test_a_post_without_a_sign_in_accepts_nothing(
        self, dealer: Partner, question: tuple[Agreement, str]
    ) -> None:
        answer = Client().post(path_of(question[1]), {"team": str(dealer.team.pk)})

        assert answer.status_code == 200
        assert Agreement.objects.get().state == State.ASKED

    def test_no_needs_no_sign_in_and_is_asked_by_a_button(
        self, question: tuple[Agreement, str]
    ) -> None:
        assert Client().get(path_of(question[1], "decline/")).status_code == 405

        answer = Client().post(path_of(question[1], "decline/"))

        assert "was told" in answer.content.decode()
        assert Agreement.objects.get().state == State.DECLINED

    @pytest.mark.parametrize("token", ["nothing", "%00", "x" * 3000, "a" * 43])
    @pytest.mark.parametrize("more", ["", "decline/", "account/"])
    def test_an_unknown_link_is_answered_calmly(self, db: None, token: str, more: str) -> None:
        method = "post" if more == "decline/" else "get"

        answer = getattr(Client(), method)(path_of(token, more))

        assert answer.status_code == 404
        assert "nothing to answer here" in answer.content.decode()

    def test_a_used_or_expired_link_is_answered_calmly(
        self, question: tuple[Agreement, str]
    ) -> None:
        Agreement.objects.update(expires_at=now() - timedelta(seconds=1))

        answer = Client().get(path_of(question[1]))

        assert answer.status_code == 404
        assert "has expired" in answer.content.decode()


class TestMakingAnAccount:
    FORM = {
        "name": "Nora Wolf", "password": "a short sentence", "team": "Wolf Cars",
        "timezone": "Europe/Vienna", "country": "at",
    }  # fmt: skip

    def test_whoever_was_asked_makes_an_account_and_a_team_and_then_accepts(
        self, agency: Partner, question: tuple[Agreement, str]
    ) -> None:
        client = Client()
        made = client.post(path_of(question[1], "account/"), self.FORM)

        team = Team.objects.get(name="Wolf Cars")
        assert made["Location"] == path_of(question[1])
        assert Agreement.objects.get().state == State.ASKED  # she has not said yes
        client.post(path_of(question[1]), {"team": str(team.pk)})

        assert agreements.between(agency.team, team) is not None
        member = Membership.objects.get(team=team)
        assert (member.user.email, member.role) == ("nora@dealer.example", Role.ADMIN)

    def test_the_address_can_not_be_chosen(self, question: tuple[Agreement, str]) -> None:
        Client().post(path_of(question[1], "account/"), {**self.FORM, "email": "evil@x.example"})

        assert not User.objects.filter(email="evil@x.example").exists()

    def test_somebody_with_an_account_signs_in(self, question: tuple[Agreement, str]) -> None:
        User.objects.create_user("nora@dealer.example", name="Nora")

        answer = Client().post(path_of(question[1], "account/"), self.FORM)

        assert answer["Location"] == path_of(question[1])
        assert not Team.objects.filter(name="Wolf Cars").exists()

    def test_a_user_without_a_team_makes_one(
        self, dealer: Partner, question: tuple[Agreement, str]
    ) -> None:
        client = dealer.signed_in(dealer.seller)

        client.post(path_of(question[1], "account/"), self.FORM)

        team = Team.objects.get(name="Wolf Cars")
        assert Membership.objects.get(team=team).user == dealer.seller.user

    @pytest.mark.parametrize("field", ["name", "password", "team", "timezone", "country"])
    @pytest.mark.parametrize("value", HOSTILE)
    def test_wrong_forms_are_refused_in_words(
        self, question: tuple[Agreement, str], field: str, value: str
    ) -> None:
        answer = Client().post(path_of(question[1], "account/"), {**self.FORM, field: value})

        assert answer.status_code in (302, 422)
