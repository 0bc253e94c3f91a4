"""Redis is a nudge: without it alerts are a little later, never lost, and nobody waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from apps.alerts import announcer, switchboard, wire
from apps.alerts.models import Alert
from apps.alerts.numbering import Numbered
from apps.teams.models import Membership
from ops.embedded import Valkey, new_password
from tests.alerts.people import new_member, new_team, tell
from tests.alerts.sockets import Door, in_database

pytestmark = pytest.mark.usefixtures("publisher", "transactional_db")
NEVER = 600.0


@pytest.fixture
def valkey(tmp_path: Path, settings: Any) -> Iterator[Valkey]:
    """A Valkey of this test's own, to be stopped and started."""
    server = Valkey(tmp_path / "valkey", password=new_password())
    server.start()
    settings.REDIS_URL = server.url()
    yield server
    server.stop(at_once=True)


@pytest.fixture
def member(transactional_db: None) -> Membership:
    return new_member(new_team(), "Mia")


async def test_a_socket_that_was_quiet_for_long_still_hears(
    connect: Door, member: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switchboard, "LOOK_EVERY", NEVER)
    socket = await connect(member)
    await socket.resume()

    await asyncio.sleep(6.5)  # redis-py would end a quiet connection after 5 s
    await in_database(tell, member, "after the silence")

    assert (await socket.hear(timeout=2))["data"]["title"] == "after the silence"


async def test_while_redis_is_away_nobody_waits_and_pages_read_from_the_database(
    connect: Door, member: Membership, valkey: Valkey
) -> None:
    open_before = await connect(member)
    await open_before.resume()
    valkey.stop(at_once=True)

    started = time.monotonic()
    await in_database(tell, member, *[str(n) for n in range(50)])
    took = time.monotonic() - started
    opened_after = await connect(member)

    assert took < 2.5, "50 commits waited for Redis."
    heard = [(await open_before.hear(timeout=8))["seq"] for _ in range(50)]
    assert heard == list(range(1, 51))
    assert (await opened_after.resume())[-1]["seq"] == 50


async def test_when_redis_is_back_open_pages_catch_up_and_hear_again(
    connect: Door, member: Membership, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switchboard, "LOOK_EVERY", NEVER)
    monkeypatch.setattr(switchboard, "RECONNECT_AFTER", 0.05)
    monkeypatch.setattr(wire, "PAUSE_AFTER_FAILURE", 0.05)
    socket = await connect(member)
    await socket.resume()
    valkey.stop(at_once=True)
    await in_database(tell, member, "lost")
    await numbered(1)

    valkey.start()

    assert (await socket.hear(timeout=10))["data"]["title"] == "lost"
    await in_database(tell, member, "live")
    assert (await socket.hear(timeout=10))["data"]["title"] == "live"


async def numbered(how_many: int) -> None:
    async with asyncio.timeout(10):
        while await in_database(Alert.objects.filter(seq__isnull=False).count) < how_many:
            pass


def test_the_publisher_lets_a_dead_redis_be_and_tries_again_later(valkey: Valkey) -> None:
    now = 0.0
    publisher = wire.Publisher(clock=lambda: now)
    message = wire.pack([Numbered(uuid4(), uuid4(), 1, "{}")])
    assert publisher.send(message)
    valkey.stop(at_once=True)

    assert not publisher.send(message)
    assert publisher.is_paused
    started = time.monotonic()
    assert not any(publisher.send(message) for _ in range(1000))
    assert time.monotonic() - started < 0.5

    valkey.start()
    now += wire.PAUSE_AFTER_FAILURE
    assert publisher.send(message)


def test_a_failing_database_leaves_the_announcer_ready_for_the_next_wake(
    member: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def announce() -> int:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("the database is away")
        return 0

    monkeypatch.setattr(announcer, "announce_pending", announce)
    mine = announcer.Announcer()

    mine.wake()
    wait_for(lambda: len(calls) == 1)
    mine.wake()
    wait_for(lambda: len(calls) == 2)

    mine.stop()


def wait_for(is_true: Any) -> None:
    deadline = time.monotonic() + 5
    while not is_true():
        assert time.monotonic() < deadline
