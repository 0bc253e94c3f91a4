"""A recipient is added on a phone: what is rarely needed is folded, what is typed comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from apps.rules.models import Recipient
from tests.browser import SignIn, assert_accessible
from tests.rules import makers

if TYPE_CHECKING:
    from tests.site import Site

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_a_mailbox_gets_three_fields_under_its_own_names(live_site: Site, sign_in: SignIn) -> None:
    team = makers.make_team()
    manager = makers.manager_of(team)
    page = sign_in(manager.user, viewport={"width": 390, "height": 844})
    page.set_default_navigation_timeout(40_000)

    page.goto(f"/t/{team.slug}/recipients/")
    page.get_by_role("link", name="Recipient", exact=True).last.click()
    page.get_by_role("link", name="An e-mail address").click()
    page.get_by_label("Name", exact=True).first.fill("Berger Dachbau")
    page.get_by_label("E-mail address", exact=True).fill("office@berger.example")
    page.get_by_text("Which fields", exact=True).click()
    page.get_by_role("button", name="Tick none").click()
    fields = page.get_by_role("group", name="Fields that go along")
    for field in ("Name", "E-mail", "City"):
        fields.get_by_role("checkbox", name=field, exact=True).check()
    fields.get_by_label("What City is called there").fill("Ort")
    assert_accessible(page)
    page.get_by_role("button", name="Add", exact=True).click()

    expect(page.get_by_role("heading", name="Berger Dachbau")).to_be_visible()
    expect(page.get_by_text("1 under another name")).to_be_visible()
    recipient = Recipient.objects.get(team=team)
    assert (recipient.fields, recipient.renames) == (["name", "email", "city"], {"city": "Ort"})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
