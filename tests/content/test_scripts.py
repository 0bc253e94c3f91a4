"""Scripts: filled in for a lead, and looked after by those who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from apps.content import services
from apps.content.defaults import add_default_scripts
from apps.content.models import Script
from apps.content.placeholders import fill, refuse_unknown
from apps.content.services import ScriptText
from apps.teams.models import AuditEntry, Team
from apps.teams.permissions import Role
from tests.alerts.people import NOW, access_of, new_member, new_team

pytestmark = pytest.mark.django_db
HELLO = ScriptText("call", "Hello", "Hello {first_name}, {me} from {team}.")


@pytest.fixture
def team(db: None) -> Team:
    return new_team()


@pytest.fixture
def manager(team: Team) -> Any:
    return access_of(new_member(team, "Max", Role.MANAGER))


@pytest.fixture
def salesperson(team: Team) -> Any:
    return access_of(new_member(team, "Sam"))


@pytest.fixture
def max_page(client: Client, manager: Any) -> Client:
    client.force_login(manager.user)
    return client


def named(by: Any, channel: str = "call") -> list[str]:
    return [script.name for script in services.scripts_for(by, {})[channel]]


def write(by: Any, *names: str) -> list[Script]:
    return [services.add(ScriptText("call", name, "Hi"), by=by, now=NOW) for name in names]


def test_a_script_is_filled_in_for_the_lead_and_whoever_uses_it(
    manager: Any, salesperson: Any
) -> None:
    services.add(HELLO, by=manager, now=NOW)

    (script,) = services.scripts_for(salesperson, {"first_name": "Rosa"})["call"]

    assert script.body == "Hello Rosa, Sam from Acme."


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hello {first_name}, it is me", "Hello, it is me"),
        ("{first_name} {lead}", "Rosa"),
        ("a { b } c {d}", "a { b } c {d}"),
        ("{lead}\n\n{company}", "Rosa"),
        ("no  words,  as written", "no  words,  as written"),
    ],
)
def test_what_is_not_known_leaves_no_gap(text: str, filled: str) -> None:
    assert fill(text, {"first_name": "", "lead": "Rosa", "company": ""}) == filled


def test_a_value_that_looks_like_a_placeholder_is_only_text() -> None:
    assert fill("Hello {lead}", {"lead": "{team}", "team": "Acme"}) == "Hello {team}"


def test_who_may_not_use_scripts_gets_none(team: Team, manager: Any) -> None:
    services.add(HELLO, by=manager, now=NOW)
    viewer = access_of(new_member(team, "Vic", Role.VIEWER))

    assert services.scripts_for(viewer, {}) == {}


def test_an_unknown_placeholder_is_refused_by_name(manager: Any) -> None:
    with pytest.raises(ValidationError, match=r"\{firstname\}"):
        refuse_unknown("Hello {firstname}")
    with pytest.raises(ValidationError):
        services.add(ScriptText("call", "Bad", "{lead.owner}"), by=manager, now=NOW)
    assert not Script.objects.exists()


def test_only_those_who_may_edit_write_scripts(salesperson: Any, manager: Any) -> None:
    (script,) = write(manager, "Hello")

    with pytest.raises(PermissionDenied):
        services.add(HELLO, by=salesperson, now=NOW)
    with pytest.raises(PermissionDenied):
        services.edit(script, HELLO, by=salesperson, now=NOW)
    with pytest.raises(PermissionDenied):
        services.set_in_use(script, is_active=False, by=salesperson, now=NOW)
    with pytest.raises(PermissionDenied):
        services.move(script, up=True, by=salesperson, now=NOW)


def test_scripts_stand_in_the_teams_order(manager: Any) -> None:
    first, _, third = write(manager, "first", "second", "third")

    services.move(third, up=True, by=manager, now=NOW)
    services.move(first, up=True, by=manager, now=NOW)

    assert named(manager) == ["first", "third", "second"]


def test_a_removed_script_comes_back_where_it_stood(manager: Any) -> None:
    _, second, _ = write(manager, "first", "second", "third")

    services.set_in_use(second, is_active=False, by=manager, now=NOW)
    without = named(manager)
    services.set_in_use(second, is_active=True, by=manager, now=NOW)

    assert without == ["first", "third"]
    assert named(manager) == ["first", "second", "third"]


def test_every_change_is_in_the_audit_log(manager: Any) -> None:
    script, _ = write(manager, "first", "second")
    services.move(script, up=False, by=manager, now=NOW)
    services.edit(script, HELLO, by=manager, now=NOW)
    services.set_in_use(script, is_active=False, by=manager, now=NOW)

    actions = set(AuditEntry.objects.values_list("action", "actor__name"))
    assert actions == {
        (f"script.{deed}", "Max") for deed in ("added", "moved", "edited", "removed")
    }


def test_defaults_fill_every_channel_once_and_know_their_placeholders(
    team: Team, manager: Any
) -> None:
    add_default_scripts(team)
    number = Script.objects.count()
    add_default_scripts(team)

    assert Script.objects.count() == number
    assert all(services.scripts_for(manager, {}).values())
    for script in Script.objects.all():
        refuse_unknown(script.subject + script.body)


# --- The page ---


def test_an_empty_page_offers_the_first_script_to_those_who_may_write(
    max_page: Client, salesperson: Any
) -> None:
    for_manager = max_page.get("/t/acme/scripts/").content.decode()
    max_page.force_login(salesperson.user)
    for_salesperson = max_page.get("/t/acme/scripts/").content.decode()

    assert "Write the first script" in for_manager
    assert "Write the first script" not in for_salesperson


def test_a_manager_writes_edits_moves_and_removes_a_script(max_page: Client, manager: Any) -> None:
    write(manager, "Voicemail")
    form = {"channel": "call", "name": "Hello", "body": "Hello {first_name}", "subject": ""}

    max_page.post("/t/acme/scripts/new/", form)
    script = Script.objects.get(name="Hello")
    max_page.post(f"/t/acme/scripts/{script.pk}/", {**form, "name": "Hi"})
    max_page.post(f"/t/acme/scripts/{script.pk}/move/", {"direction": "up"})
    moved = named(manager)
    max_page.post(f"/t/acme/scripts/{script.pk}/remove/")

    assert moved == ["Hi", "Voicemail"]
    assert named(manager) == ["Voicemail"]
    assert "Use again" in max_page.get("/t/acme/scripts/").content.decode()
    max_page.post(f"/t/acme/scripts/{script.pk}/restore/")
    assert named(manager) == ["Hi", "Voicemail"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"body": "Hello {firstname}"}, "{firstname}"),
        ({"channel": "email"}, "An e-mail needs a subject."),
        ({"name": "Voicemail"}, "already a script of this name"),
        ({"channel": "fax"}, "fax"),
    ],
)
def test_what_cannot_be_saved_says_why_and_keeps_what_was_written(
    max_page: Client, manager: Any, wrong: dict[str, str], reason: str
) -> None:
    write(manager, "Voicemail")
    form = {"channel": "call", "name": "Hello", "body": "Hello, written with care", **wrong}

    answer = max_page.post("/t/acme/scripts/new/", form)

    assert answer.status_code == 422
    assert reason in answer.content.decode()
    assert form["body"] in answer.content.decode()


def test_scripts_of_another_team_are_like_none(max_page: Client) -> None:
    elsewhere = access_of(new_member(new_team("other"), "Oda", Role.MANAGER))
    (script,) = write(elsewhere, "Theirs")

    assert max_page.get(f"/t/acme/scripts/{script.pk}/").status_code == 404
    assert max_page.post(f"/t/acme/scripts/{script.pk}/remove/").status_code == 404
    script.refresh_from_db()
    assert script.is_active


def test_a_salesperson_reads_scripts_and_does_not_write_them(
    client: Client, salesperson: Any, manager: Any
) -> None:
    (script,) = write(manager, "Hello")
    client.force_login(salesperson.user)

    text = client.get("/t/acme/scripts/").content.decode()

    assert "Hello" in text
    assert "Edit Hello" not in text
    assert client.get(f"/t/acme/scripts/{script.pk}/").status_code == 403
