"""The form that we host: for people without JavaScript, and against programs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from apps.capture import sources
from apps.leads.models import Source
from tests.capture.inbox import FORM, now

if TYPE_CHECKING:
    from apps.capture.sources import NewSource
    from tests.capture.inbox import Inbox

ROSA = {"name": "Rosa Steiner", "email": "rosa@example.com", "message": "Call me"}


@pytest.fixture
def form(inbox: Inbox) -> NewSource:
    return inbox.connect(Source.Kind.FORM, name="Contact")


def opened(inbox: Inbox, form: NewSource) -> dict[str, str]:
    """The hidden answers of a freshly opened page."""
    shown = inbox.client.get(inbox.path(form)).content.decode()
    found = re.search(r'name="once" value="([^"]+)"', shown)
    assert found
    return {"once": found.group(1)}


def send(inbox: Inbox, form: NewSource, answers: dict[str, str]) -> Any:
    return inbox.post(urlencode(answers).encode(), FORM, to=inbox.path(form))


def test_who_fills_in_the_form_becomes_a_lead_and_is_thanked(inbox: Inbox, form: NewSource) -> None:
    response = send(inbox, form, {**opened(inbox, form), **ROSA})

    lead = inbox.only_lead()
    assert response.status_code == 302
    assert "Thank you" in inbox.client.get(response["Location"]).content.decode()
    assert (lead.name, lead.message, lead.owner) == ("Rosa Steiner", "Call me", inbox.seller)


def test_a_double_submit_is_one_lead_and_one_capture(inbox: Inbox, form: NewSource) -> None:
    answers = {**opened(inbox, form), **ROSA}

    statuses = [send(inbox, form, answers).status_code for _ in range(2)]

    assert statuses == [302, 302]
    assert (inbox.captures, inbox.leads) == (1, 1)


def test_what_the_form_does_not_ask_is_ignored(inbox: Inbox, form: NewSource) -> None:
    extra = {"owner": str(inbox.manager.pk), "team": "other", "budget": "10", "is_spam": "1"}

    send(inbox, form, {**opened(inbox, form), **ROSA, **extra})

    assert inbox.only_lead().owner == inbox.seller
    assert inbox.only_lead().facts == {}


def test_a_program_that_fills_everything_in_makes_no_lead(inbox: Inbox, form: NewSource) -> None:
    response = send(inbox, form, {**opened(inbox, form), **ROSA, "website": "https://spam"})

    assert response.status_code == 302
    assert inbox.leads == 0
    assert "hidden field" in inbox.only_capture().reason


@pytest.mark.parametrize(
    "answers",
    [
        {"email": "rosa@example.com\r\nBcc: all@example.com"},
        {"email": "rosa@"},
        {"name": "Rosa"},
        {},
    ],
)
def test_what_can_not_be_answered_is_said_and_what_was_typed_stays(
    inbox: Inbox, form: NewSource, answers: dict[str, str]
) -> None:
    response = send(inbox, form, {**opened(inbox, form), "company": "Isarwerk", **answers})

    assert response.status_code == 422
    assert "Isarwerk" in response.content.decode()
    assert inbox.captures == 0


def test_a_bad_phone_number_is_kept_and_flagged(inbox: Inbox, form: NewSource) -> None:
    send(inbox, form, {**opened(inbox, form), "phone": "ask for Rosa"})

    lead = inbox.only_lead()
    assert (lead.phone, lead.phone_key) == ("ask for Rosa", "")
    assert lead.warnings


def test_markup_is_kept_and_escaped(inbox: Inbox, form: NewSource) -> None:
    markup = "<script>alert(1)</script>"

    refused = send(inbox, form, {"name": markup})
    send(inbox, form, {**opened(inbox, form), **ROSA, "name": markup})

    assert markup not in refused.content.decode()
    assert inbox.only_lead().name == markup


def test_a_page_that_was_not_opened_can_not_be_sent(inbox: Inbox, form: NewSource) -> None:
    other = inbox.connect(Source.Kind.FORM, name="Other")

    forged = send(inbox, form, {**ROSA, "once": "forged"})
    elsewhere = send(inbox, form, {**opened(inbox, other), **ROSA})

    assert (forged.status_code, elsewhere.status_code) == (422, 422)
    assert inbox.leads == 0


def test_only_listed_sites_may_embed_the_form(inbox: Inbox, form: NewSource) -> None:
    alone = inbox.client.get(inbox.path(form))
    sources.change(
        form.source, by=inbox.access, now=now(), allowed_origins=["https://www.example.com"]
    )

    embedded = inbox.client.get(inbox.path(form))

    assert "frame-ancestors 'none'" in alone["Content-Security-Policy"]
    assert alone["X-Frame-Options"] == "DENY"
    assert "frame-ancestors https://www.example.com" in embedded["Content-Security-Policy"]
    assert "X-Frame-Options" not in embedded


def test_a_webhooks_token_opens_no_form(inbox: Inbox) -> None:
    token = sources.token_of(inbox.webhook.source)

    assert inbox.client.get(f"/f/{token}/").status_code == 404
    assert inbox.client.get("/f/nobody/thanks/").status_code == 404


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"a=1&" * 5000, b"%zz=%ff&once=%00"])
def test_no_bytes_break_the_form(inbox: Inbox, form: NewSource, body: bytes) -> None:
    response = inbox.post(body, "application/x-www-form-urlencoded", to=inbox.path(form))

    assert response.status_code == 422
