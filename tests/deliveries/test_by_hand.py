"""Copies that somebody sends by hand from the page of a lead."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.deliveries.models import Delivery
from tests import factories
from tests.capture.inbox import ROSA, in_own_connection
from tests.deliveries.sender import Sender


def page(sender: Sender) -> str:
    return f"/t/acme/leads/{sender.only_lead().pk}/copies/send/"


def test_a_manager_chooses_who_gets_a_copy(sender: Sender) -> None:
    sender.post(ROSA)
    alps, off = sender.webhook_to("Alps"), sender.webhook_to("Off", is_paused=True)
    client = sender.signed_in(sender.manager)

    shown = client.get(page(sender)).content.decode()
    sent = client.post(page(sender), {"recipients": [str(alps.pk), str(off.pk)]}, follow=True)

    assert "Alps" in shown
    assert "paused" in shown
    assert [each.recipient_id for each in sender.sent()] == [alps.pk]
    assert "1 copy is on its way." in sent.content.decode()
    assert "has the lead already" in client.get(page(sender)).content.decode()


@pytest.mark.parametrize("value", ["", "x", "\x00", "9" * 5000])
def test_without_a_recipient_it_says_so(sender: Sender, value: str) -> None:
    sender.post(ROSA)

    answer = sender.signed_in(sender.manager).post(page(sender), {"recipients": value})

    assert answer.status_code == 422
    assert "Choose at least one recipient." in answer.content.decode()


def test_recipients_of_others_can_not_be_chosen(sender: Sender) -> None:
    sender.post(ROSA)
    foreign = factories.RecipientFactory()

    answer = sender.signed_in(sender.manager).post(page(sender), {"recipients": str(foreign.pk)})

    assert answer.status_code == 422
    assert not Delivery.objects.exists()


def test_a_double_click_sends_one_copy(live_sender: Sender) -> None:
    live_sender.post(ROSA)
    alps, path = live_sender.webhook_to("Alps"), page(live_sender)
    clients = [live_sender.signed_in(live_sender.manager) for _ in range(4)]

    def send(client: object) -> int:
        form = {"recipients": str(alps.pk)}
        return int(in_own_connection(client.post, path, form).status_code)  # type: ignore[attr-defined]

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(send, clients))

    assert answers == [302] * 4
    assert len(live_sender.sent()) == 1


def test_salespeople_send_no_copies(sender: Sender) -> None:
    sender.post(ROSA)

    assert sender.signed_in(sender.seller).get(page(sender)).status_code == 403
