from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.capture.inbox import Inbox


@pytest.fixture
def inbox(db: None) -> Inbox:
    # Imported here: pytest reads this file before the settings are there.
    from tests.capture.inbox import Inbox

    return Inbox()


@pytest.fixture
def live_inbox(transactional_db: None) -> Inbox:
    """An inbox whose rows other connections see."""
    from tests.capture.inbox import Inbox

    return Inbox()


@pytest.fixture(autouse=True)
def full_buckets() -> None:
    from apps.capture import throttle

    throttle.captures.clear()
