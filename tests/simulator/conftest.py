from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.assignments.world import World


@pytest.fixture
def world(db: None) -> World:
    # Imported here: pytest reads this file before the settings are there.
    from tests.assignments.world import World

    return World(hours={str(day): [["00:00", "24:00"]] for day in range(7)})
