from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.deliveries.sender import Sender


@pytest.fixture
def sender(db: None) -> Sender:
    # Imported here: pytest reads this file before the settings are there.
    from tests.deliveries.sender import Sender

    return Sender()


@pytest.fixture
def live_sender(transactional_db: None) -> Sender:
    """A sender whose rows other connections see."""
    from tests.deliveries.sender import Sender

    return Sender()


@pytest.fixture(autouse=True)
def full_buckets() -> None:
    from apps.capture import throttle

    throttle.captures.clear()
