from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.assignments.world import World
    from tests.capture.inbox import Inbox


@pytest.fixture
def world(db: None) -> World:
    # Imported here: pytest reads this file before the settings are there.
    from tests.assignments.world import World

    return World(response_seconds=300)


@pytest.fixture
def inbox(db: None) -> Inbox:
    from tests.capture.inbox import Inbox

    return Inbox()
