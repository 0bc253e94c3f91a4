"""A webhook is tried with a signed message; a real server answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from standardwebhooks import Webhook

from apps.rules.models import Recipient
from apps.rules.recipients.services import RecipientSettings, create, secrets_of
from apps.teams import egress
from apps.teams.access import Access
from apps.teams.models import Team
from tests.rules import makers
from tests.rules.makers import NOW

pytestmark = pytest.mark.django_db


class Receiver(ThreadingHTTPServer):
    """Keeps what it got, and answers as it is told."""

    status, answer = 200, b"thanks"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/leads"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_args: Any) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def desk(team: Team) -> Client:
    client = Client()
    manager = makers.manager_of(team)
    assert manager.user is not None
    client.force_login(manager.user)
    return client


@pytest.fixture
def webhook(team: Team, receiver: Receiver, settings: Any) -> Recipient:
    settings.EGRESS_TO_THIS_MACHINE = True
    admin = Access.of(makers.make_member(team, "Anna Admin", "admin"))
    given = RecipientSettings(kind="webhook", name="CRM", url=receiver.url)
    return create(team, given, by=admin, now=NOW)


def ping(desk: Client, webhook: Recipient) -> Any:
    return desk.post(f"/t/acme/recipients/{webhook.pk}/ping/")


def test_the_test_is_signed_as_copies_are(
    desk: Client, webhook: Recipient, receiver: Receiver
) -> None:
    page = ping(desk, webhook)

    [(headers, body)] = receiver.got
    [secret] = secrets_of(webhook, now=NOW)
    said = Webhook(secret).verify(body, headers)
    assert (said["type"], said["data"]) == ("test", {"from": "Acme"})
    assert headers["webhook-id"] == json.loads(body)["id"]
    assert page.status_code == 200
    assert "took the test and answered 200" in page.text
    assert "thanks" in page.text


def test_what_it_refuses_is_shown_safely(
    desk: Client, webhook: Recipient, receiver: Receiver
) -> None:
    receiver.status = 500
    receiver.answer = b"<script>alert(1)</script>\0\xff" + b"x" * 200_000

    page = ping(desk, webhook)

    assert "It answered 500" in page.text
    assert "&lt;script&gt;" in page.text
    assert "<script>alert" not in page.text
    assert len(page.context["pinged"].answer) == 500


def test_an_endpoint_that_is_not_there_is_said_in_words(desk: Client, webhook: Recipient) -> None:
    Recipient.objects.update(url="http://127.0.0.1:9/leads")

    assert "can’t be reached" in ping(desk, webhook).text


def test_the_network_is_asked_in_no_transaction(
    desk: Client, webhook: Recipient, monkeypatch: Any, transactional_db: None
) -> None:
    seen: list[bool] = []
    post = egress.post_json

    def watched(*args: Any, **kwargs: Any) -> Any:
        seen.append(connection.in_atomic_block)
        return post(*args, **kwargs)

    monkeypatch.setattr(egress, "post_json", watched)
    ping(desk, webhook)

    assert seen == [False]


def test_nothing_is_sent_without_a_secret(
    desk: Client, webhook: Recipient, receiver: Receiver
) -> None:
    Recipient.objects.update(secrets_encrypted="")

    assert "no secret" in ping(desk, webhook).text
    assert receiver.got == []
