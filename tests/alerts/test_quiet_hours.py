"""Quiet hours: by her own clock, over midnight and over the change of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.quiet import quiet_until
from apps.alerts import announcer, mails
from apps.alerts.models import MAILED, URGENT, Alert, Kind
from apps.teams.models import Membership
from tests.alerts.people import NOW, new_member, new_team, tell

NIGHT = (time(22), time(7))
LUNCH = (time(12), time(13, 30))


def person(zone: str, begin: time | None, end: time | None) -> User:
    return User(timezone=zone, quiet_from=begin, quiet_until=end)


def at(zone: str, *wall: int, fold: int = 0) -> datetime:
    year, month, day, hour, minute = wall
    local = datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone), fold=fold)
    return local.astimezone(UTC)


@pytest.mark.parametrize(
    ("span", "hour", "ends"),
    [
        (NIGHT, (18, 21, 59), None),
        (NIGHT, (18, 22, 0), (19, 7, 0)),
        (NIGHT, (19, 3, 0), (19, 7, 0)),
        (NIGHT, (19, 7, 0), None),
        (LUNCH, (18, 11, 59), None),
        (LUNCH, (18, 12, 0), (18, 13, 30)),
        (LUNCH, (18, 13, 30), None),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
def test_it_is_quiet_from_the_beginning_to_just_before_the_end(
    zone: str,
    span: tuple[time, time],
    hour: tuple[int, int, int],
    ends: tuple[int, int, int] | None,
) -> None:
    found = quiet_until(person(zone, *span), at(zone, 2026, 11, *hour))

    assert found == (at(zone, 2026, 11, *ends) if ends else None)


@pytest.mark.parametrize("span", [(None, None), (time(22), None), (None, time(7)), (time(7),) * 2])
def test_without_two_times_it_is_never_quiet(span: tuple[time | None, time | None]) -> None:
    assert quiet_until(person("UTC", *span), at("UTC", 2026, 11, 18, 3, 0)) is None


def test_the_night_of_the_clock_change_ends_by_the_new_clock() -> None:
    berlin = person("Europe/Berlin", *NIGHT)

    spring = quiet_until(berlin, at("Europe/Berlin", 2026, 3, 28, 23, 0))
    autumn = quiet_until(berlin, at("Europe/Berlin", 2026, 10, 24, 23, 0))

    assert spring == datetime(2026, 3, 29, 5, tzinfo=UTC)
    assert autumn == datetime(2026, 10, 25, 6, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    early = person("Europe/Berlin", time(1), time(2, 30))

    second_time = at("Europe/Berlin", 2026, 10, 25, 2, 10, fold=1)

    assert quiet_until(early, second_time) == second_time + timedelta(minutes=20)


# NOW is ten in the morning in UTC: half past eight in the evening in Adelaide's November.
@pytest.fixture
def asleep(db: None) -> Membership:
    member = new_member(new_team(), "Ada", timezone="Australia/Adelaide")
    begin, end = time(20), time(7)
    User.objects.filter(pk=member.user_id).update(quiet_from=begin, quiet_until=end)
    return member


MORNING = datetime(2026, 11, 18, 20, 30, tzinfo=UTC)  # seven in Adelaide


def send(now: datetime = NOW + timedelta(seconds=3)) -> int:
    announcer.announce_pending()
    return mails.send_due(now=now)


def test_what_is_not_urgent_waits_until_the_quiet_hours_end(asleep: Membership) -> None:
    tell(asleep, "lost", kind=Kind.TAKEN_BACK)

    at_night = [send(), send(NOW + timedelta(hours=1)), send(MORNING - timedelta(seconds=1))]
    in_the_morning = send(MORNING)

    assert (at_night, in_the_morning) == ([0, 0, 0], 1)
    assert "lost" in mail.outbox[0].body


@pytest.mark.parametrize("kind", [kind for kind in URGENT if kind in MAILED])
def test_what_is_urgent_is_mailed_at_once(asleep: Membership, kind: Kind) -> None:
    tell(asleep, "now", kind=kind)
    tell(asleep, "later", kind=Kind.UNPLACED)

    assert send() == 1
    assert "now" in mail.outbox[0].body
    assert "later" not in mail.outbox[0].body


def test_a_night_longer_than_news_keep_loses_none(asleep: Membership) -> None:
    User.objects.filter(pk=asleep.user_id).update(quiet_until=time(18))
    tell(asleep, "kept", kind=Kind.HELD)
    send()

    evening = datetime(2026, 11, 19, 7, 30, tzinfo=UTC)  # six in Adelaide, 21 hours later

    assert send(evening) == 1


def test_what_she_read_at_night_is_not_mailed_in_the_morning(asleep: Membership) -> None:
    tell(asleep, "seen", kind=Kind.HELD)
    send()
    Alert.objects.update(read_at=NOW)

    assert send(MORNING) == 0
    assert not Alert.objects.filter(email_due=True).exists()


def form(**wrong: Any) -> dict[str, Any]:
    good = {"name": "Ada", "timezone": "UTC", "quiet_from": "22:00", "quiet_until": "07:00"}
    return good | wrong


def test_she_sets_them_on_her_page_and_the_page_knows(client: Client, asleep: Membership) -> None:
    client.force_login(asleep.user)

    client.post(reverse("teams:my_notifications", args=["acme"]), form())

    asleep.user.refresh_from_db()
    assert (asleep.user.quiet_from, asleep.user.quiet_until) == (time(22), time(7))
    page = client.get(reverse("teams:me", args=["acme"])).content.decode()
    assert 'data-quiet-from="22:00" data-quiet-until="07:00" data-zone="UTC"' in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"quiet_until": ""}, {"quiet_from": ""}, {"quiet_from": "07:00"}, {"quiet_from": "25:00"},
        {"quiet_until": "x" * 9_999}, {"quiet_until": "\x00"}, {"quiet_from": "22:00+02:00"},
    ],
)  # fmt: skip
def test_half_of_them_or_nonsense_is_shown_at_its_field(
    client: Client, asleep: Membership, wrong: dict[str, str]
) -> None:
    client.force_login(asleep.user)

    answer = client.post(reverse("teams:my_notifications", args=["acme"]), form(**wrong))

    assert answer.status_code == 422
    assert "field--bad" in answer.content.decode()
    asleep.user.refresh_from_db()
    assert asleep.user.quiet_from == time(20)
