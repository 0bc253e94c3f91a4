"""The same over the real server: uvicorn, Valkey between two processes, frames on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from apps.teams.models import Membership
from tests.alerts.people import new_member, new_team, tell
from tests.alerts.sockets import session_of

pytestmark = pytest.mark.usefixtures("publisher")


def open_page(site: Any, member: Membership, origin: str = "") -> ClientConnection:
    cookie = f"{settings.SESSION_COOKIE_NAME}={session_of(member)}"
    return connect(
        f"{site.url.replace('http', 'ws')}/ws/alerts/",
        origin=Origin(origin or site.url),
        additional_headers={"Cookie": cookie},
        open_timeout=10,
    )


def hear(page: ClientConnection) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(page.recv(timeout=10))
    return frame


@pytest.fixture
def member(live_site: Any) -> Membership:
    return new_member(new_team(), "Mia")


@pytest.fixture
def opened(live_site: Any, member: Membership) -> Iterator[ClientConnection]:
    with open_page(live_site, member) as page:
        yield page


def test_what_one_process_commits_a_page_at_another_hears(
    opened: ClientConnection, member: Membership
) -> None:
    opened.send('{"type": "resume", "after": 0}')
    assert hear(opened)["type"] == "caught_up"

    tell(member, "a lead for Mia")

    frame = hear(opened)
    assert (frame["type"], frame["seq"], frame["data"]["title"]) == ("alert", 1, "a lead for Mia")


def test_a_frame_of_a_megabyte_is_closed_with_1009(opened: ClientConnection) -> None:
    opened.send("x" * 1_000_000)

    with pytest.raises(ConnectionClosed) as ended:
        opened.recv(timeout=10)
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1009


def test_a_foreign_page_is_not_let_in(live_site: Any, member: Membership) -> None:
    with pytest.raises(InvalidStatus) as refused:
        open_page(live_site, member, origin="https://evil.example")

    assert refused.value.response.status_code == 403
