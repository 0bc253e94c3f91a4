"""Merging as a manager does it: from the suggestion, over both side by side, to one lead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from apps.leads import groups, likeness
from apps.leads.models import Lead
from apps.teams.permissions import Role
from tests.browser import assert_accessible

if TYPE_CHECKING:
    from tests.assignments.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def live_world(transactional_db: None) -> World:
    """A world whose rows other connections see."""
    from tests.assignments.world import World

    return World()


def test_two_leads_are_merged_on_a_phone(live_site: Any, live_world: World, sign_in: Any) -> None:
    from playwright.sync_api import expect

    world = live_world
    henrike, mia = world.member("Henrike", role=Role.MANAGER), world.member("Mia")
    by = world.access(henrike)
    groups.create(name="Solar", colour=groups.GREY, by=by, now=by.team.created_at)
    world.rules(world.pool(mia))
    lead = world.routed(
        name="Rosa Steiner", company="Isarwerk", company_key="isarwerk", city="Graz"
    )
    other = world.routed(name="R. Steiner", company="Isarwerk AG", company_key="isarwerk")
    likeness.suggest([other])
    page = sign_in(henrike.user, viewport={"width": 390, "height": 844})

    for path in ("duplicates/", "groups/", f"leads/{lead.pk}/merge/"):
        page.goto(f"/t/acme/{path}")
        assert_accessible(page)
    page.goto("/t/acme/duplicates/")
    page.get_by_role("link", name="Compare and merge").click()
    expect(page.get_by_text("Which is right?")).to_be_visible()
    assert_accessible(page)
    surplus = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(surplus) == 0
    page.get_by_role("radio", name="Isarwerk AG").check()
    page.get_by_role("button", name="Merge", exact=True).click()

    expect(page).to_have_url(re.compile(f"/leads/{lead.pk}/$"))
    expect(page.get_by_role("heading", name=re.compile("Rosa Steiner"))).to_be_visible()
    page.goto(f"/t/acme/leads/{other.pk}/")
    expect(page).to_have_url(re.compile(f"/leads/{lead.pk}/$"))
    kept = Lead.objects.get(pk=lead.pk)
    assert (kept.company, kept.city, kept.owner_id) == ("Isarwerk AG", "Graz", mia.pk)
