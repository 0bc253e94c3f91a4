"""The road, end to end, in real browsers: claimed by one, seen by all, taken back from nobody."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from apps.leads.models import Source
    from tests.browser import SignIn
    from tests.site import Site

pytestmark = pytest.mark.browser

# Counts the tones of the chime: what can be known of a sound in a browser without ears. And no
# telephone is here to take a tel: address; headless Chromium then hangs on the next page.
LISTEN = """
addEventListener("click", (event) => {
  if (event.target.closest?.('a[href^="tel:"]')) event.preventDefault();
});
window.tones = 0;
const make = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () {
  window.tones += 1;
  return make.call(this);
};
"""


@pytest.fixture
def world(live_site: Site) -> Any:
    from tests.assignments.world import World

    return World()


def connected(source: Source) -> str:
    """Give the source an address and return its token."""
    from apps.teams.secrets import encrypt, new_token, token_hash

    token = new_token()
    source.token_hash, source.token_encrypted = token_hash(token), encrypt(token)
    source.save()
    return token


def capture(site: Site, token: str, **body: Any) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{site.url}/capture/{token}/",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 201
        result: dict[str, Any] = json.load(answer)
        return result


def open_today(page: Page, slug: str) -> None:
    """Today, live, touched once so that it may sound."""
    page.add_init_script(LISTEN)
    page.goto(f"/t/{slug}/")
    page.get_by_text("Live", exact=True).wait_for()
    page.mouse.click(700, 500)


def tap_claim_at_once(*pages: Page) -> None:
    """Both press in the same moment: one after the other, the second card would be gone already."""
    moment = pages[0].evaluate("Date.now()") + 500
    press = "document.querySelector('[data-key=c]').click()"
    for page in pages:
        page.evaluate(f"at => {{ setTimeout(() => {press}, at - Date.now()) }}", moment)


def test_two_see_a_lead_one_claims_it_and_the_manager_sees_how_fast(
    world: Any, live_site: Site, sign_in: SignIn
) -> None:
    from apps.leads.models import Lead
    from apps.rules.models import Mode
    from apps.teams.permissions import Role
    from tests.browser import assert_accessible

    mia, jonas = world.member("Mia"), world.member("Jonas")
    boss = world.member("Boss", Role.MANAGER)
    world.rules(world.pool(mia, jonas, mode=Mode.CLAIM, window_seconds=120))
    token = connected(world.source)
    first, second = sign_in(mia.user, expected=["409"]), sign_in(jonas.user, expected=["409"])
    open_today(first, "acme")
    open_today(second, "acme")

    made = capture(live_site, token, name="Rosa Steiner", email="rosa@example.com",
                   phone="+49 1511 2345678", city="Graz", country="AT")  # fmt: skip
    for page in (first, second):
        page.get_by_role("button", name="Claim").wait_for()
        page.wait_for_function("window.tones > 0")
        assert "Rosa" not in page.content()
    assert_accessible(first)

    tap_claim_at_once(first, second)
    first.get_by_text("It’s yours").or_(first.get_by_text("Claimed by")).first.wait_for()
    second.get_by_text("It’s yours").or_(second.get_by_text("Claimed by")).first.wait_for()

    lead = Lead.objects.get(pk=made["lead"])
    winner, loser = (first, second) if lead.owner_id == mia.pk else (second, first)
    winner_name = "Mia" if lead.owner_id == mia.pk else "Jonas"
    winner.get_by_role("link", name="Rosa Steiner", exact=True).first.wait_for()
    loser.get_by_text(f"Claimed by {winner_name}").first.wait_for()
    assert "Rosa" not in loser.content()

    winner.get_by_role("link", name="Call").first.click()
    winner.wait_for_url(f"**/leads/{lead.pk}/")
    winner.get_by_role("radio", name="We talked").check()
    winner.get_by_role("button", name="Save, then next lead").click()
    winner.get_by_text("Logged. The clock has stopped.").wait_for()
    assert_accessible(winner)

    lead.refresh_from_db()
    assert lead.first_attempt_at is not None
    manager = sign_in(boss.user)
    manager.goto("/t/acme/dashboard/?period=today")
    manager.get_by_role("heading", name="Dashboard").wait_for()
    seconds = (lead.first_attempt_at - lead.received_at).total_seconds()
    assert seconds < 60
    assert f"0:{int(seconds):02d}" in manager.content() or "1 of 1" in manager.content()


def test_nobody_acts_and_the_lead_goes_on_and_everyone_is_told(
    world: Any, live_site: Site, sign_in: SignIn
) -> None:
    from apps.leads.models import Lead
    from apps.rules.models import Mode, Overflow

    mia, jonas, cem = world.member("Mia"), world.member("Jonas"), world.member("Cem")
    overflow = world.pool(cem, name="Overflow")
    world.rules(
        world.pool(
            mia, jonas, mode=Mode.OFFER, window_seconds=4, overflow=Overflow.POOL,
            overflow_pool=overflow,
        )
    )  # fmt: skip
    token = connected(world.source)
    pages = [sign_in(member.user) for member in (mia, jonas, cem)]
    for page in pages:
        open_today(page, "acme")

    live_site.start("relay")
    made = capture(live_site, token, name="Rosa Steiner", email="rosa@example.com")

    for page in pages[:2]:
        page.get_by_role("button", name="Accept").wait_for()
        page.get_by_role("button", name="Accept").wait_for(state="detached", timeout=15_000)
    pages[2].get_by_role("link", name="Rosa Steiner").wait_for()

    assert Lead.objects.get(pk=made["lead"]).owner_id == cem.pk
    for page in pages[:2]:
        page.goto("/t/acme/alerts/")
        page.get_by_text("An offer expired").wait_for()
        page.get_by_text("no answer in time").wait_for()
    pages[2].goto(f"/t/acme/leads/{made['lead']}/")
    pages[2].get_by_text("The offer expired").first.wait_for()


def test_a_page_that_lost_its_socket_catches_up_by_itself(
    world: Any, live_site: Site, sign_in: SignIn
) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    token = connected(world.source)
    page = sign_in(mia.user, expected=["ERR_INTERNET_DISCONNECTED", "ERR_", "WebSocket"])
    open_today(page, "acme")

    page.context.set_offline(True)
    capture(live_site, token, name="While Offline", email="off@example.com")
    page.context.set_offline(False)

    page.get_by_role("link", name="While Offline").wait_for(timeout=25_000)


def test_two_tabs_and_a_double_click_claim_once(
    world: Any, live_site: Site, sign_in: SignIn
) -> None:
    from apps.assignments.models import Assignment
    from apps.rules.models import Mode

    mia = world.member("Mia")
    world.rules(world.pool(mia, mode=Mode.CLAIM))
    token = connected(world.source)
    page = sign_in(mia.user)
    open_today(page, "acme")
    other_tab = page.context.new_page()
    open_today(other_tab, "acme")
    capture(live_site, token, name="Rosa Steiner", email="rosa@example.com")

    page.get_by_role("button", name="Claim").dblclick(no_wait_after=True)

    page.get_by_text("It’s yours").first.wait_for()
    other_tab.get_by_role("button", name="Claim").wait_for(state="detached")
    assert Assignment.objects.count() == 1


def test_an_expired_session_says_so_and_offers_to_sign_in(
    world: Any, live_site: Site, sign_in: SignIn
) -> None:
    from django.contrib.sessions.models import Session

    mia = world.member("Mia")
    page = sign_in(mia.user, expected=["WebSocket", "403", "401"])
    open_today(page, "acme")

    Session.objects.all().delete()

    page.get_by_role("link", name="Sign in again").wait_for(timeout=25_000)
