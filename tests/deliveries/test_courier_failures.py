"""Copies that do not arrive: tried again, slowed, given up, and replayed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from apps.alerts.models import Alert, Kind
from apps.deliveries.models import Delivery
from apps.deliveries.sending import health, progress, retries
from apps.rules.models import Recipient
from apps.teams import egress
from apps.teams.access import Access
from tests.deliveries.couriers import deliver, now_due, sent_one, webhook
from tests.deliveries.receiver import Receiver
from tests.deliveries.sender import Sender

State = Delivery.State


pytestmark = pytest.mark.usefixtures("egress_to_this_machine")


def test_a_500_is_tried_again_under_the_same_id(sender: Sender, receiver: Receiver) -> None:
    receiver["falls"].statuses = [500, 200]
    delivery = sent_one(sender, webhook(sender, receiver, "falls"))

    deliver()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == (State.FAILED, "It answered 500.")
    assert delivery.next_attempt_at is not None
    assert timedelta() < delivery.next_attempt_at - timezone.now() < timedelta(seconds=6)
    assert deliver() == 0
    now_due(delivery)
    deliver()

    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED
    assert receiver["falls"].ids == [str(delivery.pk)] * 2
    assert list(delivery.attempts.values_list("number", "status_code")) == [(1, 500), (2, 200)]
    assert Recipient.objects.get(name="falls").failures == 0


@pytest.mark.parametrize(
    ("manners", "words"),
    [
        ({"statuses": [302], "headers": {"location": "https://example.com"}}, "redirect"),
        ({"statuses": [404]}, "answered 404"),
        ({"hangs": 5.0}, "No answer within 0.5 seconds."),
        ({"drips": True}, "No answer within 0.5 seconds."),
    ],
    ids=["redirect", "not found", "hangs", "drips"],
)
def test_what_is_no_2xx_in_time_is_a_failure_in_words(
    sender: Sender, receiver: Receiver, monkeypatch: pytest.MonkeyPatch,
    manners: dict[str, Any], words: str,
) -> None:  # fmt: skip
    post = egress.post_json
    monkeypatch.setattr(egress, "post_json", lambda *given: post(*given, timeout=0.5))
    name = "manners-" + words[:3].strip() + str(len(str(manners)))
    for key, value in manners.items():
        setattr(receiver[name], key, value)
    delivery = sent_one(sender, webhook(sender, receiver, name))

    deliver()

    delivery.refresh_from_db()
    assert delivery.state == State.FAILED
    assert words in delivery.reason


def test_of_a_huge_answer_only_the_beginning_is_kept(sender: Sender, receiver: Receiver) -> None:
    receiver["huge"].says = b"\0x" * 5_000_000
    delivery = sent_one(sender, webhook(sender, receiver, "huge"))

    deliver()

    [tried] = delivery.attempts.all()
    assert tried.is_success
    assert tried.answer == "x" * 1000


def test_a_410_ends_it_and_switches_the_recipient_off(
    sender: Sender, receiver: Receiver, django_capture_on_commit_callbacks: Any
) -> None:
    receiver["gone"].statuses = [410]
    recipient = webhook(sender, receiver, "gone", contact_email="ops@partner.example")
    delivery = sent_one(sender, recipient)

    with django_capture_on_commit_callbacks(execute=True):
        deliver()

    delivery.refresh_from_db()
    recipient.refresh_from_db()
    assert delivery.state == State.DEAD
    assert recipient.disabled_at is not None
    assert "410" in recipient.disabled_reason
    kinds = set(Alert.objects.filter(team=sender.team).values_list("kind", flat=True))
    assert {Kind.RECIPIENT_OFF, Kind.DELIVERY_DEAD} <= kinds
    [letter] = mail.outbox
    assert letter.to == ["ops@partner.example"]
    assert "410" in letter.body


def test_after_the_last_try_it_is_given_up_once_told_and_can_be_replayed(
    sender: Sender, receiver: Receiver
) -> None:
    receiver["down"].statuses = [503]
    delivery = sent_one(sender, webhook(sender, receiver, "down"))

    for _try in range(retries.MOST_TRIES):
        deliver()
        now_due(delivery)

    assert (delivery.state, delivery.attempts_made) == (State.DEAD, retries.MOST_TRIES)
    assert delivery.ended_at is not None
    assert Alert.objects.filter(kind=Kind.DELIVERY_DEAD).count() == 1
    receiver["down"].statuses = [200]
    by = Access.system(sender.team)
    assert progress.replay(delivery, by=by, now=timezone.now())
    assert not progress.replay(delivery, by=by, now=timezone.now())
    deliver()
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED
    assert list(delivery.attempts.values_list("number", flat=True)) == list(range(1, 10))


def test_all_dead_copies_are_replayed_at_once(sender: Sender, receiver: Receiver) -> None:
    delivery = sent_one(sender, webhook(sender, receiver, "all"))
    Delivery.objects.filter(pk=delivery.pk).update(state=State.DEAD, next_attempt_at=None)

    number = progress.replay_all(
        Delivery.objects.all(), by=Access.system(sender.team), now=timezone.now()
    )

    assert number == 1
    delivery.refresh_from_db()
    assert delivery.state == State.QUEUED


def test_a_failing_endpoint_is_slowed_and_one_success_heals_it(
    sender: Sender, receiver: Receiver
) -> None:
    receiver["slow"].statuses = [500] * health.SLOW_AFTER + [200]
    recipient = webhook(sender, receiver, "slow")
    delivery = sent_one(sender, recipient)
    for _try in range(health.SLOW_AFTER):
        deliver()
        now_due(delivery)
    Recipient.objects.filter(pk=recipient.pk).update(
        slowed_until=timezone.now() + timedelta(minutes=1)
    )

    assert deliver() == 0
    delivery.refresh_from_db()
    assert "less often" in delivery.reason
    now_due(delivery)
    deliver()

    recipient.refresh_from_db()
    assert (recipient.failures, recipient.slowed_until, recipient.failing_since) == (0, None, None)


def test_pauses_of_a_failing_endpoint_grow_to_a_limit() -> None:
    pauses = [health.pause_after(number) for number in range(4, 60)]

    assert pauses[0] is None
    assert pauses[1] == health.FIRST_PAUSE
    assert pauses[-1] == health.LONGEST_PAUSE
    known = [pause for pause in pauses if pause]
    assert known == sorted(known)


def test_an_endpoint_that_fails_for_days_is_switched_off(
    sender: Sender, receiver: Receiver
) -> None:
    receiver["days"].statuses = [500]
    began = timezone.now() - health.OFF_AFTER
    recipient = webhook(sender, receiver, "days", failures=20, failing_since=began)
    delivery = sent_one(sender, recipient)

    deliver()

    recipient.refresh_from_db()
    assert recipient.disabled_at is not None
    now_due(delivery)
    assert deliver() == 0
    delivery.refresh_from_db()
    assert delivery.state == State.FAILED
    assert "switched off" in delivery.reason
    assert len(receiver["days"].taken) == 1


def test_what_waits_too_long_for_a_recipient_that_is_off_is_given_up(
    sender: Sender, receiver: Receiver
) -> None:
    recipient = webhook(sender, receiver, "off")
    delivery = sent_one(sender, recipient)
    Recipient.objects.filter(pk=recipient.pk).update(is_active=False)
    long_ago = timezone.now() - retries.IN_ALL - timedelta(minutes=1)
    Delivery.objects.filter(pk=delivery.pk).update(queued_at=long_ago)

    deliver()

    delivery.refresh_from_db()
    assert delivery.state == State.DEAD
