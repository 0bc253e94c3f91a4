"""The rule builder in a browser: chips, the live count, order by keys, publishing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from apps.rules.models import Rule
from apps.rules.sets import versions
from apps.teams.access import Access
from apps.teams.models import Team
from tests.browser import SignIn, assert_accessible
from tests.rules import makers
from tests.rules.makers import leaf, make_pool, make_seat

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.site import Site

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def team(live_site: Site) -> Team:
    return makers.make_team()


@pytest.fixture
def manager(team: Team) -> Access:
    return makers.manager_of(team)


@pytest.fixture
def open_page(live_site: Site, manager: Access, sign_in: SignIn) -> Any:
    def opened(path: str, **options: Any) -> Page:
        # htmx writes an error when a newer request replaces an older one, which is meant here.
        replaced = ["htmx:sendAbort", "htmx:afterRequest"]
        page = sign_in(manager.user, expected=replaced, **options)
        page.goto(f"{live_site.url}/t/{manager.team.slug}/{path}")
        return page

    return opened


def choose(page: Page, label: str, value: str) -> None:
    """Choose, and wait until the server has drawn the editor anew with what fits the choice."""
    with page.expect_response(lambda answer: "do=refresh" in (answer.request.post_data or "")):
        page.get_by_label(label).select_option(value)
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


def names(team: Team) -> list[str]:
    return [rule.name for rule in versions.rules_of(versions.draft(versions.main_set(team)))]


def test_a_rule_is_built_and_published_while_its_catch_is_counted(
    open_page: Any, team: Team, manager: Access
) -> None:
    make_seat(make_pool(manager, respects_hours=False), "Mia Brandt", manager)
    source = makers.make_source(team)
    for number, country in enumerate(["DE", "AT", "FR"]):
        makers.make_lead(team, source, country=country, minutes_ago=number)
    page = open_page("rules/?new=1", viewport={"width": 1280, "height": 1100})

    page.get_by_label("Name").fill("DACH")
    choose(page, "Field", "country")
    choose(page, "Comparison", "is_one_of")
    chips = page.get_by_role("combobox", name="Add a value")
    chips.fill("DE")
    chips.press("Enter")
    expect(page.locator("#probe .big")).to_have_text("1")
    chips.fill("AT")
    chips.press("Enter")
    expect(page.locator("#probe .big")).to_have_text("2")
    assert_accessible(page)
    page.get_by_role("button", name="Done").click()

    expect(page.get_by_role("link", name="DACH", exact=True)).to_be_visible()
    expect(page.get_by_text("up to date")).to_be_visible()  # the page's scripts are there
    page.get_by_role("button", name="Publish").click()
    page.get_by_label("Note").fill("German speakers")
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Version 1 is live")).to_be_visible()
    rule = Rule.objects.get(name="DACH")
    assert rule.conditions == {"all": [leaf("country", "is_one_of", ["DE", "AT"])]}
    assert versions.draft(versions.main_set(team)) is None


def test_a_group_is_added_and_removed_again(open_page: Any, manager: Access) -> None:
    rule = makers.add_rule(manager)
    page = open_page(f"rules/?rule={rule.key}")

    page.get_by_role("button", name="Any of…").click()
    expect(page.locator(".cond-group .cond[role=group]")).to_have_count(2)
    expect(page.locator(".cond-group select").first).to_be_focused()
    page.get_by_role("button", name="Remove this group").click()

    expect(page.locator(".cond-group")).to_have_count(0)


def test_rules_are_put_in_order_by_keys_and_the_grip_keeps_the_focus(
    open_page: Any, team: Team, manager: Access
) -> None:
    for name in ("First", "Second", "Third"):
        makers.add_rule(manager, name=name)
    page = open_page("rules/")

    page.get_by_role("button", name="Move rule 3").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#announcer")).to_have_text("Rule Third is now number 2")
    expect(page.get_by_role("button", name="Move rule 2, Third")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#announcer")).to_have_text("Rule Third is now number 1")

    assert names(team) == ["Third", "First", "Second", "Everything else"]


def test_rules_are_put_in_order_by_dragging(open_page: Any, team: Team, manager: Access) -> None:
    for name in ("First", "Second", "Third"):
        makers.add_rule(manager, name=name)
    page = open_page("rules/")

    grip, last = page.locator("button.grip").first, page.locator("[data-move-url]").last
    page.mouse.move(*middle(grip))
    page.mouse.down()
    below = last.bounding_box()
    page.mouse.move(middle(grip)[0], below["y"] + below["height"] - 2, steps=5)
    page.mouse.up()
    expect(page.locator("#announcer")).to_have_text("Rule First is now number 3")

    assert names(team) == ["Second", "Third", "First", "Everything else"]


def middle(part: Any) -> tuple[float, float]:
    box = part.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_on_a_phone_rules_are_ordered_from_their_menu(
    open_page: Any, team: Team, manager: Access
) -> None:
    for name in ("First", "Second"):
        makers.add_rule(manager, name=name)
    page = open_page("rules/", viewport={"width": 390, "height": 800})

    page.get_by_label("More for rule 2").click()
    page.get_by_role("button", name="Move up").locator("visible=true").click()
    expect(page.locator("[data-rules] .name").first).to_have_text("SecondNew")

    assert names(team) == ["Second", "First", "Everything else"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert_accessible(page)
