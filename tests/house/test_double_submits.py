"""A form that is sent twice in the same moment, as by a double click, is answered and no error."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client

from apps.content.models import Script
from apps.leads.models import Source
from apps.rules.models import Recipient
from apps.teams.models import Invitation
from apps.teams.permissions import Role
from tests.capture.inbox import in_own_connection
from tests.factories import MembershipFactory

SENT = 5


@pytest.fixture
def pages(transactional_db: None) -> Any:
    """Send one form `SENT` times at once, signed in as an admin; what each was answered."""
    admin = MembershipFactory(role=Role.ADMIN)
    clients = [Client() for _ in range(SENT)]
    for client in clients:
        client.force_login(admin.user)

    def send(page: str, **form: str) -> list[int]:
        path = f"/t/{admin.team.slug}/{page}"
        post = lambda client: in_own_connection(client.post, path, form)  # noqa: E731
        with ThreadPoolExecutor(SENT) as threads:
            return sorted(answer.status_code for answer in threads.map(post, clients))

    return send


def test_an_invitation_goes_out_and_none_breaks(pages: Any) -> None:
    answers = pages("members/invite/", email="nora@example.com", role="salesperson")

    assert set(answers) <= {200, 422}
    assert Invitation.objects.filter(accepted_at=None, revoked_at=None).count() == 1


def test_a_script_is_written_once(pages: Any) -> None:
    answers = pages("scripts/new/", channel="call", name="Hello", body="Hello")

    assert answers == [302] + [422] * (SENT - 1)
    assert Script.objects.count() == 1


def test_sources_of_one_name_get_a_key_each(pages: Any) -> None:
    answers = pages("sources/new/", kind="json", name="Website")

    assert answers == [302] * SENT
    assert Source.objects.filter(slug__startswith="website").count() == SENT


def test_a_recipient_is_made_once(pages: Any) -> None:
    answers = pages(
        "recipients/new/?kind=email", name="Berger", email="a@example.com", open_hours="always",
        return_days="7", **{"fields-send-email": "on"},
    )  # fmt: skip

    assert answers == [302] + [422] * (SENT - 1)
    assert Recipient.objects.count() == 1
