"""Members, Me, Team settings and the switcher: who sees what, and what a form does."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.teams.models import ApiToken, Holiday, Invitation, Membership, TimeOff
from tests.factories import MembershipFactory, SkillFactory, TeamFactory, UserFactory
from tests.teams.people import People, a_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> People:
    return a_team()


def _as(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def _path(people: People, rest: str) -> str:
    return f"/t/{people.team.slug}/{rest}"


@pytest.mark.parametrize(
    ("rest", "role", "status"),
    [
        ("members/", "salesperson", 403), ("members/", "viewer", 403),
        ("members/", "manager", 200), ("members/", "admin", 200),
        ("me/", "salesperson", 200), ("me/", "viewer", 200), ("me/", "admin", 200),
        ("settings/", "manager", 403), ("settings/", "admin", 200),
    ],
)  # fmt: skip
def test_a_page_is_for_its_roles(people: People, rest: str, role: str, status: int) -> None:
    client = _as(getattr(people, role))

    assert client.get(_path(people, rest)).status_code == status


def test_a_manager_sees_hours_and_skills_and_no_roles(people: People) -> None:
    SkillFactory(team=people.team, name="German")

    page = _as(people.manager).get(_path(people, f"members/{people.salesperson.pk}/"))

    shown = page.content.decode()
    assert "Working hours" in shown
    assert "German" in shown
    assert "Save role" not in shown


def test_an_admin_sees_roles_too(people: People) -> None:
    page = _as(people.admin).get(_path(people, f"members/{people.salesperson.pk}/"))

    assert "Save role" in page.content.decode()


def test_the_list_costs_the_same_for_many_members(
    people: People, django_assert_max_num_queries: object
) -> None:
    for _number in range(15):
        MembershipFactory(team=people.team)
    client = _as(people.manager)

    with django_assert_max_num_queries(16):  # type: ignore[operator]
        page = client.get(_path(people, "members/"))

    assert page.content.decode().count("<tr>") == 20


def test_pausing_and_resuming_oneself(people: People) -> None:
    client = _as(people.salesperson)

    client.post(_path(people, "me/pause/"), {"length": "60"})
    people.salesperson.refresh_from_db()
    until = people.salesperson.paused_until
    client.post(_path(people, "me/resume/"))

    assert until is not None
    assert timedelta(minutes=59) < until - timezone.now() <= timedelta(minutes=60)
    people.salesperson.refresh_from_db()
    assert not people.salesperson.is_paused


def test_own_hours_are_saved_with_midnight_as_the_end(people: People) -> None:
    answer = _as(people.salesperson).post(
        _path(people, "me/hours/"),
        {"from_0_0": "09:00", "to_0_0": "12:00", "from_0_1": "13:00", "to_0_1": "00:00"},
    )

    assert answer.status_code == 302
    people.salesperson.refresh_from_db()
    assert people.salesperson.hours == {"0": [["09:00", "12:00"], ["13:00", "24:00"]]}


def test_the_teams_hours_are_taken_back_up_by_a_tick(people: People) -> None:
    people.salesperson.hours = {"0": [["09:00", "12:00"]]}
    people.salesperson.save()

    _as(people.salesperson).post(_path(people, "me/hours/"), {"is_team": "on"})

    people.salesperson.refresh_from_db()
    assert people.salesperson.hours is None


def test_half_a_shift_is_refused_and_named(people: People) -> None:
    answer = _as(people.salesperson).post(_path(people, "me/hours/"), {"from_2_0": "09:00"})

    assert answer.status_code == 422
    assert "Wednesday: give both a start and an end." in answer.content.decode()


def test_time_off_is_typed_by_her_own_clock(people: People) -> None:
    user = people.salesperson.user
    user.timezone = "America/New_York"
    user.save()

    _as(people.salesperson).post(
        _path(people, "me/time-off/"),
        {"starts_at": "2099-01-05T09:00", "ends_at": "2099-01-06T09:00", "note": "Skiing"},
    )

    assert TimeOff.objects.get().starts_at.hour == 14


def test_time_off_that_ends_before_it_begins_is_refused(people: People) -> None:
    answer = _as(people.salesperson).post(
        _path(people, "me/time-off/"),
        {"starts_at": "2099-01-05T09:00", "ends_at": "2099-01-04T09:00"},
    )

    assert answer.status_code == 422
    assert "must end after it begins" in answer.content.decode()


def test_a_key_is_shown_once(people: People) -> None:
    client = _as(people.salesperson)

    made = client.post(_path(people, "me/keys/"), {"name": "Script"})
    later = client.get(_path(people, "me/"))

    assert "lr_" in made.content.decode()
    assert "no-store" in made.headers["Cache-Control"]
    hint = ApiToken.objects.get().hint
    assert later.content.decode().count("lr_") == later.content.decode().count(hint)


def test_a_colleagues_time_off_and_key_do_not_exist_on_my_page(people: People) -> None:
    colleague = MembershipFactory(team=people.team)
    now = timezone.now()
    away = TimeOff.objects.create(
        team=people.team, membership=colleague, starts_at=now, ends_at=now + timedelta(days=1)
    )
    key = ApiToken.objects.create(
        team=people.team, membership=colleague, name="x", token_hash=b"x", created_at=now
    )
    client = _as(people.salesperson)

    removed = client.post(_path(people, f"me/time-off/{away.pk}/remove/"))
    revoked = client.post(_path(people, f"me/keys/{key.pk}/revoke/"))

    assert (removed.status_code, revoked.status_code) == (404, 404)
    assert TimeOff.objects.exists()


def test_inviting_shows_the_link_once(people: People) -> None:
    client = _as(people.manager)

    sent = client.post(
        _path(people, "members/invite/"), {"email": "nora@example.com", "role": "salesperson"}
    )
    later = client.get(_path(people, "members/"))

    assert "/invitations/" in sent.content.decode()
    assert "no-store" in sent.headers["Cache-Control"]
    assert "/invitations/" not in later.content.decode().replace("members/invitations/", "")


def test_a_manager_cannot_invite_an_admin(people: People) -> None:
    answer = _as(people.manager).post(
        _path(people, "members/invite/"), {"email": "nora@example.com", "role": "admin"}
    )

    assert answer.status_code == 422
    assert not Invitation.objects.exists()


def test_the_last_admin_reads_why_she_stays(people: People) -> None:
    answer = _as(people.admin).post(
        _path(people, f"members/{people.admin.pk}/role/"), {"role": "manager"}
    )

    assert answer.status_code == 422
    assert "at least one admin" in answer.content.decode()


def test_who_is_taken_out_of_the_team_is_out_at_once(people: People) -> None:
    client = _as(people.salesperson)
    _as(people.admin).post(
        _path(people, f"members/{people.salesperson.pk}/active/"), {"is_active": "0"}
    )

    assert client.get(_path(people, "me/")).status_code == 404


def test_a_holiday_moves_the_calendars(people: People) -> None:
    client = _as(people.admin)
    before = people.team.routing_version

    day = {"date": "2099-12-24", "name": "Christmas Eve"}
    client.post(_path(people, "settings/holidays/add/"), day)
    again = client.post(_path(people, "settings/holidays/add/"), day)

    people.team.refresh_from_db()
    assert people.team.routing_version > before
    assert again.status_code == 422
    assert Holiday.objects.count() == 1


def test_team_settings_are_saved(people: People) -> None:
    answer = _as(people.admin).post(
        _path(people, "settings/general/"),
        {"name": "North", "timezone": "Europe/Vienna", "country": "at", "currency": "eur",
         "response_seconds": "600", "hopper_days": "3", "duplicate_policy": "attach"},
    )  # fmt: skip

    assert answer.status_code == 302
    people.team.refresh_from_db()
    assert (people.team.name, people.team.country, people.team.response_seconds) == (
        "North", "AT", 600,
    )  # fmt: skip


class TestTheFrontDoor:
    def test_without_a_session_one_signs_in(self, client: Client, people: People) -> None:
        assert client.get("/").headers["Location"].startswith("/accounts/login/")

    def test_one_team_is_entered_at_once(self, people: People) -> None:
        answer = _as(people.salesperson).get("/")

        assert answer.headers["Location"] == f"/t/{people.team.slug}/"

    def test_of_several_teams_one_chooses(self, people: People) -> None:
        other = TeamFactory(name="South")
        MembershipFactory(team=other, user=people.salesperson.user)

        answer = _as(people.salesperson).get("/")

        assert "South" in answer.content.decode()
        assert people.team.name in answer.content.decode()

    def test_without_a_team_one_reads_what_to_do(self) -> None:
        client = Client()
        client.force_login(UserFactory(email="lost@example.com"))

        answer = client.get("/")

        assert "You are in no team yet" in answer.content.decode()
        assert "lost@example.com" in answer.content.decode()


def test_signing_up_is_closed(client: Client, people: People) -> None:
    client.post(
        "/accounts/signup/",
        {
            "email": "eve@example.com",
            "password1": "a quiet green door",
            "password2": "a quiet green door",
        },
    )

    assert not Membership.objects.filter(user__email="eve@example.com").exists()
    assert not type(people.admin.user).objects.filter(email="eve@example.com").exists()


def test_guessing_a_password_is_slowed_down(client: Client, people: People) -> None:
    guess = {"login": people.admin.user.email, "password": "wrong"}

    answers = [client.post("/accounts/login/", guess) for _try in range(12)]

    assert "Too many failed login attempts" in answers[-1].content.decode()
