"""From a lead in the mail to an account that takes the leads in."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.deliveries import links
from apps.deliveries.models import Delivery
from apps.deliveries.views import public
from apps.onboarding import copy_views
from apps.rules.models import Recipient
from tests import factories
from tests.deliveries.letters import a_copy

pytestmark = pytest.mark.django_db

ANSWERS = {
    "name": "Petra Partner", "password": "a quiet green door", "team": "Dach & Co",
    "timezone": "Europe/Vienna", "country": "AT",
}  # fmt: skip


@pytest.fixture(autouse=True)
def full_buckets() -> None:
    public.posts.clear()
    copy_views.mails.clear()


@pytest.fixture
def delivery() -> Delivery:
    return a_copy(delivery__state="sent", delivery__sent_at=timezone.now()).delivery


def ask(delivery: Delivery) -> Any:
    return Client().post(f"/start/{links.token_of(delivery)}/")


def link_in(mail: Any) -> str:
    found = re.search(r"https?://[^/\s]+(/start/\S+)", mail.body)
    assert found
    return found[1]


def test_a_recipient_starts_a_team_and_takes_the_leads_in(
    delivery: Delivery, mailoutbox: list[Any]
) -> None:
    assert "p•••@example.com" in ask(delivery).content.decode()
    client = Client()
    joined = client.post(link_in(mailoutbox[0]), ANSWERS)
    page = links.path_of(delivery) + "account/"
    team = User.objects.get(email="partner@example.com").memberships.get().team

    taken = client.post(page, {"team": str(team.pk)})

    assert joined["Location"].endswith(page)
    assert taken["Location"] == f"/t/{team.slug}/"
    recipient = Recipient.objects.get(pk=delivery.recipient_id)
    assert recipient.agreement is not None
    assert recipient.agreement.to == team


def test_the_link_of_a_copy_alone_makes_no_account(delivery: Delivery) -> None:
    token = links.token_of(delivery)

    for forged in (token, f"{token}~partner@example.com", f"{token}~x@example.com!1!2"):
        assert Client().post(f"/start/{forged}/account/", ANSWERS).status_code == 404

    assert not User.objects.filter(name="Petra Partner").exists()


def test_the_link_in_the_mail_is_good_for_a_day(delivery: Delivery) -> None:
    proof = links.proof_of(delivery)
    later = timezone.now() + timedelta(hours=25)

    with patch("django.core.signing.time.time", return_value=later.timestamp()):
        assert Client().get(f"/start/{proof}/account/").status_code == 404
    assert Client().get(f"/start/{proof}/account/").status_code == 200


def test_whoever_has_an_account_signs_in_instead(delivery: Delivery, mailoutbox: list[Any]) -> None:
    factories.UserFactory(email="partner@example.com")
    ask(delivery)

    answer = Client().post(link_in(mailoutbox[0]), ANSWERS)

    assert answer["Location"].endswith(links.path_of(delivery) + "account/")
    assert User.objects.filter(email="partner@example.com").count() == 1


def test_a_mailbox_is_not_filled(delivery: Delivery, mailoutbox: list[Any]) -> None:
    for _ in range(6):
        ask(delivery)

    assert len(mailoutbox) == 2


def test_a_copy_that_is_gone_starts_nothing(delivery: Delivery, mailoutbox: list[Any]) -> None:
    Delivery.objects.update(state="withdrawn")

    assert ask(delivery).status_code == 302
    assert mailoutbox == []
