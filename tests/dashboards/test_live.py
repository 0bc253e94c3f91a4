"""The dashboard keeps up by itself, and stays out of the way of who is using it."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.assignments.world import NOW, World
from tests.browser import SignIn

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
UNTOUCHED = ".kpi:nth-child(3) .big"
ALERT = "document.dispatchEvent(new CustomEvent('leadrelay:alert', {detail: {}}))"


@pytest.fixture
def page(world: World, sign_in: SignIn) -> "Page":
    page = sign_in(world.member("Henrike", role="manager").user)
    page.goto("/t/acme/dashboard/")
    return page


def test_an_alert_brings_new_figures(world: World, page: "Page") -> None:
    assert page.text_content(UNTOUCHED) == "0"
    world.lead(received_at=NOW - timedelta(minutes=3))

    page.evaluate(ALERT)

    expect(page.locator(UNTOUCHED)).to_have_text("1")


def test_nothing_is_replaced_under_an_open_menu(world: World, page: "Page") -> None:
    page.click("#figures summary")
    world.lead(received_at=NOW - timedelta(minutes=3))

    with page.expect_event("console", timeout=5000) as said:
        page.evaluate(ALERT)
        # Longer than the wait after an alert: then nothing more would come.
        page.evaluate("setTimeout(() => console.log('waited'), 2000)")

    assert said.value.text == "waited"
    assert page.text_content(UNTOUCHED) == "0"
    assert page.is_visible("#figures .menu")
