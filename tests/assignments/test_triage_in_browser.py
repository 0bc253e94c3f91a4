"""Triage with the keyboard: one key a lead, and the next one is there at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from apps.leads.models import Lead
from apps.rules.models import Destination
from apps.teams.permissions import Role
from tests.assignments.world import NOW, World
from tests.browser import SignIn, assert_accessible
from tests.site import Site

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_three_leads_are_decided_with_keys_alone(live_site: Site, sign_in: SignIn) -> None:
    world = World()
    henrike, mia = world.member("Henrike", Role.MANAGER), world.member("Mia")
    world.rules({"destination": Destination.MANAGER})
    first, second, third = (
        world.routed(name=name, now=NOW - timedelta(minutes=minutes))
        for name, minutes in (("Rosa Steiner", 30), ("Jan Huber", 20), ("Nora Rossi", 10))
    )
    page = sign_in(henrike.user)
    page.goto(f"{live_site.url}/t/{world.team.slug}/triage/")
    # A lead that was swapped in is there once htmx has done with it.
    on_the_table = page.locator("#triage-lead:not(.htmx-added):not(.htmx-settling) h2")

    expect(page.locator("[data-connection-word]")).to_have_text("Live")
    expect(on_the_table).to_have_text("Rosa Steiner")
    assert_accessible(page)
    page.keyboard.press("j")
    expect(on_the_table).to_have_text("Jan Huber")
    page.keyboard.press("k")
    expect(on_the_table).to_have_text("Rosa Steiner")
    key = page.locator(".suggested button", has_text="Mia").get_attribute("data-press")
    page.keyboard.press(str(key))
    expect(on_the_table).to_have_text("Jan Huber")
    expect(page.locator(".triage-done")).to_contain_text("Rosa Steiner → Mia")
    expect(page.locator(f"#wait-{first.pk}")).to_have_count(0)
    page.keyboard.press("d")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(on_the_table).to_have_text("Nora Rossi")
    page.keyboard.press("h")
    expect(page.locator("#triage-lead")).to_contain_text("Nothing waits")

    for lead in (first, second, third):
        lead.refresh_from_db()
    assert first.owner == mia
    assert second.disqualified_reason == "No budget"
    assert third.stage == Lead.Stage.HOPPER
