"""The board on the wall: what is taken elsewhere leaves it, and the page is never loaded again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from apps.dashboards.kept import refreshing
from apps.leads.models import Lead
from apps.rules.models import Mode
from apps.teams.permissions import Role
from tests.assignments.world import NOW, World
from tests.browser import SignIn, assert_accessible
from tests.site import Site

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_a_lead_that_is_claimed_and_called_elsewhere_leaves_the_board(
    live_site: Site, sign_in: SignIn
) -> None:
    world = World()
    henrike, mia = world.member("Henrike", Role.MANAGER), world.member("Mia")
    jonas = world.member("Jonas")
    world.rules(world.pool(jonas))
    slow = world.routed(name="Jan Huber", now=NOW - timedelta(minutes=9))
    world.rules(world.pool(mia, mode=Mode.CLAIM))
    lead = world.routed(name="Rosa Steiner", phone="+436641234567")
    board = sign_in(henrike.user)
    board.goto(f"{live_site.url}/t/{world.team.slug}/board/?wall=1", timeout=30_000)
    expect(board.locator("[data-connection-word]")).to_have_text("Live")
    board.evaluate("document.body.dataset.loaded = 'once'")
    waiting = board.locator(".board-waiting .board-rows > li")
    expect(waiting).to_have_count(2)
    expect(board.locator(".board-offers")).to_contain_text("Rosa Steiner")
    assert_accessible(board)

    desk = sign_in(mia.user)
    desk.goto(f"{live_site.url}/t/{world.team.slug}/")
    desk.get_by_role("button", name="Claim").first.click()
    desk.locator("[data-won]").wait_for()

    expect(board.locator(".board-claims li")).to_contain_text("Mia")
    expect(board.locator(".board-offers li")).to_have_count(0)
    expect(board.locator(f"#waits-{lead.pk}")).to_contain_text("Mia")
    Lead.objects.filter(pk=lead.pk).update(first_attempt_at=NOW)
    refreshing.refresh()  # as the process that sends copies does every second
    # At once as a rule; at the latest when the board asks again, every 15 s.
    expect(waiting).to_have_count(1, timeout=20_000)

    row = board.locator(f"#waits-{slow.pk}")
    row.get_by_role("button", name="Remind the owner").click()
    expect(board.locator(".toast")).to_contain_text("Jonas has been reminded.")
    expect(row.locator(".nudged")).to_contain_text("just now")
    row.locator("summary").click()
    row.get_by_role("button", name="Open to all").click()
    expect(row).to_contain_text("in the hopper")
    board.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("Jonas")

    assert board.locator("body").get_attribute("data-loaded") == "once"
