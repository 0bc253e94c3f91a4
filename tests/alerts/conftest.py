"""Fixtures of sockets. Imports are inside: this file is read before Django is set up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio


@pytest_asyncio.fixture
async def connect(transactional_db: None) -> AsyncIterator[Any]:
    """`await connect(member)` opens a page's socket; it is left again at the end."""
    from tests.alerts.sockets import opener

    async with opener() as connect:
        yield connect


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A publisher of this test's own, without the memory of another test's outage."""
    from apps.alerts import announcer, wire

    fresh = wire.Publisher()
    monkeypatch.setattr(announcer, "_publisher", fresh)
    return fresh
