"""Public holidays by country and region, the team's own days, and the hours that follow them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from apps.routing import calendar
from apps.rules import calendars, hours
from apps.teams import holidays
from apps.teams.access import Access
from apps.teams.models import Holiday, Team
from apps.teams.permissions import Role
from apps.teams.team_settings import SettingRefused
from tests.factories.teams import NOW, MembershipFactory, TeamFactory

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def team() -> Team:
    return TeamFactory(
        timezone="Europe/Berlin", hours={str(day): [["09:00", "17:00"]] for day in range(7)}
    )


@pytest.fixture
def admin(team: Team) -> Access:
    return Access.of(MembershipFactory(team=team, role=Role.ADMIN))


def follow(admin: Access, country: str = "DE", region: str = "") -> Team:
    return holidays.follow(country=country, region=region, by=admin, now=NOW)


def is_closed(team: Team, day: date) -> bool:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=BERLIN)
    team.refresh_from_db()
    return not calendar.is_open(calendars.team_schedule(team), noon)


@pytest.mark.parametrize("year", [2015, 2024, 2026, 2031, 2050])
@pytest.mark.parametrize(
    ("country", "region", "month_day", "closed"),
    [
        ("DE", "BY", (1, 6), True),
        ("DE", "BE", (1, 6), False),
        ("DE", "", (10, 3), True),
        ("CH", "GE", (12, 12), False),
        ("US", "", (7, 4), True),
        ("GB", "SCT", (11, 30), True),
        ("AU", "VIC", (1, 26), True),
        ("IN", "", (8, 15), True),
        ("", "", (12, 25), False),
    ],
)
def test_public_holidays_of_country_and_region_close_the_team(
    team: Team,
    admin: Access,
    year: int,
    country: str,
    region: str,
    month_day: tuple[int, int],
    closed: bool,
) -> None:
    follow(admin, country, region)

    day = date(year, *month_day)
    observed = country in ("US", "GB", "AU") and day.weekday() > 4
    assert is_closed(team, day) is closed or observed


def test_a_day_that_moves_is_found_in_its_year(team: Team, admin: Access) -> None:
    follow(admin)

    easter_mondays = [date(2025, 4, 21), date(2026, 4, 6), date(2027, 3, 29), date(2038, 4, 26)]
    assert all(is_closed(team, day) for day in easter_mondays)
    assert not is_closed(team, date(2026, 4, 21))


def test_own_days_close_and_exceptions_open(team: Team, admin: Access) -> None:
    follow(admin)
    outing, unity = date(2026, 6, 12), date(2026, 10, 3)
    holidays.add_day(on=outing, name="Outing", is_open=False, by=admin, now=NOW)
    opened = holidays.add_day(on=unity, name="Unity", is_open=True, by=admin, now=NOW)
    assert is_closed(team, outing)
    assert not is_closed(team, unity)

    holidays.remove_day(opened, by=admin, now=NOW)

    assert is_closed(team, unity)
    assert not is_closed(team, date(2026, 10, 2))


def test_business_time_stands_still_over_holidays_of_many_years(team: Team, admin: Access) -> None:
    follow(admin)
    team.refresh_from_db()
    closed = holidays.closed_days(team)
    for year in (2016, 2026, 2036):
        start = datetime(year, 12, 23, 0, tzinfo=BERLIN)
        end = datetime(year + 1, 1, 4, 0, tzinfo=BERLIN)
        days = [(start + timedelta(days=n)).date() for n in range(12)]
        expected = 8 * 3600 * sum(day not in closed for day in days)

        assert hours.seconds_between(start, end, team=team) == expected
        assert expected == 9 * 8 * 3600  # twelve days, of which two of Christmas and New Year's


def test_the_hot_path_asks_nothing_for_holidays(
    team: Team, admin: Access, django_assert_num_queries: Any
) -> None:
    follow(admin, "DE", "BY")
    team.refresh_from_db()
    calendars.team_schedule(team)

    with django_assert_num_queries(0):
        schedule = calendars.team_schedule(team)

    assert schedule is not None
    assert date(2026, 12, 25) in schedule.holidays


def test_the_list_says_what_is_closed_and_why(team: Team, admin: Access) -> None:
    follow(admin, "DE", "BY")
    holidays.add_day(on=date(2026, 12, 25), name="Christmas", is_open=True, by=admin, now=NOW)
    holidays.add_day(on=date(2026, 12, 31), name="Stocktaking", is_open=False, by=admin, now=NOW)
    team.refresh_from_db()

    coming = {day.date: day for day in holidays.coming(team, today=date(2026, 12, 1))}

    assert not coming[date(2026, 12, 25)].is_closed
    assert coming[date(2026, 12, 26)].is_public
    assert coming[date(2026, 12, 31)].name == "Stocktaking"
    assert not coming[date(2026, 12, 31)].is_public
    assert min(coming) >= date(2026, 12, 1)


@pytest.mark.parametrize(
    ("country", "region"), [("XX", ""), ("DE", "ZZ"), ("", "BY"), ("de", ""), ("D\x00", "")]
)
def test_countries_and_regions_that_are_none_are_refused(
    team: Team, admin: Access, country: str, region: str
) -> None:
    with pytest.raises(SettingRefused):
        follow(admin, country, region)


class TestThePage:
    @pytest.fixture
    def desk(self, admin: Access) -> Client:
        client = Client()
        assert admin.user is not None
        client.force_login(admin.user)
        return client

    @pytest.fixture
    def address(self, team: Team) -> str:
        return f"/t/{team.slug}/settings/holidays/"

    def test_country_first_then_its_regions(self, desk: Client, address: str, team: Team) -> None:
        assert "Bayern" not in desk.get(address).text
        desk.post(f"{address}country/", {"country": "DE"})
        assert "Bayern" in desk.get(address).text

        desk.post(f"{address}country/", {"country": "DE", "region": "BY"})

        team.refresh_from_db()
        assert (team.holiday_country, team.holiday_region) == ("DE", "BY")
        assert "Christmas Day" in desk.get(address).text

    def test_another_country_drops_the_region(self, desk: Client, address: str, team: Team) -> None:
        desk.post(f"{address}country/", {"country": "DE", "region": "BY"})

        desk.post(f"{address}country/", {"country": "AT", "region": "BY"})

        team.refresh_from_db()
        assert (team.holiday_country, team.holiday_region) == ("AT", "")

    @pytest.mark.parametrize(
        "form",
        [
            {"date": "2026-13-01", "name": "x"},
            {"date": "", "name": "x"},
            {"date": "2026-12-01", "name": "x" * 500},
            {"date": "2026-12-01", "name": "a\x00b"},
            {"date": "99999-12-01", "name": "x"},
            {"date": "2026-12-01"},
        ],
    )
    def test_days_that_are_none_are_refused(
        self, desk: Client, address: str, form: dict[str, str]
    ) -> None:
        assert desk.post(f"{address}add/", form).status_code == 422
        assert not Holiday.objects.exists()

    def test_a_day_is_said_once(self, desk: Client, address: str) -> None:
        form = {"date": "2026-12-01", "name": "Outing"}
        assert desk.post(f"{address}add/", form).status_code == 302

        again = desk.post(f"{address}add/", form)

        assert again.status_code == 422
        assert "is on the list already" in again.text

    def test_a_country_that_is_none_is_refused(self, desk: Client, address: str) -> None:
        assert desk.post(f"{address}country/", {"country": "XX"}).status_code == 422

    def test_a_manager_sets_no_holidays(self, team: Team, address: str) -> None:
        client = Client()
        client.force_login(MembershipFactory(team=team, role=Role.MANAGER).user)

        assert client.get(address).status_code == 403


def test_regions_fit_their_column() -> None:
    longest = Team._meta.get_field("holiday_region").max_length
    assert all(
        len(code) <= (longest or 0) for codes in holidays.regions().values() for code in codes
    )


def test_a_moment_is_not_a_day_elsewhere(team: Team, admin: Access) -> None:
    follow(admin)
    team.refresh_from_db()
    late = datetime(2026, 12, 24, 23, 30, tzinfo=UTC)  # Christmas Day in Berlin already

    opening = calendar.next_opening(calendars.team_schedule(team), late)

    assert opening == datetime(2026, 12, 27, 9, tzinfo=BERLIN)
