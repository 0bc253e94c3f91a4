"""What fails is kept, tried again and replayed."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

from django.db import connection

from apps.capture import services, sources
from tests.capture.inbox import ROSA, Inbox, answer, now


def test_a_bug_in_routing_costs_the_lead_a_moment_and_never_the_capture(inbox: Inbox) -> None:
    with patch("apps.assignments.services.route", side_effect=RuntimeError("a bad rule")):
        response = inbox.post(ROSA, key="abc")

    capture = inbox.only_capture()
    assert (response.status_code, answer(response)["outcome"]) == (202, "quarantined")
    assert (capture.state, capture.reason) == ("failed", "RuntimeError: a bad rule")
    assert inbox.leads == 0

    tried = services.retry_due(now=now() + timedelta(minutes=1))

    assert (tried, inbox.leads) == (1, 1)
    assert answer(inbox.post(ROSA, key="abc"))["outcome"] == "assigned"


def test_a_broken_statement_in_routing_leaves_the_capture(inbox: Inbox) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nonsense")

    with patch("apps.assignments.services.route", side_effect=broken):
        response = inbox.post(ROSA)

    assert response.status_code == 202
    assert inbox.only_capture().state == "failed"


def test_what_fails_for_ever_ends_in_quarantine(inbox: Inbox) -> None:
    with patch("apps.assignments.services.route", side_effect=RuntimeError("a bad rule")):
        inbox.post(ROSA)
        for hours in range(1, 12):
            services.retry_due(now=now() + timedelta(hours=2 * hours))

    capture = inbox.only_capture()
    assert (capture.state, capture.next_try_at) == ("quarantined", None)


def test_replaying_twice_makes_each_lead_once(inbox: Inbox) -> None:
    with patch("apps.assignments.services.route", side_effect=RuntimeError("a bad rule")):
        for number in range(5):
            inbox.post({"email": f"lead{number}@example.com"})

    first = services.replay_all(by=inbox.access, now=now())
    second = services.replay_all(by=inbox.access, now=now())

    assert (first, second) == ({"assigned": 5}, {})
    assert inbox.leads == 5


def test_a_mended_mapping_saves_what_was_quarantined(inbox: Inbox) -> None:
    inbox.post({"epost": "rosa@example.com"})
    sources.change(inbox.webhook.source, by=inbox.access, now=now(), mapping={"email": "epost"})

    counts = services.replay_all(by=inbox.access, now=now())

    assert counts == {"assigned": 1}
    assert inbox.only_lead().email == "rosa@example.com"
