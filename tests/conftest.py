"""What every test has: real servers, and no other host."""

import os
from collections.abc import Iterator

import django
import pytest

from tests import servers
from tests.browser import browser_context_args, browser_type_launch_args, sign_in
from tests.site import live_site, site

__all__ = [
    "browser_context_args",
    "browser_type_launch_args",
    "live_site",
    "sign_in",
    "site",
]

_STARTED = pytest.StashKey[servers.ThrowAwayServers]()


def pytest_configure(config: pytest.Config) -> None:
    """Before Django's settings are read, which ask for both servers."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    started = servers.prepare(worker)
    if started:
        config.stash[_STARTED] = started
    servers.block_other_hosts()
    django.setup()
    from tests.quiet import empty_when_quiet

    empty_when_quiet()


def pytest_unconfigure(config: pytest.Config) -> None:
    started = config.stash.get(_STARTED, None)
    if started:
        started.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright's event loop disturbs the asynchronous tests after it."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """The announcer's thread gives its connection back before the database is emptied."""
    from apps.alerts import announcer

    announcer.stop()


@pytest.fixture(autouse=True)
def fresh_cache() -> Iterator[None]:
    """allauth counts attempts in the cache, which no transaction rolls back."""
    from django.core.cache import cache

    yield
    cache.clear()
