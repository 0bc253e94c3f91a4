"""A pool is set up on a phone, from a way that the team knows by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from apps.rules.models import Pool
from tests.browser import SignIn, assert_accessible
from tests.rules import makers

if TYPE_CHECKING:
    from tests.site import Site

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_one_tap_fills_the_form_and_what_does_not_go_with_it_steps_back(
    live_site: Site, sign_in: SignIn
) -> None:
    team = makers.make_team(hours={str(day): [["00:00", "24:00"]] for day in range(7)})
    manager = makers.manager_of(team)
    for name in ("Mia Brandt", "Jonas Keller"):
        makers.make_member(team, name)
    page = sign_in(manager.user, viewport={"width": 390, "height": 844})

    page.goto(f"/t/{team.slug}/pools/new/")
    expect(page.get_by_label("An offer or claim is open for").first).to_be_hidden()
    page.get_by_role("link", name="Exclusive offer, then open to all").click()
    expect(page.get_by_label("Round robin, to accept")).to_be_checked()
    page.get_by_label("Mia Brandt").first.check()
    page.get_by_label("Name", exact=True).fill("Seniors")
    page.get_by_text("Keep the owner", exact=True).click()
    page.get_by_label("whoever has this company").check()
    assert_accessible(page)
    page.get_by_role("button", name="Make the pool").click()

    expect(page.get_by_role("heading", name="Seniors", exact=True)).to_be_visible()
    expect(page.get_by_text("Seniors, open to all: open to claims")).to_be_visible()
    expect(page.get_by_text("next", exact=True)).to_be_visible()
    pool = Pool.objects.get(team=team, name="Seniors")
    assert (pool.sticky, pool.seats.count()) == (["company"], 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert_accessible(page)
