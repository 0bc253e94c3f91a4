"""The switch on the page of devices, and the notification that a push becomes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.alerts.models import PushSubscription
from tests.alerts.push_service import Browser
from tests.browser import SignIn, assert_accessible
from tests.teams.people import a_team

pytestmark = pytest.mark.browser

# Chromium has no push service here: what it would give is given.
SUBSCRIBES = """(form) => {
  const one = {
    endpoint: form.endpoint,
    toJSON: () => ({ endpoint: form.endpoint, keys: { p256dh: form.p256dh, auth: form.auth } }),
    unsubscribe: async () => sessionStorage.removeItem("subscribed"),
  };
  const is = () => sessionStorage.getItem("subscribed");
  PushManager.prototype.getSubscription = async () => (is() ? one : null);
  PushManager.prototype.subscribe = async () => { sessionStorage.setItem("subscribed", "1"); return one; };
}"""  # noqa: E501


def test_a_device_is_switched_on_is_told_and_is_switched_off(sign_in: SignIn) -> None:
    company = a_team()
    page = sign_in(company.salesperson.user)
    page.context.grant_permissions(["notifications"])
    given = Browser("https://93.184.216.34/push/1").form
    page.add_init_script(f"({SUBSCRIBES})({json.dumps(given)})")
    page.goto(f"/t/{company.team.slug}/alerts/devices/")
    assert_accessible(page)

    page.get_by_role("button", name="Let this device buzz").click()
    expect(page.get_by_role("button", name="Be silent on this device")).to_be_visible()
    row = PushSubscription.objects.get()
    assert (row.user_id, row.endpoint) == (company.salesperson.user_id, given["endpoint"])

    _push(page, {"title": "A lead is yours", "body": "R•••", "url": "/", "tag": "1"})
    assert _shown(page) == [["A lead is yours", "R•••"]]

    page.get_by_role("button", name="Be silent on this device").click()
    expect(page.get_by_role("button", name="Let this device buzz")).to_be_visible()
    assert not PushSubscription.objects.exists()


def _push(page: Page, told: dict[str, Any]) -> None:
    """What a push service hands to the service worker."""
    browser = page.context.new_cdp_session(page)
    found: list[str] = []
    browser.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(each["registrationId"] for each in event["registrations"]),
    )
    browser.send("ServiceWorker.enable")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    browser.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": page.url.split("/t/")[0], "registrationId": found[0], "data": json.dumps(told)},
    )


def _shown(page: Page) -> Any:
    return page.evaluate(
        """async () => {
          const worker = await navigator.serviceWorker.ready;
          for (let tries = 0; tries < 100; tries += 1) {
            const shown = await worker.getNotifications();
            if (shown.length) return shown.map((one) => [one.title, one.body]);
            await new Promise((done) => setTimeout(done, 50));
          }
          return [];
        }"""
    )
