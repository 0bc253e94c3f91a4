"""Copies go out to real receivers, signed, tried again, and never twice by our own doing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from apps.deliveries.models import Delivery, DeliveryAttempt
from apps.deliveries.sending import claims, courier, progress
from apps.deliveries.sending.outcomes import Came, Result
from apps.leads.models import Lead
from apps.rules.models import Recipient
from apps.rules.recipients import secrets
from tests import factories
from tests.capture.inbox import ROSA
from tests.deliveries.couriers import deliver, sent_one, webhook
from tests.deliveries.receiver import Receiver
from tests.deliveries.sender import Sender, to

State = Delivery.State


pytestmark = pytest.mark.usefixtures("egress_to_this_machine")


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


def test_a_private_address_is_never_spoken_to(
    sender: Sender, receiver: Receiver, settings: LazySettings
) -> None:
    settings.EGRESS_TO_THIS_MACHINE = False
    delivery = sent_one(sender, webhook(sender, receiver, "private"))

    deliver()

    delivery.refresh_from_db()
    assert receiver["private"].taken == []
    assert "private network" in delivery.reason


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
