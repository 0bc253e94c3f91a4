from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.deliveries.post_office import PostOffice
    from tests.deliveries.receiver import Receiver
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


@pytest.fixture
def post(settings: Any) -> Iterator[PostOffice]:
    """A mail server that our mails go to."""
    from tests.deliveries.post_office import PostOffice

    office = PostOffice()
    office.open()
    for name, value in office.settings.items():
        setattr(settings, name, value)
    settings.DEFAULT_FROM_EMAIL = "Leadrelay <leads@relay.example>"
    yield office
    office.close()


@pytest.fixture(autouse=True)
def full_buckets() -> None:
    from apps.capture import throttle

    throttle.captures.clear()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """A server that takes what webhooks send."""
    from tests.deliveries.receiver import receiving

    with receiving() as one:
        yield one


@pytest.fixture
def egress_to_this_machine(settings: Any) -> None:
    settings.EGRESS_TO_THIS_MACHINE = True
