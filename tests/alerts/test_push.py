"""Alerts on phones: sealed for one browser, signed, at once, and only while it is signed in."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.alerts import announcer
from apps.alerts.models import Alert, Kind, PushKey, PushSubscription
from apps.alerts.push import keys, sending, subscriptions
from apps.teams.models import Membership, Team
from tests.alerts.people import NOW, new_member, new_team, tell
from tests.alerts.push_service import Browser, PushService, serving

HOSTILE = {
    "no address": {"endpoint": ""},
    "no web address": {"endpoint": "javascript:alert(1)"},
    "a private network": {"endpoint": "http://10.0.0.8/push"},
    "the cloud's own": {"endpoint": "http://169.254.169.254/latest"},
    "NUL": {"endpoint": "https://push.example.com/\x00"},
    "huge": {"endpoint": "https://push.example.com/" + "x" * 20_000},
    "no key": {"p256dh": ""},
    "half a key": {"p256dh": "BAAA"},
    "no point of the curve": {"p256dh": "B" + "A" * 86},
    "no base64": {"p256dh": "ä" * 87},
    "no secret": {"auth": ""},
}


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    with serving() as one:
        yield one


@pytest.fixture(autouse=True)
def this_machine(service: PushService, settings: Any) -> None:
    settings.EGRESS_TO_THIS_MACHINE = True
    service.status = 201
    service.got.clear()


@pytest.fixture
def team(db: None) -> Team:
    return new_team()


@pytest.fixture
def mia(team: Team) -> Membership:
    return new_member(team, "Mia")


def signed_in(member: Membership) -> Client:
    client = Client(HTTP_USER_AGENT="Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1")
    client.force_login(member.user)
    return client


def subscribed(member: Membership, service: PushService, name: str = "mia") -> Browser:
    browser = Browser(service.url(name))
    answer = signed_in(member).post(reverse("push:subscribe"), browser.form)
    assert answer.status_code == 204, answer.content
    return browser


def send(seconds: float = 1) -> int:
    announcer.announce_pending()
    return sending.send_due(now=NOW + timedelta(seconds=seconds))


def test_a_device_is_told_in_masked_words_that_only_it_can_read(
    mia: Membership, service: PushService
) -> None:
    browser = subscribed(mia, service)
    respond_by = (NOW + timedelta(minutes=5)).isoformat()
    tell(mia, "R••• S••••• · Website", respond_by=respond_by)

    assert send() == 1

    (got,) = service.got
    alert = Alert.objects.get()
    assert (got.path, got.is_genuine, got.headers["urgency"]) == ("/mia", True, "high")
    assert b"Website" not in got.body
    said = browser.read(got)
    assert said["title"] == "A lead is yours"
    assert said["body"] == "R••• S••••• · Website · until 10:05 · Acme"
    assert (said["tag"], said["url"]) == (str(alert.pk), "/t/acme/")
    assert send() == 0


def test_what_came_before_the_subscription_is_not_told(
    mia: Membership, service: PushService
) -> None:
    tell(mia, "long ago")
    announcer.announce_pending()
    browser = subscribed(mia, service)
    tell(mia, "now")

    assert send() == 1
    assert browser.read(service.got[0])["body"].startswith("now")


def test_every_device_of_a_person_is_told_and_nobody_elses(
    mia: Membership, team: Team, service: PushService
) -> None:
    subscribed(mia, service, "phone")
    subscribed(mia, service, "desk")
    subscribed(new_member(team, "Cal"), service, "cal")
    tell(mia, "a lead")

    assert send() == 2
    assert {got.path for got in service.got} == {"/phone", "/desk"}


def test_many_at_once_are_one_notification(mia: Membership, service: PushService) -> None:
    browser = subscribed(mia, service)
    tell(mia, *[f"lead {number}" for number in range(7)])

    assert send() == 1
    said = browser.read(service.got[0])
    assert said["title"] == "7 things wait for you"
    assert said["url"] == "/t/acme/alerts/"


def test_an_offer_that_ended_is_told_to_nobody_and_one_that_runs_only_so_long(
    mia: Membership, service: PushService
) -> None:
    subscribed(mia, service)
    tell(mia, "over", kind=Kind.OFFERED, expires_at=NOW.isoformat())
    tell(mia, "runs", kind=Kind.OFFERED, expires_at=(NOW + timedelta(seconds=90)).isoformat())

    assert send(seconds=1) == 1
    assert service.got[0].headers["ttl"] == "89"


def test_what_was_read_is_old_or_worth_no_buzz_is_not_told(
    mia: Membership, service: PushService
) -> None:
    subscribed(mia, service)
    tell(mia, "read")
    Alert.objects.update(read_at=NOW)
    tell(mia, "a team mate claimed it", kind=Kind.CLAIMED)

    assert send() == 0
    tell(mia, "old")
    assert send(seconds=sending.STALE_AFTER.total_seconds() + 1) == 0
    assert service.got == []


def test_quiet_hours_let_only_what_is_urgent_through(mia: Membership, service: PushService) -> None:
    browser = subscribed(mia, service)
    mia.user.quiet_from, mia.user.quiet_until = time(9), time(11)
    mia.user.save()
    tell(mia, "a follow-up", kind=Kind.FOLLOW_UP)
    tell(mia, "an offer", kind=Kind.OFFERED)

    assert send() == 1
    assert browser.read(service.got[0])["body"].startswith("an offer")


def test_a_device_that_is_signed_out_is_silent_and_forgotten(
    mia: Membership, service: PushService
) -> None:
    subscribed(mia, service)
    Session.objects.all().delete()
    tell(mia, "a lead")

    assert send() == 0
    assert (service.got, PushSubscription.objects.count()) == ([], 0)


def test_a_new_password_silences_the_devices_of_before(
    mia: Membership, service: PushService
) -> None:
    subscribed(mia, service)
    mia.user.set_password("another long password")
    mia.user.save()
    tell(mia, "a lead")

    assert send() == 0


def test_who_left_the_team_is_told_no_more_of_it(mia: Membership, service: PushService) -> None:
    subscribed(mia, service)
    tell(mia, "a lead")
    Membership.objects.filter(pk=mia.pk).update(is_active=False)

    assert send() == 0
    assert service.got == []


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_the_browser_withdrew_is_forgotten(
    mia: Membership, service: PushService, status: int
) -> None:
    subscribed(mia, service)
    service.status = status
    tell(mia, "a lead")

    send()

    assert PushSubscription.objects.count() == 0


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_that_fails_is_tried_again_later_under_the_same_tag(
    mia: Membership, service: PushService, status: int
) -> None:
    browser = subscribed(mia, service)
    service.status = status
    tell(mia, "a lead")
    assert send(seconds=1) == 0

    service.status = 201
    assert send(seconds=2) == 0
    assert send(seconds=1 + sending.PAUSES[0]) == 1

    first, second = map(browser.read, service.got)
    assert first["tag"] == second["tag"]
    assert PushSubscription.objects.get().failures == 0


def test_what_a_service_refuses_for_good_is_not_tried_again(
    mia: Membership, service: PushService
) -> None:
    subscribed(mia, service)
    service.status = 413
    tell(mia, "a lead")

    send()
    service.status = 201

    assert send(seconds=300) == 0
    assert len(service.got) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_a_device_once(service: PushService) -> None:
    mia = new_member(new_team(), "Mia")
    subscribed(mia, service)
    tell(mia, "a lead")
    announcer.announce_pending()
    together = Barrier(2)

    def work(_number: int) -> int:
        together.wait()
        try:
            return sending.send_due(now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(work, range(2))) == [0, 1]
    assert len(service.got) == 1


@pytest.mark.parametrize("changes", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_subscription_is_refused_in_words(
    mia: Membership, service: PushService, changes: dict[str, str]
) -> None:
    form = {**Browser(service.url("mia")).form, **changes}

    answer = signed_in(mia).post(reverse("push:subscribe"), form)

    assert answer.status_code == 422
    assert answer.json()["error"]
    assert PushSubscription.objects.count() == 0


def test_subscribing_twice_is_once_and_a_browser_is_its_last_users(
    mia: Membership, team: Team, service: PushService
) -> None:
    browser, cal = Browser(service.url("shared")), new_member(team, "Cal")
    for member in (mia, mia, cal):
        signed_in(member).post(reverse("push:subscribe"), browser.form)
    tell(mia, "a lead")

    assert send() == 0
    assert [row.user_id for row in PushSubscription.objects.all()] == [cal.user_id]


def test_one_has_ten_devices_at_most(mia: Membership, service: PushService) -> None:
    for number in range(subscriptions.MOST + 1):
        subscribed(mia, service, f"device-{number}")

    kept = set(PushSubscription.objects.values_list("endpoint", flat=True))
    assert len(kept) == subscriptions.MOST
    assert service.url("device-0") not in kept


def test_a_stranger_can_stop_no_device_of_another(
    mia: Membership, team: Team, service: PushService
) -> None:
    browser = subscribed(mia, service)
    device = PushSubscription.objects.get()
    cal = signed_in(new_member(team, "Cal"))

    cal.post(reverse("push:unsubscribe"), {"device": device.pk})
    cal.post(reverse("push:unsubscribe"), {"endpoint": browser.endpoint})

    assert PushSubscription.objects.count() == 1
    assert cal.post(reverse("push:unsubscribe"), {"device": "x"}).status_code == 404


def test_the_page_lists_devices_and_stops_one(mia: Membership, service: PushService) -> None:
    subscribed(mia, service)
    client, page = signed_in(mia), reverse("alerts:devices", kwargs={"team": "acme"})

    shown = client.get(page)
    assert "Safari on iPhone" in shown.text
    assert keys.public_key() in shown.text

    device = PushSubscription.objects.get()
    answer = client.post(reverse("push:unsubscribe"), {"device": device.pk, "next": page})
    assert answer.headers["Location"] == page
    assert PushSubscription.objects.count() == 0
    evil = client.post(
        reverse("push:unsubscribe"), {"device": device.pk, "next": "https://evil.example"}
    )
    assert evil.headers["Location"] == "/"


def test_the_sites_key_is_made_once_and_stored_sealed(db: None) -> None:
    assert keys.public_key() == keys.public_key()
    stored = PushKey.objects.get()
    assert "PRIVATE" not in stored.private_encrypted


def test_nobody_subscribes_without_signing_in(service: PushService, db: None) -> None:
    answer = Client().post(reverse("push:subscribe"), Browser(service.url("x")).form)

    assert answer.status_code == 302
    assert PushSubscription.objects.count() == 0


def test_devices_that_are_not_behind_cost_one_statement(
    mia: Membership, service: PushService, django_assert_num_queries: Any
) -> None:
    subscribed(mia, service)

    with django_assert_num_queries(3):  # and the savepoint's two
        assert sending.send_due(now=timezone.now()) == 0
