"""The relay announces and expires by itself, survives what it depends on, and ends cleanly."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone

from apps.alerts import announcer
from apps.alerts.models import Alert, RelayHeartbeat
from apps.assignments import services
from apps.assignments.management.commands import relay
from apps.assignments.management.commands.relay import Relay, expire_all
from ops import embedded
from tests.alerts.people import new_member, new_team, tell

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits wake nobody, as if the process had died right after."""
    monkeypatch.setattr(announcer, "wake", lambda: None)


@pytest.fixture
def running() -> Iterator[Callable[[], Relay]]:
    """A relay in a thread of its own."""
    started: list[tuple[Relay, threading.Thread]] = []

    def run() -> Relay:
        one = Relay()
        thread = threading.Thread(target=one.run)
        thread.start()
        started.append((one, thread))
        return one

    yield run
    for one, thread in started:
        one.stop()
        thread.join(10)
        assert not thread.is_alive()


def soon(is_true: Callable[[], bool], what: str, seconds: float = 10) -> None:
    embedded.wait_until(is_true, seconds=seconds, what=what)


@pytest.mark.usefixtures("asleep")
def test_once_does_everything_and_says_what(capsys: pytest.CaptureFixture[str]) -> None:
    member = new_member(new_team())
    tell(member, "one", "two")

    call_command("relay", "--once", "--json")

    assert json.loads(capsys.readouterr().out)["announced"] == 2
    assert list(Alert.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2]
    assert RelayHeartbeat.objects.count() == 1


def test_what_a_dead_process_left_is_announced(running: Callable[[], Relay]) -> None:
    member = new_member(new_team())
    Alert.objects.create(
        team=member.team, user=member.user, kind="lead.assigned", created_at=timezone.now()
    )

    running()

    soon(lambda: Alert.objects.filter(seq=1).exists(), "The relay")


def test_it_beats_and_forgets_relays_of_yesterday(running: Callable[[], Relay]) -> None:
    old = timezone.now() - timedelta(days=2)
    RelayHeartbeat.objects.create(name="gone", beat_at=old)

    one = running()

    soon(
        lambda: list(RelayHeartbeat.objects.values_list("name", flat=True)) == [one.name],
        "The heartbeat",
    )


def test_a_deadline_that_fails_stops_neither_the_next_nor_the_announcing(
    running: Callable[[], Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[float] = []

    def expire_due(**_: Any) -> dict[str, int]:
        calls.append(time.monotonic())
        raise OperationalError("the database is restarting")

    monkeypatch.setattr(services, "expire_due", expire_due)
    monkeypatch.setattr(relay, "EXPIRE_EVERY", 0.05)
    member = new_member(new_team())
    running()

    soon(lambda: len(calls) >= 3, "The next try")
    tell(member, "still announced")
    soon(lambda: Alert.objects.filter(seq=1).exists(), "The announcer")


def test_it_goes_on_after_its_database_connection_was_cut(running: Callable[[], Relay]) -> None:
    running()
    soon(RelayHeartbeat.objects.exists, "The heartbeat")

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    RelayHeartbeat.objects.all().delete()

    soon(RelayHeartbeat.objects.exists, "The heartbeat after the cut")


def test_a_full_batch_is_followed_by_the_next_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = iter([{"offers": 200}, {"offers": 200, "reminders": 3}, {"offers": 0}])
    monkeypatch.setattr(services, "expire_due", lambda **_: next(batches))

    assert expire_all() == {"offers": 400, "reminders": 3}


def test_sigterm_ends_it_cleanly(live_site: Any) -> None:
    process = live_site.start("relay")
    soon(RelayHeartbeat.objects.exists, "The relay", seconds=20)

    os.killpg(process.pid, signal.SIGTERM)

    assert process.wait(timeout=10) == 0
    live_site.running.pop("relay")
