"""Where somebody is signed in, and signing out there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts import devices
from apps.alerts import standing
from apps.teams import sessions
from apps.teams.access import Access
from apps.teams.models import AuditEntry, Membership
from apps.teams.permissions import Role
from tests import factories
from tests.factories.teams import NOW

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
PASSWORD = "correct horse battery"


@pytest.fixture
def mia() -> Membership:
    member: Membership = factories.MembershipFactory(role=Role.SALESPERSON)
    member.user.set_password(PASSWORD)
    member.user.save()
    return member


@pytest.fixture
def admin(mia: Membership) -> Membership:
    member: Membership = factories.MembershipFactory(team=mia.team, role=Role.ADMIN)
    return member


def signed_in(member: Membership, agent: str) -> Client:
    client = Client(headers={"user-agent": agent})
    form = {"login": member.user.email, "password": PASSWORD}
    assert client.post(reverse("account_login"), form).status_code == 302
    return client


def at(at_home: Membership, name: str, **parts: Any) -> str:
    return reverse(f"teams:{name}", kwargs={"team": at_home.team.slug, **parts})


def test_me_lists_devices_in_words_and_this_one_first(mia: Membership) -> None:
    here = signed_in(mia, FIREFOX)
    signed_in(mia, PHONE)

    page = here.get(at(mia, "me")).content.decode()

    assert page.index("Firefox on Windows · this one") < page.index("Safari on iPhone")


def test_one_session_ends_and_the_other_goes_on(mia: Membership) -> None:
    here, phone = signed_in(mia, FIREFOX), signed_in(mia, PHONE)
    lost = UserSession.objects.get(user_agent=PHONE)

    here.post(at(mia, "my_sessions_end"), {"session": lost.pk})

    assert phone.get(at(mia, "me")).status_code == 302
    assert here.get(at(mia, "me")).status_code == 200


def test_all_others_end(mia: Membership) -> None:
    here, phone, old = (signed_in(mia, agent) for agent in (FIREFOX, PHONE, "curl/8.5"))

    here.post(at(mia, "my_sessions_end"), {"session": "others"})

    assert here.get(at(mia, "me")).status_code == 200
    assert phone.get(at(mia, "me")).status_code == old.get(at(mia, "me")).status_code == 302


def test_nobody_ends_the_session_of_somebody_else(mia: Membership, admin: Membership) -> None:
    here = signed_in(mia, FIREFOX)
    theirs = UserSession.objects.get()
    client = Client()
    client.force_login(admin.user)

    client.post(at(mia, "my_sessions_end"), {"session": theirs.pk})

    assert here.get(at(mia, "me")).status_code == 200


@pytest.mark.parametrize("wanted", ["", "x", "-1", "9" * 5000, "9" * 19, "\x00", "²"])
def test_odd_ids_end_nothing(mia: Membership, wanted: str) -> None:
    here = signed_in(mia, FIREFOX)

    assert here.post(at(mia, "my_sessions_end"), {"session": wanted}).status_code == 302

    assert here.get(at(mia, "me")).status_code == 200


def test_an_admin_signs_a_member_out_everywhere_and_it_is_logged(
    mia: Membership, admin: Membership
) -> None:
    hers = [signed_in(mia, agent) for agent in (FIREFOX, PHONE)]
    client = Client()
    client.force_login(admin.user)

    client.post(at(mia, "member_sessions_end", member=mia.pk))

    assert [each.get(at(mia, "me")).status_code for each in hers] == [302, 302]
    entry = AuditEntry.objects.get(action="session.ended")
    assert (entry.actor, entry.target_id, entry.detail) == (admin.user, mia.pk, {"sessions": 2})


def test_only_an_admin_of_her_team_does(mia: Membership) -> None:
    manager = factories.MembershipFactory(team=mia.team, role=Role.MANAGER)
    stranger = factories.MembershipFactory(role=Role.ADMIN)

    with pytest.raises(PermissionDenied):
        sessions.end_all_of(mia, by=Access.of(manager), now=NOW)
    with pytest.raises(Membership.DoesNotExist):
        sessions.end_all_of(mia, by=Access.of(stranger), now=NOW)


def test_an_open_page_of_an_ended_session_hears_nothing_more(mia: Membership) -> None:
    signed_in(mia, FIREFOX)
    listener = standing.by_session(mia.user, UserSession.objects.get().session_key)
    assert listener in standing.standings([listener], now=timezone.now())

    devices.end_all(mia.user)

    assert listener not in standing.standings([listener], now=timezone.now())


def test_most_requests_write_nothing_about_it(mia: Membership) -> None:
    here = signed_in(mia, FIREFOX)
    before = UserSession.objects.get().last_seen_at

    here.get(at(mia, "me"))

    assert UserSession.objects.get().last_seen_at == before


def test_but_every_few_minutes_it_is_noted(mia: Membership) -> None:
    here = signed_in(mia, FIREFOX)
    long_ago = timezone.now() - timedelta(minutes=10)
    UserSession.objects.update(last_seen_at=long_ago)
    session = here.session
    session[devices.SEEN] = int(long_ago.timestamp())
    session.save()

    here.get(at(mia, "me"))

    assert UserSession.objects.get().last_seen_at > long_ago


def test_what_has_expired_is_not_listed(mia: Membership) -> None:
    signed_in(mia, FIREFOX)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    assert devices.of(mia.user, now=timezone.now()) == []


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (PHONE, "Safari on iPhone"),
        ("curl/8.5", "curl"),
        ("", "An unknown device"),
        ("<script>", "An unknown device"),
    ],
)
def test_devices_are_named_in_words(agent: str, words: str) -> None:
    assert devices.in_words(agent) == words
