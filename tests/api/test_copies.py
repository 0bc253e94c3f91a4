"""Recipients, deliveries and returns over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.deliveries.models import Delivery, Dispute
from apps.rules.models import Recipient
from tests import factories
from tests.api.caller import Caller, body
from tests.capture.inbox import ROSA, now
from tests.deliveries.sender import Sender, to


@pytest.fixture
def sender(db: None) -> Sender:
    return Sender()


@pytest.fixture
def caller(sender: Sender) -> Caller:
    return Caller(sender.manager)


def test_recipients_say_whether_they_get_leads_now(sender: Sender, caller: Caller) -> None:
    sender.webhook_to("Alps", quota=50, price_minor=1250)
    sender.webhook_to("Off", is_paused=True)

    off, alps = body(caller.get("/recipients/"))["results"]

    assert (alps["waits_for"], alps["quota"], alps["price"]) == (None, 50, "12.50")
    assert off["waits_for"] == "paused"


def test_a_recipient_is_paused_and_gets_leads_again(sender: Sender, caller: Caller) -> None:
    one = sender.webhook_to()
    until = (now() + timedelta(days=1)).isoformat()

    paused = body(caller.post(f"/recipients/{one.pk}/pause/", {"until": until}))
    assert paused["waits_for"] == "paused"
    resumed = body(caller.post(f"/recipients/{one.pk}/resume/"))

    assert resumed["waits_for"] is None


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00Z", "soon", 5, [], "9" * 5000])
def test_a_pause_until_then_needs_a_moment_to_come(
    sender: Sender, caller: Caller, until: Any
) -> None:
    one = sender.webhook_to()

    answer = caller.post(f"/recipients/{one.pk}/pause/", {"until": until})

    assert answer.status_code in (400, 422)
    assert Recipient.objects.get(pk=one.pk).is_paused is False


def test_copies_are_listed_with_how_far_they_came(sender: Sender, caller: Caller) -> None:
    sender.distribute(to(sender.webhook_to("Alps"), sender.webhook_to("North")))
    sender.post(ROSA)
    Delivery.objects.filter(recipient__name="Alps").update(state="delivered")

    found = body(caller.get("/deliveries/", state="delivered"))["results"]

    assert [each["recipient_name"] for each in found] == ["Alps"]
    one = body(caller.get(f"/deliveries/{found[0]['id']}/"))
    assert one["payload"]["email"] == "rosa@example.com"
    assert one["lead"] == str(sender.only_lead().pk)


def test_a_kept_out_lead_shows_nothing_personal(sender: Sender, caller: Caller) -> None:
    sender.distribute(to(sender.webhook_to(), keeps_out=True))
    sender.post({**ROSA, "message": "call my wife Petra"})
    (copy,) = sender.sent()

    answer = caller.get(f"/deliveries/{copy.pk}/")

    text = answer.content.decode()
    assert body(answer)["lead"] is None
    assert not any(word in text for word in ("Steiner", "rosa@", "4930", "Petra", "Isarwerk"))
    assert body(caller.get("/deliveries/", lead=str(copy.lead_id)))["results"] == []


def test_only_dead_copies_are_sent_again(sender: Sender, caller: Caller) -> None:
    dead = factories.DeliveryFactory(team=sender.team, state="dead", next_attempt_at=None)

    assert body(caller.post(f"/deliveries/{dead.pk}/replay/"))["state"] == "queued"
    assert caller.post(f"/deliveries/{dead.pk}/replay/").status_code == 409


def test_a_lead_is_sent_by_hand(sender: Sender, caller: Caller) -> None:
    sender.post(ROSA)
    lead, one = sender.only_lead(), sender.webhook_to("Alps")

    made = caller.post(f"/leads/{lead.pk}/copies/", {"recipients": [one.pk]})

    assert made.status_code == 201
    assert [each["recipient_name"] for each in body(made)["results"]] == ["Alps"]
    again = body(caller.post(f"/leads/{lead.pk}/copies/", {"recipients": [one.pk]}))
    assert again["results"] == []


def test_recipients_of_others_are_unknown(sender: Sender, caller: Caller) -> None:
    sender.post(ROSA)
    foreign = factories.RecipientFactory()

    answer = caller.post(f"/leads/{sender.only_lead().pk}/copies/", {"recipients": [foreign.pk]})

    assert answer.status_code == 422
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("recipients", [[], "x", None, ["x"], [{}]])
def test_a_copy_needs_recipients(sender: Sender, caller: Caller, recipients: Any) -> None:
    sender.post(ROSA)

    answer = caller.post(f"/leads/{sender.only_lead().pk}/copies/", {"recipients": recipients})

    assert answer.status_code == 400


def test_a_return_is_decided_once(sender: Sender, caller: Caller) -> None:
    dispute = factories.DisputeFactory(team=sender.team)

    listed = body(caller.get("/disputes/", state="open"))["results"]
    assert [each["id"] for each in listed] == [str(dispute.pk)]
    decided = caller.post(f"/disputes/{dispute.pk}/decision/", {"accept": True, "answer": "Sorry"})
    assert body(decided)["state"] == "accepted"
    assert caller.post(f"/disputes/{dispute.pk}/decision/", {"accept": False}).status_code == 409
    assert Dispute.objects.get().answer == "Sorry"


def test_salespeople_see_no_deliveries(sender: Sender) -> None:
    caller = Caller(sender.seller)

    for path in ("/deliveries/", "/recipients/", "/disputes/"):
        assert caller.get(path).status_code == 403
