"""Committed alerts get numbers without gaps, each once, whoever announces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from apps.alerts import announcer, services, wire
from apps.alerts.models import Alert, AlertCounter, Kind
from apps.alerts.services import NewAlert, raise_alerts
from ops import embedded
from tests.alerts.people import NOW, new_member, new_team, tell

pytestmark = pytest.mark.django_db(transaction=True)


class Radio:
    """Stands where Redis is and keeps what was published."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    def send(self, message: bytes) -> bool:
        self.messages.append(message)
        return True

    @property
    def heard(self) -> list[tuple[str, int]]:
        """User and number of each alert, as published."""
        lines = [line for message in self.messages for line in wire.unpack(message)]
        return [(user, seq) for user, _, seq, _ in lines]


@pytest.fixture
def radio(monkeypatch: pytest.MonkeyPatch) -> Radio:
    radio = Radio()
    monkeypatch.setattr(announcer, "_publisher", radio)
    return radio


@pytest.fixture
def asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits wake nobody: the test announces itself."""
    monkeypatch.setattr(announcer, "wake", lambda: None)


def in_threads(*jobs: Callable[[], Any]) -> None:
    def run(job: Callable[[], Any]) -> None:
        try:
            job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        for future in [pool.submit(run, job) for job in jobs]:
            future.result()


def numbers() -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for user, seq in Alert.objects.order_by("seq").values_list("user_id", "seq"):
        found[user].append(seq)
    return found


class Undone(Exception):
    pass


def write(people: list[Any], writer: int) -> None:
    """Twenty-five transactions that each tell two people; every fourth is rolled back."""
    for turn in range(25):
        is_undone = turn % 4 == 0
        two = [people[(writer + turn) % 5], people[(writer + turn + 2) % 5]]
        try:
            with transaction.atomic():
                said = {"writer": writer, "turn": turn, "undone": is_undone}
                new = [NewAlert(each.user_id, Kind.ASSIGNED, data=said) for each in two]
                raise_alerts(new, team=people[0].team, now=NOW)
                if is_undone:
                    raise Undone
        except Undone:
            pass


@pytest.mark.usefixtures("asleep")
def test_numbers_have_no_gaps_whatever_commits_rolls_back_and_announces_at_once(
    radio: Radio,
) -> None:
    team = new_team()
    people = [new_member(team, f"Sam{n}") for n in range(5)]
    is_over = Event()

    def announce() -> None:
        while not is_over.is_set():
            announcer.announce_pending(limit=7)
        while announcer.announce_pending(limit=7):
            pass

    def write_all() -> None:
        try:
            in_threads(*(lambda n=n: write(people, n) for n in range(8)))
        finally:
            is_over.set()

    in_threads(write_all, announce, announce)

    expected = 8 * 18 * 2
    assert Alert.objects.count() == expected
    assert not Alert.objects.filter(data__undone=True).exists()
    assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in numbers().values())
    assert len(radio.heard) == len(set(radio.heard)) == expected
    counters = dict(AlertCounter.objects.values_list("user_id", "last_seq"))
    assert counters == {user: len(seqs) for user, seqs in numbers().items()}


@pytest.mark.usefixtures("asleep")
def test_a_late_commit_is_numbered_after_what_was_announced_before(radio: Radio) -> None:
    member = new_member(new_team())
    tell(member, "early")
    has_written, may_commit = Event(), Event()

    def slow_writer() -> None:
        with transaction.atomic():
            new = NewAlert(member.user_id, Kind.ASSIGNED, data={"title": "late"})
            raise_alerts([new], team=member.team, now=NOW.replace(year=2020))
            has_written.set()
            may_commit.wait(10)

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(in_threads, slow_writer)
        assert has_written.wait(10)
        announced_before = announcer.announce_pending()
        may_commit.set()
        slow.result()
    announced_after = announcer.announce_pending()

    assert (announced_before, announced_after) == (1, 1)
    titles = Alert.objects.order_by("seq").values_list("data__title", flat=True)
    assert list(titles) == ["early", "late"]


@pytest.mark.usefixtures("asleep", "radio")
def test_in_one_round_the_time_of_raising_decides() -> None:
    member = new_member(new_team())
    for minute in (2, 0, 1):
        with transaction.atomic():
            new = NewAlert(member.user_id, Kind.ASSIGNED, data={"minute": minute})
            raise_alerts([new], team=member.team, now=NOW.replace(minute=minute))

    announcer.announce_pending()

    minutes = Alert.objects.order_by("seq").values_list("data__minute", flat=True)
    assert list(minutes) == [0, 1, 2]


@pytest.mark.usefixtures("asleep")
def test_one_persons_backlog_does_not_hold_up_the_others(radio: Radio) -> None:
    team = new_team()
    flooded, patient = new_member(team, "Flo"), new_member(team, "Pat")
    tell(flooded, *[str(n) for n in range(100)])
    tell(patient, "one")

    announcer.announce_pending(limit=40)

    heard = {user for user, _ in radio.heard}
    assert heard == {flooded.user_id.hex, patient.user_id.hex}
    assert Alert.objects.filter(seq__isnull=True).exists()


def test_a_commit_wakes_the_announcer_and_a_rollback_announces_nothing(radio: Radio) -> None:
    member = new_member(new_team())

    with transaction.atomic():
        raise_alerts([NewAlert(member.user_id, Kind.ASSIGNED)], team=member.team, now=NOW)
        transaction.set_rollback(True)
    tell(member, "kept")

    wait_for(lambda: radio.heard == [(member.user_id.hex, 1)])


def test_raising_alerts_for_many_is_one_statement(
    django_assert_num_queries: Any, radio: Radio
) -> None:
    team = new_team()
    people = [new_member(team, f"Sam{n}") for n in range(12)]

    new = [NewAlert(each.user_id, Kind.OPEN) for each in people]

    with transaction.atomic(), django_assert_num_queries(1):
        raise_alerts(new, team=team, now=NOW)


@pytest.mark.usefixtures("asleep", "radio")
def test_a_listener_reads_what_she_missed_in_order_and_only_her_own() -> None:
    team = new_team()
    me, colleague = new_member(team, "Mia"), new_member(team, "Cal")
    tell(me, "first", "second", "third")
    tell(colleague, "hers")
    announcer.announce_pending()

    missed = services.after(me.user_id, 1, 10)

    assert [alert.data["title"] for alert in missed.alerts] == ["second", "third"]
    assert missed.last_seq == 3


def wait_for(is_true: Callable[[], bool], seconds: float = 10) -> None:
    embedded.wait_until(is_true, seconds=seconds, what="The announcer")


@pytest.mark.usefixtures("asleep", "radio")
def test_a_page_that_was_just_made_is_told_the_last_seconds_again() -> None:
    member = new_member(new_team())
    tell(member, "one", "two")
    with transaction.atomic():
        just_now = NOW + timedelta(minutes=1)
        raise_alerts([NewAlert(member.user_id, Kind.ASSIGNED)], team=member.team, now=just_now)
    announcer.announce_pending()

    def shown(seconds: float) -> int:
        return services.shown_up_to(member.user_id, now=just_now + timedelta(seconds=seconds))

    assert (shown(1), shown(6)) == (2, 3)
    assert services.shown_up_to(uuid4(), now=NOW) == 0
