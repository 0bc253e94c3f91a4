"""Keys to the API: what they may, and when they stop."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from apps.teams import tokens
from apps.teams.access import Access, Via
from apps.teams.models import ApiToken
from apps.teams.tokens import NewToken
from tests.factories import MembershipFactory
from tests.factories.teams import NOW
from tests.teams.people import People, a_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> People:
    return a_team()


@pytest.fixture
def made(people: People) -> NewToken:
    me = Access.of(people.salesperson)
    return tokens.create_token(people.salesperson, name="Script", by=me, now=NOW)


def test_a_key_acts_as_its_member(people: People, made: NewToken) -> None:
    access = tokens.authenticate(made.secret, now=NOW)

    assert access is not None
    assert (access.via, access.token_id) == (Via.TOKEN, made.token.pk)
    assert (access.membership, access.team) == (people.salesperson, people.team)


def test_the_key_is_stored_only_as_a_hash(made: NewToken) -> None:
    assert made.secret not in str(ApiToken.objects.values().get())


@pytest.mark.parametrize("wrong", ["", "lr_", "lr_unknown", "Bearer", "lr_\ud800"])
def test_a_wrong_key_gives_nothing(made: NewToken, wrong: str) -> None:
    assert tokens.authenticate(wrong, now=NOW) is None


def test_a_revoked_key_gives_nothing(people: People, made: NewToken) -> None:
    tokens.revoke_token(made.token, by=Access.of(people.salesperson), now=NOW)

    assert tokens.authenticate(made.secret, now=NOW) is None


@pytest.mark.parametrize("gone", ["membership", "user", "team"])
def test_a_key_ends_with_its_member(people: People, made: NewToken, gone: str) -> None:
    member = people.salesperson
    row: Any = {"membership": member, "user": member.user, "team": people.team}[gone]
    row.is_active = False
    row.save()

    assert tokens.authenticate(made.secret, now=NOW) is None


def test_use_is_noted_to_the_hour(made: NewToken) -> None:
    tokens.authenticate(made.secret, now=NOW)
    tokens.authenticate(made.secret, now=NOW + timedelta(minutes=59))

    made.token.refresh_from_db()
    assert made.token.last_used_at == NOW


def test_a_colleagues_key_is_not_hers_to_revoke(people: People, made: NewToken) -> None:
    colleague = MembershipFactory(team=people.team)

    with pytest.raises(PermissionDenied):
        tokens.revoke_token(made.token, by=Access.of(colleague), now=NOW)


def test_an_admin_of_another_team_does_not_reach_it(made: NewToken) -> None:
    stranger = MembershipFactory(role="admin")

    with pytest.raises(ApiToken.DoesNotExist):
        tokens.revoke_token(made.token, by=Access.of(stranger), now=NOW)


def test_the_command_prints_a_key_that_works(
    people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    email = people.manager.user.email
    call_command("create_token", email.upper(), team=people.team.slug, json=True)

    answer = json.loads(capsys.readouterr().out)
    access = tokens.authenticate(answer["token"], now=NOW)
    assert access is not None
    assert access.membership == people.manager


def test_the_command_names_who_is_missing(people: People) -> None:
    with pytest.raises(CommandError, match="no active member"):
        call_command("create_token", "nobody@example.com", team=people.team.slug)
