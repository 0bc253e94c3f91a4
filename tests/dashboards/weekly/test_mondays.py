"""When the mail of Monday is due, and for whom: by each person's clock, once a week."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import User
from apps.dashboards.models import WeeklyMail
from apps.dashboards.weekly import mondays
from apps.teams.models import Membership, Team
from tests import factories

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 30)  # the day after clocks went forward in Vienna
NINE = {"0": [["13:00", "18:00"], ["09:00", "12:00"]]}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("person", "zone", "hours", "due"),
    [
        ("Europe/Vienna", "Europe/Vienna", NINE, "2026-03-30T07:00"),
        ("America/New_York", "Europe/Vienna", NINE, "2026-03-30T13:00"),
        ("Asia/Kathmandu", "Asia/Kathmandu", NINE, "2026-03-30T03:15"),
        # Her Monday begins before the team's week is over.
        ("Pacific/Kiritimati", "America/Los_Angeles", NINE, "2026-03-30T07:00"),
        # Closed on Mondays; open day and night.
        ("UTC", "UTC", {"1": [["09:00", "18:00"]]}, "2026-03-30T08:00"),
        ("UTC", "UTC", {"0": [["00:00", "24:00"]]}, "2026-03-30T07:00"),
        ("UTC", "UTC", {}, "2026-03-30T08:00"),
    ],
    ids=["summer", "behind", "quarter", "ahead", "closed", "always", "no hours"],
)
def test_it_is_due_as_the_team_opens_by_her_own_clock(
    person: str, zone: str, hours: Any, due: str
) -> None:
    team = Team(timezone=zone, hours=hours)
    assert mondays.send_at(MONDAY, timezone=person, team=team) == utc(due)


def test_in_winter_it_is_an_hour_later_by_the_sun_and_not_by_the_clock() -> None:
    team = Team(timezone="Europe/Vienna", hours=NINE)
    winter = mondays.send_at(MONDAY - timedelta(days=7), timezone="Europe/Vienna", team=team)
    assert winter == utc("2026-03-23T08:00")


def member(role: str = "manager", **columns: Any) -> Membership:
    columns = {"user__timezone": "Europe/Vienna", "joined_at": utc("2026-01-01T00:00"), **columns}
    found: Membership = factories.MembershipFactory(role=role, **columns)
    return found


NOON = utc("2026-03-30T10:00")


def test_each_manager_and_admin_is_written_down_once_a_week() -> None:
    people = {member("manager").pk, member("admin").pk}
    member("salesperson")
    member("viewer")

    assert [mondays.write_down(now=NOON) for _time in range(3)] == [2, 0, 0]
    assert mondays.write_down(now=NOON + timedelta(days=1)) == 0
    assert mondays.write_down(now=NOON + timedelta(days=7)) == 2

    assert set(WeeklyMail.objects.filter(week=MONDAY).values_list("membership", flat=True)) == (
        people
    )


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("2026-03-29T21:59", 0),  # Sunday, a minute before midnight in Vienna
        ("2026-03-29T22:00", 1),
        ("2026-03-31T21:59", 1),  # Tuesday: nobody ran yesterday
        ("2026-03-31T22:00", 0),
        ("2026-04-03T12:00", 0),
    ],
)
def test_it_is_written_down_on_her_monday_or_the_day_after(moment: str, number: int) -> None:
    member()
    assert mondays.write_down(now=utc(moment)) == number


def _left(one: Membership) -> None:
    Membership.objects.filter(pk=one.pk).update(is_active=False)


def _locked_out(one: Membership) -> None:
    User.objects.filter(pk=one.user_id).update(is_active=False)


def _opted_out(one: Membership) -> None:
    User.objects.filter(pk=one.user_id).update(wants_weekly=False)


def _closed(one: Membership) -> None:
    Team.objects.filter(pk=one.team_id).update(is_active=False)


def _new(one: Membership) -> None:
    Membership.objects.filter(pk=one.pk).update(joined_at=utc("2026-03-30T09:30"))


def _demoted(one: Membership) -> None:
    Membership.objects.filter(pk=one.pk).update(role="salesperson")


@pytest.mark.parametrize("change", [_left, _locked_out, _opted_out, _closed, _new, _demoted])
def test_who_should_not_have_it_is_not_written_down(change: Any) -> None:
    change(member())
    assert mondays.write_down(now=NOON) == 0
