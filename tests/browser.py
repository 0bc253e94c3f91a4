"""Chromium for tests: every page is watched for other hosts and for errors."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from ops import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from apps.accounts.models import User
    from tests.site import Site

AXE = Path(__file__).resolve().parent.parent / "node_modules" / "axe-core" / "axe.min.js"
SignIn = Callable[..., "Page"]


class Watch:
    """Notes what a page must never do. Give `expected` what a test provokes on purpose."""

    def __init__(self, origin: str) -> None:
        self._host = urlsplit(origin).netloc
        self.faults: list[str] = []
        self.expected: list[str] = []

    def follow(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self._note_host(request.url))
        context.on("console", self._note_message)
        context.on("weberror", lambda error: self._note(f"script error: {error.error}"))

    def check(self) -> None:
        assert not self.faults, "\n".join(self.faults)

    def _note_host(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self._host:
            self._note(f"request to another host: {url}")

    def _note_message(self, message: Any) -> None:
        if message.type == "error":
            self._note(f"console: {message.text} ({message.location.get('url')})")

    def _note(self, fault: str) -> None:
        if not any(part in fault for part in self.expected):
            self.faults.append(fault)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """The machine's Chromium if it has one, else Playwright's own."""
    # Playwright's event loop lives in this thread; Django takes it for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    arguments = ["--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    program = chromium.find()
    return {"args": arguments, **({"executable_path": program} if program else {})}


@pytest.fixture(scope="session")
def browser_context_args(site: Site) -> dict[str, Any]:
    return {
        "base_url": site.url,
        "viewport": {"width": 1280, "height": 900},
        "locale": "en-GB",
        "timezone_id": "UTC",
    }


@pytest.fixture
def sign_in(
    browser: Browser, browser_context_args: dict[str, Any], live_site: Site
) -> Iterator[SignIn]:
    """`sign_in(user)` opens a browser of her own; `sign_in(None)` an anonymous one.

    Fails afterwards if any page made a request to another host or wrote an error. A page's
    `watch.expected` takes parts of messages that the test provokes:
    `sign_in(user, expected=["409"])`.
    """
    opened: list[tuple[BrowserContext, Watch]] = []

    def sign_in(user: User | None, *, expected: list[str] | None = None, **options: Any) -> Page:
        context = browser.new_context(**{**browser_context_args, **options})
        context.set_default_timeout(10_000)
        watch = Watch(live_site.url)
        watch.expected = expected or []
        watch.follow(context)
        opened.append((context, watch))
        if user is not None:
            context.add_cookies([session_cookie(user, live_site.url)])
        return context.new_page()

    yield sign_in
    for context, _watch in opened:
        context.close()
    for _context, watch in opened:
        watch.check()


def session_cookie(user: User, url: str) -> Any:
    """The cookie of a session in which `user` is signed in."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user)
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": url,
        "httpOnly": True,
        "sameSite": "Lax",
    }


def assert_accessible(page: Page) -> None:
    """axe finds nothing against WCAG 2.2 A and AA on this page as it stands."""
    page.evaluate(AXE.read_text())
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    result = page.evaluate(f"axe.run(document, {{runOnly: {json.dumps(rules)}}})")
    found = [
        f"{violation['id']}: {violation['help']} at {node['target']}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]
    assert not found, "\n".join(found)
