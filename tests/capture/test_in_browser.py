"""The capture pages as people meet them: readable by everyone, and no wider than a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from apps.capture import imports, sources
from apps.leads.models import Source
from tests.browser import assert_accessible
from tests.capture.inbox import now

if TYPE_CHECKING:
    from tests.capture.inbox import Inbox

pytestmark = pytest.mark.browser
FILE = b"Name,Mail,Phone,Foo\nRosa,rosa2@x.com,+4930123456,1\nNobody,,,2\nMia,mia@x.com,12,3\n"


def filled(inbox: Inbox) -> list[str]:
    """The addresses of every page of a team to which things have happened."""
    inbox.post({"full_name": "Rosa", "email": "rosa@example.com", "employees": "50-100"})
    waiting = inbox.post({"epost": "x@example.com"}).json()["capture"]
    form = inbox.connect(Source.Kind.FORM, name="Contact").source
    runs = [
        imports.upload(body=FILE, file_name="x.csv", source_name="", by=inbox.access, now=now())
        for _ in range(2)
    ]
    imports.begin(runs[1], mapping=runs[1].mapping, by=inbox.access, now=now())
    imports.work(runs[1].pk, clock=now)
    pages = [
        "sources/", "sources/new/", f"sources/{inbox.webhook.source.pk}/", f"sources/{form.pk}/",
        "captures/", f"captures/{waiting}/", "imports/", "leads/new/",
        *(f"imports/{run.pk}/" for run in runs),
    ]  # fmt: skip
    return [*(f"/t/acme/{page}" for page in pages), sources.path_of(form)]


def test_every_page_is_accessible_and_fits_a_phone(
    live_site: Any, live_inbox: Inbox, sign_in: Any
) -> None:
    paths = filled(live_inbox)
    page = sign_in(live_inbox.manager.user, viewport={"width": 390, "height": 844})

    for path in paths:
        page.goto(path)
        assert_accessible(page)
        surplus = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(surplus) == 0, path


def test_a_lead_arrives_on_the_sources_page_without_a_reload(
    live_site: Any, live_inbox: Inbox, sign_in: Any
) -> None:
    page = sign_in(live_inbox.manager.user)
    page.goto(f"/t/acme/sources/{live_inbox.webhook.source.pk}/")

    live_inbox.post({"name": "Rosa Steiner", "email": "rosa@example.com"})

    page.get_by_role("link", name="Rosa Steiner").wait_for()


def test_the_hosted_form_works_without_javascript(
    live_site: Any, live_inbox: Inbox, sign_in: Any
) -> None:
    form = live_inbox.connect(Source.Kind.FORM, name="Contact")
    page = sign_in(None, java_script_enabled=False, expected=["422"])
    page.goto(live_inbox.path(form))
    page.get_by_role("button", name="Send").click()

    page.get_by_text("Leave an e-mail or a phone number").wait_for()
    page.get_by_label("E-mail").fill("rosa@example.com")
    page.get_by_role("button", name="Send").click()

    page.get_by_role("heading", name="Thank you").wait_for()
    assert live_inbox.only_lead().email == "rosa@example.com"
