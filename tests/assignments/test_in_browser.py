"""Queues in a browser: the page follows by itself, and what waits opens by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.assignments.models import Hold, Offer
from apps.assignments.services import expire_due
from apps.rules.models import Mode, Seat
from apps.teams import availability
from apps.teams.permissions import Role
from tests.assignments.world import World
from tests.browser import assert_accessible

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_a_held_lead_leaves_the_page_when_it_goes_on(sign_in: Any) -> None:
    world, now = World(), timezone.now()
    mia, manager = world.member("Mia", is_paused=True), world.member("Max", Role.MANAGER)
    world.rules(world.pool(mia))
    world.routed(name="Rosa Steiner")
    page = sign_in(manager.user, viewport={"width": 390, "height": 800})
    page.goto(f"/t/{world.team.slug}/held/")
    expect(page.locator("[data-connection-word]")).to_have_text("Live")
    expect(page.get_by_text("Mia paused")).to_be_visible()
    assert_accessible(page)

    availability.resume(mia, by=world.access(mia), now=now)
    expire_due()

    # At once as a rule; at the latest when the page catches up, every 20 s.
    expect(page.get_by_text("Rosa Steiner")).to_have_count(0, timeout=25_000)
    expect(page.get_by_text("Nothing is held")).to_be_visible()
    assert not Hold.objects.filter(released_at=None).exists()


def test_a_card_opens_by_itself_when_the_head_start_is_over(sign_in: Any) -> None:
    world, now = World(), timezone.now()
    senior, junior = world.member("Senior"), world.member("Junior")
    pool = world.pool(senior, junior, mode=Mode.CLAIM, head_start_seconds=3600)
    Seat.objects.filter(pool=pool, membership=senior).update(has_head_start=True)
    world.rules(pool)
    world.routed(now=now)
    page = sign_in(junior.user)
    # The head start began an hour ago, less the few seconds that the page takes to come.
    Offer.objects.update(opened_at=now - timedelta(seconds=3600 - 8))
    page.goto(f"/t/{world.team.slug}/")
    claim = page.get_by_role("button", name="Claim")
    expect(page.get_by_text("Colleagues have a head start.")).to_be_visible()
    expect(claim).to_be_disabled()
    assert_accessible(page)

    expect(claim).to_be_enabled(timeout=15_000)
    claim.click()

    expect(page.get_by_text("It’s yours", exact=True)).to_be_visible()
