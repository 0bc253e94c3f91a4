"""Distribution rules in a browser: recipients ticked, the count live, another goal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from apps.rules.sets import versions
from tests import factories
from tests.browser import SignIn, assert_accessible
from tests.rules import makers

if TYPE_CHECKING:
    from tests.site import Site

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_a_rule_is_built_and_published_while_its_matches_are_counted(
    live_site: Site, sign_in: SignIn
) -> None:
    team = makers.make_team()
    manager = makers.manager_of(team)
    nord = factories.RecipientFactory(team=team, name="Nord Solar")
    paused = factories.RecipientFactory(team=team, name="Alpen Dach", is_paused=True)
    partners = factories.RecipientPoolFactory(team=team, name="Partners")
    source = makers.make_source(team)
    for number in range(3):
        makers.make_lead(team, source, minutes_ago=number)
    # htmx writes an error when a newer request replaces an older one, which is meant here.
    page = sign_in(manager.user, expected=["htmx:sendAbort", "htmx:afterRequest"])
    page.goto(f"{live_site.url}/t/{team.slug}/rules/distribution/")
    page.get_by_role("link", name="Rule", exact=True).click()

    page.get_by_label("Name").fill("Everybody")
    page.get_by_role("button", name="Remove this condition").click()
    expect(page.locator("#probe .big")).to_have_text("3")
    page.get_by_role("checkbox", name="Nord Solar").check()
    page.get_by_role("checkbox", name="Alpen Dach is paused").check()
    page.get_by_role("checkbox", name="Stop here").check()
    assert_accessible(page)
    page.get_by_label("send to").select_option(f"recipient_pool:{partners.pk}")
    expect(page.get_by_role("checkbox", name="Nord Solar")).to_have_count(0)
    expect(page.get_by_role("checkbox", name="Stop here")).to_be_checked()
    # A form that was swapped in a moment ago has no handlers yet.
    expect(page.locator("#editor:not(.htmx-added, .htmx-settling)")).to_be_visible()
    page.get_by_label("send to").select_option("recipients")
    expect(page.get_by_role("checkbox", name="Nord Solar")).to_be_checked()
    page.get_by_role("button", name="Done").click()

    expect(page.get_by_text("then stops here")).to_be_visible()
    expect(page.get_by_text("Alpen Dach is paused, so it gets no copies.")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Version 1 is live")).to_be_visible()
    [rule] = versions.rules_of(versions.published(versions.distribution_set(team)))
    assert set(rule.recipient_ids) == {nord.pk, paused.pk}
    assert rule.stops
