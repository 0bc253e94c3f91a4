"""Copies go out to real receivers, signed, tried again, and never twice by our own doing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from apps.alerts.models import Alert, Kind
from apps.deliveries.models import Delivery, DeliveryAttempt
from apps.deliveries.sending import claims, courier, health, progress, retries
from apps.deliveries.sending.courier import Courier
from apps.deliveries.sending.outcomes import Came, Result
from apps.leads.models import Lead
from apps.rules.models import Recipient
from apps.rules.recipients import secrets
from apps.teams import egress
from apps.teams.access import Access
from tests import factories
from tests.capture.inbox import ROSA
from tests.deliveries.receiver import Receiver, receiving
from tests.deliveries.sender import Sender, to

State = Delivery.State


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture(autouse=True)
def this_machine(settings: LazySettings) -> None:
    settings.EGRESS_TO_THIS_MACHINE = True


def webhook(sender: Sender, receiver: Receiver, name: str, **columns: Any) -> Recipient:
    """A recipient at an address of the receiver, which knows its secret."""
    recipient = sender.webhook_to(name, **columns)
    recipient.url = receiver.url_of(name)
    receiver[name].secret, recipient.secrets_encrypted = secrets.first()
    recipient.save()
    return recipient


def sent_one(sender: Sender, recipient: Recipient) -> Delivery:
    """A delivery of one lead to this recipient, queued."""
    sender.distribute(to(recipient))
    sender.post(ROSA)
    return sender.sent(recipient=recipient)[0]


def deliver() -> int:
    return Courier(4).deliver_due()


def now_due(delivery: Delivery) -> Delivery:
    Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=timezone.now())
    Recipient.objects.filter(pk=delivery.recipient_id).update(slowed_until=None)
    delivery.refresh_from_db()
    return delivery


def test_a_copy_arrives_signed_under_the_id_of_its_delivery(
    sender: Sender, receiver: Receiver
) -> None:
    delivery = sent_one(sender, webhook(sender, receiver, "signed"))

    deliver()

    [taken] = receiver["signed"].taken
    assert taken.is_genuine
    assert (taken.id, taken.body["id"]) == (str(delivery.pk), str(delivery.pk))
    assert (taken.body["type"], taken.body["data"]["from"]) == ("lead.created", sender.team.name)
    assert taken.body["data"]["lead"] == delivery.payload
    delivery.refresh_from_db()
    assert (delivery.state, delivery.next_attempt_at) == (State.DELIVERED, None)
    [tried] = delivery.attempts.all()
    assert (tried.number, tried.status_code, tried.is_success) == (1, 200, True)
    assert tried.answer == "thank you"


def test_while_a_secret_is_changed_the_old_one_still_verifies(
    sender: Sender, receiver: Receiver
) -> None:
    recipient = webhook(sender, receiver, "rotated")
    _new, recipient.secrets_encrypted = secrets.rotated(recipient, now=timezone.now())
    recipient.save()
    sent_one(sender, recipient)

    deliver()

    [taken] = receiver["rotated"].taken
    assert taken.is_genuine
    assert len(taken.headers["webhook-signature"].split(" ")) == 2


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


def test_a_private_address_is_never_spoken_to(
    sender: Sender, receiver: Receiver, settings: LazySettings
) -> None:
    settings.EGRESS_TO_THIS_MACHINE = False
    delivery = sent_one(sender, webhook(sender, receiver, "private"))

    deliver()

    delivery.refresh_from_db()
    assert receiver["private"].taken == []
    assert "private network" in delivery.reason


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


@pytest.mark.parametrize(
    ("columns", "minutes"),
    [
        ({"is_paused": True}, 15),
        ({"is_paused": True, "paused_until": timedelta(hours=2)}, 120),
        ({"disabled_at": timedelta()}, 15),
        ({"slowed_until": timedelta(minutes=3)}, 3),
    ],
    ids=["paused", "paused until", "off", "slowed"],
)
def test_copies_wait_for_a_recipient_that_may_not_get_them(
    sender: Sender, receiver: Receiver, columns: dict[str, Any], minutes: int
) -> None:
    recipient = webhook(sender, receiver, f"waits-{minutes}-{len(columns)}")
    delivery = sent_one(sender, recipient)
    now = timezone.now()
    given = {
        key: now + value if isinstance(value, timedelta) else value
        for key, value in columns.items()
    }
    Recipient.objects.filter(pk=recipient.pk).update(**given)

    assert deliver() == 0

    delivery.refresh_from_db()
    assert delivery.next_attempt_at is not None
    assert round((delivery.next_attempt_at - now).total_seconds() / 60) == minutes
    assert delivery.state == State.QUEUED
    assert delivery.reason.startswith("It waits")


def test_copies_wait_for_the_hours_of_the_recipient(sender: Sender, receiver: Receiver) -> None:
    recipient = webhook(sender, receiver, "hours")
    delivery = sent_one(sender, recipient)
    today = timezone.now().weekday()
    closed = {str((today + 3) % 7): [["10:00", "11:00"]]}
    Recipient.objects.filter(pk=recipient.pk).update(hours=closed, timezone="UTC")

    assert deliver() == 0

    delivery.refresh_from_db()
    assert delivery.next_attempt_at is not None
    assert f"{delivery.next_attempt_at:%H:%M}" == "10:00"
    assert delivery.next_attempt_at.weekday() == (today + 3) % 7


def test_an_offer_is_masked_and_stays_an_offer(sender: Sender, receiver: Receiver) -> None:
    recipient = webhook(sender, receiver, "offer")
    sender.distribute(sender.pool_of(recipient, way="first"))
    sender.post(ROSA)
    [delivery] = sender.sent()

    deliver()

    [taken] = receiver["offer"].taken
    assert taken.is_genuine
    assert taken.id == f"{delivery.pk}-offer"
    assert taken.body["type"] == "lead.offered"
    assert ROSA["email"] not in str(taken.body)
    assert taken.body["data"]["accept_url"].startswith("http")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.next_attempt_at) == (State.OFFERED, None)


def test_an_offer_accepted_while_it_is_sent_goes_out_as_a_copy(
    sender: Sender, receiver: Receiver
) -> None:
    recipient = webhook(sender, receiver, "meanwhile")
    sender.distribute(sender.pool_of(recipient, way="first"))
    sender.post(ROSA)
    run = claims.take(recipient, 1)
    assert run is not None
    held = claims.held(run.deliveries[0], run)
    assert held is not None
    Delivery.objects.filter(pk=held.pk).update(
        state=State.QUEUED, accepted_at=timezone.now(), next_attempt_at=timezone.now()
    )

    progress.settle(held, Result(Came.DELIVERED), milliseconds=1, now=timezone.now())
    deliver()

    assert receiver["meanwhile"].ids == [str(held.pk)]
    held.refresh_from_db()
    assert held.state == State.DELIVERED
    assert DeliveryAttempt.objects.count() == 2


def test_whoever_lost_its_lease_moves_nothing(sender: Sender, receiver: Receiver) -> None:
    recipient = webhook(sender, receiver, "lease")
    sent_one(sender, recipient)
    run = claims.take(recipient, 1)
    assert run is not None
    late = claims.held(run.deliveries[0], run)
    assert late is not None
    Delivery.objects.update(locked_until=timezone.now() - timedelta(seconds=1))

    deliver()
    said = progress.settle(
        late, Result(Came.FAILED, error="late"), milliseconds=1, now=timezone.now()
    )

    assert said is False
    late.refresh_from_db()
    assert late.state == State.DELIVERED
    assert late.attempts.count() == 1


def test_a_withdrawn_copy_is_not_sent(sender: Sender, receiver: Receiver) -> None:
    recipient = webhook(sender, receiver, "withdrawn")
    delivery = sent_one(sender, recipient)

    assert progress.withdraw(delivery, "A mistake.", now=timezone.now())
    deliver()

    assert receiver["withdrawn"].taken == []
    assert not progress.refuse(delivery, "Too late.", now=timezone.now())


def test_a_recipient_has_two_runs_at_a_time(sender: Sender, receiver: Receiver) -> None:
    recipient = webhook(sender, receiver, "two")
    sender.distribute(to(recipient))
    for number in range(4):
        sender.post({**ROSA, "email": f"rosa{number}@example.com", "phone": f"+4930{number:07}"})

    runs = []
    for _run in range(claims.MOST_RUNS):
        assert [each.recipient for each in claims.due()] == [recipient.pk]
        runs.append(claims.take(recipient, 1))

    assert claims.due() == []
    assert runs[0] is not None
    claims.release(runs[0])
    assert [each.runs for each in claims.due()] == [1]


def test_a_fault_of_a_channel_is_a_failure_like_any_other(
    sender: Sender, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_given: Any) -> Result:
        raise ZeroDivisionError

    monkeypatch.setattr(courier, "CHANNELS", {"webhook": breaks})
    delivery = sent_one(sender, webhook(sender, receiver, "fault"))

    deliver()

    delivery.refresh_from_db()
    assert delivery.state == State.FAILED
    assert delivery.reason == "Something went wrong on our side."


def test_leads_whose_transaction_was_rolled_back_are_delivered_to_nobody(
    live_sender: Sender, receiver: Receiver
) -> None:
    recipient = webhook(live_sender, receiver, "rolled-back")
    live_sender.distribute(to(recipient))

    for number in range(200):
        with transaction.atomic():
            live_sender.post({**ROSA, "email": f"rosa{number}@example.com", "phone": ""})
            transaction.set_rollback(True)
    live_sender.post({**ROSA, "email": "kept@example.com", "phone": ""})
    deliver()

    assert [each.body["data"]["lead"]["email"] for each in receiver["rolled-back"].taken] == [
        "kept@example.com"
    ]


def test_what_waits_goes_out_as_soon_as_the_recipient_is_switched_on_again(
    sender: Sender, receiver: Receiver
) -> None:
    recipient = webhook(sender, receiver, "again", disabled_at=timezone.now())
    delivery = factories.DeliveryFactory(
        team=sender.team, recipient=recipient, queued_at=timezone.now()
    )
    assert deliver() == 0
    browser = sender.signed_in(sender.manager)

    browser.post(reverse("deliveries:enable_recipient", args=[sender.team.slug, recipient.pk]))
    deliver()

    assert receiver["again"].ids == [str(delivery.pk)]


def test_a_lead_that_was_kept_out_comes_back_when_its_last_copy_dies(
    sender: Sender, receiver: Receiver, django_capture_on_commit_callbacks: Any
) -> None:
    receiver["kept-out"].statuses = [410]
    sender.distribute(to(webhook(sender, receiver, "kept-out"), keeps_out=True))
    sender.post(ROSA)
    assert sender.only_lead().stage == Lead.Stage.AWAY

    with django_capture_on_commit_callbacks(execute=True):
        deliver()

    lead = sender.only_lead()
    assert (lead.deleted_at, lead.owner_id) == (None, sender.seller.pk)


def test_what_came_of_a_try_survives_a_connection_that_was_cut_meanwhile(
    live_sender: Sender, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = sent_one(live_sender, webhook(live_sender, receiver, "cut"))
    spoken = courier._spoken

    def cut_after(copy: Any) -> Result:
        result = spoken(copy)
        connection.connection.close()
        return result

    monkeypatch.setattr(courier, "_spoken", cut_after)

    deliver()

    delivery.refresh_from_db()
    assert (delivery.state, receiver["cut"].ids) == (State.DELIVERED, [str(delivery.pk)])
