"""Alerts by e-mail: masked, together, to those who want them, at least once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection

from apps.accounts.models import User
from apps.alerts import announcer, mails
from apps.alerts.models import Alert, Kind
from apps.alerts.tasks import send_emails
from apps.teams.models import Membership, Team
from tests.alerts.people import NOW, new_member, new_team, tell

LATER = NOW + timedelta(seconds=3)


@pytest.fixture
def team(db: None) -> Team:
    return new_team()


@pytest.fixture
def member(team: Team) -> Membership:
    return new_member(team, "Mia")


def send(seconds: float = 3) -> int:
    announcer.announce_pending()
    return mails.send_due(now=NOW + timedelta(seconds=seconds))


def test_a_mail_says_what_happened_in_masked_words_and_links_to_the_lead(
    member: Membership, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://leads.example.com"
    tell(member, "R••• S••••• · Website · Graz, AT", kind=Kind.OPEN, expires_at=at(minutes=5))

    assert send() == 1

    (sent,) = mail.outbox
    assert isinstance(sent, EmailMultiAlternatives)
    html = str(sent.alternatives[0][0])
    assert sent.to == [member.user.email]
    assert sent.subject == "A lead is open to claim: R••• S••••• · Website · Graz, AT"
    for text in (str(sent.body), html):
        assert "R••• S••••• · Website · Graz, AT" in text
        assert "https://leads.example.com/t/acme/" in text
        assert "before 18 Nov, 10:05" in text


def at(**later: float) -> str:
    return (NOW + timedelta(**later)).isoformat()


def test_times_are_told_by_the_readers_own_clock(team: Team) -> None:
    member = new_member(team, "Kim", timezone="Asia/Tokyo")
    tell(member, "a lead", respond_by=at(minutes=5))

    send()

    assert "18 Nov, 19:05" in mail.outbox[0].body


def test_what_is_due_to_a_person_goes_in_one_mail(member: Membership, team: Team) -> None:
    tell(member, *[f"lead {n}" for n in range(30)])
    tell(new_member(team, "Cal"), "one for Cal")

    assert send() == 2

    to_mia = next(sent for sent in mail.outbox if sent.to == [member.user.email])
    assert to_mia.subject == "30 alerts · Acme"
    assert to_mia.body.count("A lead is yours") == mails.MOST_IN_ONE
    assert "And 10 more." in to_mia.body


def test_the_next_mail_waits_a_minute_and_brings_all_that_came_meanwhile(
    member: Membership,
) -> None:
    tell(member, "first")
    send()
    tell(member, "second", "third")

    within_a_minute, after_it = send(30), send(65)

    assert (within_a_minute, after_it) == (0, 1)
    assert mail.outbox[1].subject == "2 alerts · Acme"


def opted_out(member: Membership) -> None:
    User.objects.filter(pk=member.user_id).update(wants_email_alerts=False)


def left_the_team(member: Membership) -> None:
    Membership.objects.filter(pk=member.pk).update(is_active=False)


def deactivated(member: Membership) -> None:
    User.objects.filter(pk=member.user_id).update(is_active=False)


def saw_it(member: Membership) -> None:
    Alert.objects.update(read_at=NOW)


@pytest.mark.parametrize("happened", [opted_out, left_the_team, deactivated, saw_it])
def test_nobody_is_mailed_who_does_not_want_or_need_it(member: Membership, happened: Any) -> None:
    tell(member, "a lead")
    happened(member)

    assert send() == 0
    assert not Alert.objects.filter(email_due=True).exists()


def test_an_offer_that_is_over_is_not_worth_a_mail(member: Membership) -> None:
    tell(member, "over", kind=Kind.OFFERED, expires_at=at(seconds=1))

    assert send() == 0
    assert not Alert.objects.filter(email_due=True).exists()


def test_what_only_keeps_pages_right_is_not_mailed(member: Membership) -> None:
    tell(member, "claimed by Cal", kind=Kind.CLAIMED)

    assert send() == 0


def test_after_a_day_without_a_mail_server_old_news_is_dropped(member: Membership) -> None:
    tell(member, "yesterday")

    assert send(seconds=mails.STALE_AFTER.total_seconds() + 1) == 0
    assert not Alert.objects.filter(email_due=True).exists()


def test_a_mail_that_fails_is_tried_again_later(
    member: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise ConnectionRefusedError("no mail server")

    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", refuse)
        tell(member, "a lead")
        failed = send()
    too_early = send(60)
    again = send(mails.TRY_AGAIN_AFTER.total_seconds() + 5)

    assert (failed, too_early, again) == (0, 0, 1)
    assert not Alert.objects.filter(email_due=True).exists()


def test_one_unreachable_person_does_not_hold_up_the_others(
    member: Membership, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(member, "a lead")
    tell(new_member(team, "Cal"), "a lead")
    deliver = EmailBackend.send_messages

    def refuse_mia(backend: EmailBackend, messages: Any) -> Any:
        if messages[0].to == [member.user.email]:
            raise ValueError("no such mailbox")
        return deliver(backend, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", refuse_mia)

    assert send() == 1


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_mail_each_person_once() -> None:
    team = new_team()
    people = [new_member(team, f"Sam{n}") for n in range(20)]
    for person in people:
        tell(person, "a lead", "another")
    announcer.announce_pending()
    start = Barrier(4)

    def work() -> int:
        try:
            start.wait(10)
            return mails.send_due(now=LATER)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        sent = sum(future.result() for future in [pool.submit(work) for _ in range(4)])

    assert sent == 20
    assert sorted(to for one in mail.outbox for to in one.to) == sorted(
        person.user.email for person in people
    )


def test_celery_knows_the_task_by_the_name_that_beat_calls(settings: Any) -> None:
    called = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert send_emails.name in called
