"""Leads that a distribution rule keeps out: nobody's here, until nobody else has them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.alerts.models import Alert, Kind
from apps.assignments.models import Assignment, Door
from apps.deliveries.models import Delivery, Dispute, Distribution
from apps.deliveries.returns import coming_back
from apps.leads.models import Lead
from apps.teams.access import Access
from tests.capture.inbox import ROSA, answer, now
from tests.deliveries.sender import Sender, to

State = Delivery.State


def person(number: int, **fields: str) -> dict[str, str]:
    return {"name": f"Person {number}", "email": f"person{number}@example.com", **fields}


def test_a_lead_that_is_kept_out_is_nobodys_lead_here(sender: Sender) -> None:
    sender.distribute(to(sender.webhook_to(), keeps_out=True))

    said = answer(sender.post(ROSA))

    lead = sender.only_lead()
    assert said["outcome"] == "distributed"
    assert (lead.stage, lead.owner_id) == (Lead.Stage.AWAY, None)
    everyone = Access.of(sender.manager)
    assert not Lead.objects.visible_to(everyone).exists()
    assert not Lead.objects.counted().exists()
    assert not Lead.objects.unplaced().exists()
    assert not Assignment.objects.exists()
    assert len(sender.sent()) == 1


def test_it_stays_in_if_no_copy_could_be_queued(sender: Sender) -> None:
    sender.distribute(to(sender.webhook_to(is_paused=True), keeps_out=True))

    said = answer(sender.post(ROSA))

    assert said["outcome"] == "assigned"
    assert sender.only_lead().owner_id == sender.seller.pk
    assert Distribution.objects.get().keeps_out is False


def test_a_double_click_on_a_form_is_one_kept_out_lead(sender: Sender) -> None:
    sender.distribute(to(sender.webhook_to(), keeps_out=True))

    sender.post(ROSA)
    again = answer(sender.post(ROSA))

    assert again["outcome"] == "duplicate"
    assert (sender.leads, len(sender.sent())) == (1, 1)


def test_whoever_comes_again_later_is_sent_again(sender: Sender) -> None:
    sender.distribute(to(sender.webhook_to(), keeps_out=True))
    sender.post(ROSA)
    long_ago = now() - timedelta(days=2)
    Lead.objects.update(received_at=long_ago, last_heard_at=long_ago)

    sender.post(ROSA)

    assert (sender.leads, len(sender.sent())) == (2, 2)


def test_a_kept_out_lead_can_be_neither_opened_nor_restored(sender: Sender) -> None:
    sender.distribute(to(sender.webhook_to(), keeps_out=True))
    sender.post(ROSA)
    admin = sender.world.member("Ada", role="admin")
    client, lead = sender.signed_in(admin), sender.only_lead()

    for page in ("", "deleted/"):
        assert client.get(f"/t/acme/leads/{lead.pk}/{page}").status_code == 404
    assert client.post(f"/t/acme/leads/{lead.pk}/restore/").status_code in (404, 405)
    assert sender.only_lead().stage == Lead.Stage.AWAY


@pytest.mark.parametrize("ended", [State.DEAD, State.REFUSED, State.WITHDRAWN])
def test_it_comes_back_when_its_last_copy_ended(sender: Sender, ended: str) -> None:
    sender.distribute(to(sender.webhook_to(), sender.webhook_to(), keeps_out=True))
    sender.post(ROSA)
    first, second = sender.sent()

    Delivery.objects.filter(pk=first.pk).update(state=ended)
    assert coming_back.consider(first.distribution_id, now=now()) is False
    Delivery.objects.filter(pk=second.pk).update(state=ended)
    assert coming_back.consider(first.distribution_id, now=now()) is True

    lead = sender.only_lead()
    assert (lead.stage, lead.owner_id) == (Lead.Stage.OWNED, sender.seller.pk)
    assert lead.deleted_at is None
    assert lead.decisions.get().door == Door.RETURNED
    told = Alert.objects.filter(user=sender.manager.user, kind=Kind.RETURNED)
    assert told.count() == 1
    assert coming_back.consider(first.distribution_id, now=now()) is False


def test_the_sweep_finds_what_nobody_looked_at(sender: Sender) -> None:
    sender.distribute(to(sender.webhook_to(), keeps_out=True))
    sender.post(ROSA)
    sender.post(person(2))
    Delivery.objects.filter(lead__name="Person 2").update(state=State.DEAD)

    assert coming_back.sweep(now=now()) == 1

    assert Lead.objects.get(name="Person 2").owner_id == sender.seller.pk
    assert Lead.objects.get(name="Rosa Steiner").stage == Lead.Stage.AWAY


@pytest.mark.parametrize(("reason", "back"), [("out_of_area", True), ("wrong_number", False)])
def test_a_lead_that_was_returned_comes_back_if_it_is_still_good(
    sender: Sender, reason: str, back: bool
) -> None:
    sender.distribute(to(sender.webhook_to(), keeps_out=True))
    sender.post(ROSA)
    (copy,) = sender.sent()
    Delivery.objects.update(state=State.DELIVERED)
    Dispute.objects.create(
        team=sender.team, delivery=copy, recipient=copy.recipient, reason=reason,
        at=now(), state=Dispute.State.ACCEPTED,
    )  # fmt: skip

    assert coming_back.consider(copy.distribution_id, now=now()) is back
