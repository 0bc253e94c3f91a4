"""A link that works once, for seven days, for one address."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.accounts.models import User
from apps.teams import invitations
from apps.teams.access import Access
from apps.teams.invitations import InvitationRefused, Sent
from apps.teams.models import Invitation, Membership
from apps.teams.permissions import Role
from apps.teams.starting import Start
from tests.factories import InvitationFactory, MembershipFactory, UserFactory
from tests.factories.teams import NOW
from tests.teams.people import People, a_team

pytestmark = pytest.mark.django_db

NEWCOMER: dict[str, Any] = {"name": "Nora New", "password": "a quiet green door"}


@pytest.fixture
def people() -> People:
    return a_team()


@pytest.fixture
def sent(people: People) -> Sent:
    by = Access.of(people.manager)
    return invitations.invite(email="Nora@Example.com", role=Role.SALESPERSON, by=by, now=NOW)


def _token(sent: Sent) -> str:
    return sent.link.rstrip("/").rsplit("/", 1)[1]


def test_a_new_person_joins_by_the_link(people: People, sent: Sent) -> None:
    member = invitations.accept(_token(sent), **NEWCOMER, now=NOW).member

    assert (member.team, member.role) == (people.team, Role.SALESPERSON)
    assert member.user.email == "nora@example.com"
    assert member.user.check_password(NEWCOMER["password"])
    assert EmailAddress.objects.get(user=member.user).verified


def test_the_mail_goes_out_once_it_is_saved(
    people: People,
    mailoutbox: list[object],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        made = invitations.invite(
            email="nora@example.com", role="salesperson", by=Access.of(people.manager), now=NOW
        )

    (mail,) = mailoutbox
    assert mail.to == ["nora@example.com"]  # type: ignore[attr-defined]
    assert made.link in mail.body  # type: ignore[attr-defined]


def test_the_token_is_stored_only_as_a_hash(sent: Sent) -> None:
    row = Invitation.objects.values().get()

    assert _token(sent) not in str(row)


def test_a_link_works_once(sent: Sent) -> None:
    invitations.accept(_token(sent), **NEWCOMER, now=NOW)

    with pytest.raises(InvitationRefused):
        invitations.accept(_token(sent), **NEWCOMER, now=NOW)


def test_an_expired_link_does_nothing(sent: Sent) -> None:
    late = NOW + timedelta(days=7)

    with pytest.raises(InvitationRefused):
        invitations.accept(_token(sent), **NEWCOMER, now=late)
    assert not User.objects.filter(email="nora@example.com").exists()


def test_a_revoked_link_does_nothing(people: People, sent: Sent) -> None:
    invitations.revoke(sent.invitation, by=Access.of(people.manager), now=NOW)

    with pytest.raises(InvitationRefused):
        invitations.accept(_token(sent), **NEWCOMER, now=NOW)


def test_sending_again_makes_a_new_link_and_ends_the_old(people: People, sent: Sent) -> None:
    late = NOW + timedelta(days=8)

    again = invitations.resend(sent.invitation, by=Access.of(people.manager), now=late)

    assert invitations.find(_token(sent), now=late) is None
    assert invitations.find(_token(again), now=late) == sent.invitation


def test_inviting_twice_leaves_one_open_invitation(people: People, sent: Sent) -> None:
    by = Access.of(people.manager)

    again = invitations.invite(email="nora@example.com", role=Role.SALESPERSON, by=by, now=NOW)

    assert list(invitations.waiting(by)) == [again.invitation]
    assert invitations.find(_token(sent), now=NOW) is None


def test_a_person_with_an_account_joins_signed_in(people: People, sent: Sent) -> None:
    nora = UserFactory(email="nora@example.com")

    member = invitations.accept(_token(sent), user=nora, now=NOW).member

    assert (member.user, member.team) == (nora, people.team)


def test_an_account_is_not_made_twice(sent: Sent) -> None:
    UserFactory(email="nora@example.com")

    with pytest.raises(InvitationRefused, match="Sign in"):
        invitations.accept(_token(sent), **NEWCOMER, now=NOW)


def test_somebody_else_cannot_use_the_link(people: People, sent: Sent) -> None:
    other = UserFactory(email="other@example.com")

    with pytest.raises(InvitationRefused, match=r"is for nora@example\.com"):
        invitations.accept(_token(sent), user=other, now=NOW)
    assert not Membership.objects.filter(user=other).exists()


def test_a_member_is_not_invited_again(people: People) -> None:
    with pytest.raises(InvitationRefused, match="already in this team"):
        invitations.invite(
            email=people.viewer.user.email.upper(),
            role=Role.SALESPERSON,
            by=Access.of(people.manager),
            now=NOW,
        )


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMIN, Role.VIEWER])
def test_a_manager_invites_only_salespeople(people: People, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        invitations.invite(
            email="boss@example.com", role=role, by=Access.of(people.manager), now=NOW
        )


def test_a_manager_does_not_send_an_admins_invitation_again(people: People) -> None:
    for_an_admin = InvitationFactory(team=people.team, role=Role.ADMIN)

    with pytest.raises(PermissionDenied):
        invitations.resend(for_an_admin, by=Access.of(people.manager), now=NOW)


def test_a_salesperson_invites_nobody(people: People) -> None:
    with pytest.raises(PermissionDenied):
        invitations.invite(
            email="friend@example.com",
            role=Role.SALESPERSON,
            by=Access.of(people.salesperson),
            now=NOW,
        )


def test_an_invitation_of_another_team_is_out_of_reach(people: People) -> None:
    foreign = InvitationFactory()

    with pytest.raises(InvitationRefused):
        invitations.revoke(foreign, by=Access.of(people.admin), now=NOW)


def test_an_invitation_to_a_closed_team_does_nothing(people: People, sent: Sent) -> None:
    people.team.is_active = False
    people.team.save()

    assert invitations.find(_token(sent), now=NOW) is None


def test_a_former_member_is_not_let_in_by_a_link(people: People, sent: Sent) -> None:
    nora = UserFactory(email="nora@example.com")
    MembershipFactory(team=people.team, user=nora, is_active=False)

    member = invitations.accept(_token(sent), user=nora, now=NOW).member

    assert not member.is_active


def test_she_starts_with_the_switches_and_the_title_that_came_along(people: People) -> None:
    by = Access.of(people.admin)
    sent = invitations.invite(
        email="Nora@Example.com", role=Role.SALESPERSON,
        start=Start(switches=["export", "export"], title="Closer"), by=by, now=NOW,
    )  # fmt: skip

    member = invitations.accept(_token(sent), **NEWCOMER, now=NOW).member

    assert (member.switches, member.title) == (["export"], "Closer")


def test_a_manager_gives_no_switches_along(people: People) -> None:
    with pytest.raises(PermissionDenied):
        invitations.invite(
            email="nora@example.com", role=Role.SALESPERSON,
            start=Start(switches=["export"]), by=Access.of(people.manager), now=NOW,
        )  # fmt: skip


@pytest.mark.parametrize(
    "data", [{"switches": "all"}, {"switches": "\x00"}, {"title": "x" * 121}, {"title": "\x00"}]
)
def test_odd_switches_and_titles_invite_nobody(people: People, data: dict[str, str]) -> None:
    client = Client()
    client.force_login(people.admin.user)
    where = reverse("people:invite", kwargs={"team": people.admin.team.slug})

    answer = client.post(where, {"email": "nora@example.com", "role": "salesperson", **data})

    assert answer.status_code == 422
    assert not Invitation.objects.exists()
