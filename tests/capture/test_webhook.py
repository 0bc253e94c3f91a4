"""What a sender sends, and what she reads."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from apps.assignments.models import Decision
from apps.capture import sources
from apps.leads.models import Activity, Lead, Source
from tests.capture.inbox import FORM, ROSA, Inbox, answer, now


def test_a_lead_that_is_sent_reaches_a_person(inbox: Inbox) -> None:
    response = inbox.post(ROSA)

    lead = inbox.only_lead()
    assert response.status_code == 201
    assert answer(response) == {
        "capture": str(inbox.only_capture().pk),
        "outcome": "assigned",
        "lead": str(lead.pk),
        "owner": inbox.seller.user.email,
        "offer": None,
        "decision": str(Decision.objects.get(lead=lead).pk),
    }
    assert lead.owner == inbox.seller
    assert (lead.email_key, lead.phone_key) == ("rosa@example.com", "+4930123456")
    assert lead.clock_starts_at is not None
    assert list(lead.activities.values_list("kind", flat=True))[-1] == Activity.Kind.RECEIVED


def test_the_body_is_kept_exactly_as_it_came(inbox: Inbox) -> None:
    body = b'  {"email":\t"rosa@example.com", "x": "\\u0000"}'

    inbox.post(body, "application/json; charset=utf-8")

    capture = inbox.only_capture()
    assert bytes(capture.body) == body
    assert capture.content_type == "application/json; charset=utf-8"


def test_a_form_is_read_like_json(inbox: Inbox) -> None:
    response = inbox.post(b"full_name=Rosa+Steiner&email=rosa%40example.com", FORM)

    assert answer(response)["outcome"] == "assigned"
    assert inbox.only_lead().name == "Rosa Steiner"


def test_a_routed_capture_costs_at_most_twelve_statements(inbox: Inbox) -> None:
    inbox.post({"email": "warm.up@example.com"})

    with CaptureQueriesContext(connection) as statements:
        response = inbox.post(ROSA, key="one")

    counted = [
        entry["sql"]
        for entry in statements.captured_queries
        if not entry["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))
    ]
    assert answer(response)["outcome"] == "assigned"
    assert len(counted) <= 12, "\n".join(counted)


@pytest.mark.parametrize("mark", ["?test=1", ""])
def test_a_test_lead_is_kept_flagged_and_not_routed(inbox: Inbox, mark: str) -> None:
    body = ROSA if mark else {**ROSA, "name": "<test lead: dummy data for full_name>"}

    response = inbox.post(body, to=inbox.path() + mark)

    lead = inbox.only_lead()
    assert (response.status_code, answer(response)["outcome"]) == (201, "test")
    assert (lead.is_test, lead.stage, lead.owner) == (True, Lead.Stage.OUT, None)
    assert not Decision.objects.exists()


def test_a_test_lead_is_nobodys_duplicate(inbox: Inbox) -> None:
    inbox.post({**ROSA, "test": True})

    assert answer(inbox.post(ROSA))["outcome"] == "assigned"


def test_an_unknown_or_revoked_address_is_a_404(inbox: Inbox) -> None:
    path = inbox.path()
    sources.revoke(inbox.webhook.source, by=inbox.access, now=now())

    statuses = [inbox.post(ROSA, to=to).status_code for to in (path, "/capture/nobody/")]

    assert statuses == [404, 404]
    assert inbox.captures == 0


def test_an_address_that_was_copied_without_its_slash_takes_leads_too(inbox: Inbox) -> None:
    response = inbox.post(ROSA, to=inbox.path().rstrip("/"))

    assert response.status_code == 201
    assert inbox.leads == 1


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options"])
def test_leads_come_by_post_only(inbox: Inbox, method: str) -> None:
    response = getattr(inbox.client, method)(inbox.path())

    assert response.status_code == 405


def test_more_than_a_megabyte_is_refused(inbox: Inbox) -> None:
    response = inbox.post(b'{"email": "' + b"x" * 1024 * 1024 + b'"}')

    assert response.status_code == 413
    assert inbox.captures == 0


def test_a_flood_is_told_to_slow_down(inbox: Inbox) -> None:
    with patch("apps.capture.throttle.Throttle.allows", return_value=False):
        response = inbox.post(ROSA)

    assert (response.status_code, response["Retry-After"]) == (429, "1")
    assert inbox.captures == 0


def test_a_database_that_is_away_is_a_503(inbox: Inbox) -> None:
    with patch("apps.capture.sources.for_token", side_effect=OperationalError("away")):
        response = inbox.post(ROSA)

    assert (response.status_code, response["Retry-After"]) == (503, "5")


def test_a_source_that_is_off_keeps_what_comes(inbox: Inbox) -> None:
    sources.change(inbox.webhook.source, by=inbox.access, now=now(), is_active=False)

    response = inbox.post(ROSA)

    assert response.status_code == 202
    assert "off" in inbox.only_capture().reason


def test_a_rotated_address_works_during_the_overlap_only(inbox: Inbox) -> None:
    old = inbox.path()
    new = sources.rotate(inbox.webhook.source, by=inbox.access, now=now())

    during = [inbox.post(ROSA, to=to).status_code for to in (old, inbox.path(new))]
    Source.objects.update(previous_token_until=now() - timedelta(seconds=1))
    after = [inbox.post(ROSA, to=to).status_code for to in (old, inbox.path(new))]

    assert (during, after) == ([201, 201], [404, 201])
