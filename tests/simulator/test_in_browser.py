"""The simulator in a real browser: a run is read, and one lead is tested as it is typed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.simulator import running
from apps.simulator.models import Simulation
from apps.teams.models import Membership
from apps.teams.permissions import Role
from tests.assignments.world import World
from tests.browser import SignIn, assert_accessible
from tests.simulator.acts import START, draft, leads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_a_draft_is_simulated_and_one_lead_is_tested(sign_in: SignIn) -> None:
    world = World()
    max_, ann, eva = world.member("Max", Role.MANAGER), world.member("Ann"), world.member("Eva")
    Membership.objects.update(joined_at=START - timedelta(days=9))
    world.rules(world.pool(ann, name="DACH"))
    tried = world.pool(eva, name="New")
    draft(
        world,
        {"conditions": _german(), "destination": "pool", "pool": tried},
        {"destination": "manager"},
    )
    leads(world, 6, country="DE")
    page = sign_in(max_.user, viewport={"width": 390, "height": 844})

    page.goto(f"/t/{world.team.slug}/simulator/?version=draft")
    assert_accessible(page)
    page.get_by_role("button", name="Simulate").click()
    expect(page.get_by_role("heading", name="Waiting for a worker")).to_be_visible()
    assert running.run(Simulation.objects.get().pk, clock=timezone.now)
    expect(page.get_by_role("heading", name="of 6 leads would go elsewhere")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="See which").click()
    page.locator("tr", has_text="Eva").first.get_by_role("link").click()
    expect(page.get_by_text("Eva was next.")).to_be_visible()
    expect(page.get_by_text("Ann was next.")).to_be_visible()
    assert_accessible(page)

    page.goto(f"/t/{world.team.slug}/simulator/lead/?version={_draft(world)}")
    page.get_by_label("Country").fill("Germany")
    expect(page.locator("#where")).to_have_text("Eva")
    page.get_by_label("Country").fill("France")
    expect(page.locator("#where")).to_have_text("Manager")
    assert_accessible(page)


def _draft(world: World) -> str:
    return str(world.rule_set.versions.get(state="draft").pk)


def _german() -> dict[str, str]:
    return {"field": "country", "op": "is", "value": "DE"}
