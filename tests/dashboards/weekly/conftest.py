"""A mail server that Monday's mails go to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.deliveries.post_office import PostOffice


@pytest.fixture
def post(settings: Any) -> Iterator[PostOffice]:
    from tests.deliveries.post_office import PostOffice

    office = PostOffice()
    office.open()
    for name, value in office.settings.items():
        setattr(settings, name, value)
    settings.PUBLIC_URL = "https://relay.example"
    yield office
    office.close()
