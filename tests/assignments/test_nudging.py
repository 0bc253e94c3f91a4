"""Nudges: a reminder reaches its owner once, a lead moves once, whoever presses how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.alerts.models import Alert, Kind
from apps.assignments.models import Assignment
from apps.assignments.moves import nudging
from apps.leads.models import Activity, Lead, StatusKind
from apps.rules.models import Destination
from apps.teams.models import AuditEntry, Membership
from apps.teams.permissions import Role
from tests import factories
from tests.assignments.pairs import owned
from tests.assignments.world import NOW, World
from tests.capture.inbox import in_own_connection

pytestmark = pytest.mark.django_db
SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def henrike(world: World) -> Membership:
    return world.member("Henrike", Role.MANAGER)


@pytest.fixture
def mia(world: World) -> Membership:
    return world.member("Mia")


@pytest.fixture
def lead(world: World, mia: Membership) -> Lead:
    return owned(world, mia, name="Rosa Steiner", city="Graz", country="AT")


@pytest.fixture
def desk(henrike: Membership) -> Client:
    return browser_of(henrike)


def browser_of(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def at(world: World, name: str, **parts: Any) -> str:
    return reverse(f"assignments:{name}", kwargs={"team": world.team.slug, **parts})


def nudges(member: Membership) -> list[Alert]:
    return list(Alert.objects.filter(user=member.user, kind=Kind.NUDGE))


def fresh(lead: Lead) -> Lead:
    return Lead.objects.get(pk=lead.pk)


# --- Reminding ---


def test_the_owner_hears_which_lead_waits_and_who_says_so(
    world: World, desk: Client, henrike: Membership, mia: Membership, lead: Lead
) -> None:
    desk.post(at(world, "remind", lead=lead.pk))

    (alert,) = nudges(mia)
    assert alert.lead_id == lead.pk
    assert alert.data == {"title": "Website · Graz, AT", "by": "Henrike"}
    line = Activity.objects.get(lead=lead, kind="reminded")
    assert (line.member, line.actor) == (mia, henrike.user)
    assert AuditEntry.objects.get(action="lead.reminded").target_id == lead.pk
    page = desk.get(at(world, "lead", lead=lead.pk)).content.decode()
    assert "Mia was reminded" in page


def test_a_second_tap_says_who_was_first(
    world: World, desk: Client, mia: Membership, lead: Lead
) -> None:
    colleague = world.member("Ola", Role.ADMIN)
    first = timezone.now() - timedelta(minutes=2)
    nudging.remind(lead.pk, by=world.access(colleague), now=first)

    answer = desk.post(at(world, "remind", lead=lead.pk), headers=SCRIPT).json()

    assert answer == {"title": "Reminded 2 min ago by Ola.", "done": False}
    assert len(nudges(mia)) == 1


def test_after_some_minutes_the_owner_may_be_reminded_again(
    world: World, henrike: Membership, mia: Membership, lead: Lead
) -> None:
    by = world.access(henrike)
    nudging.remind(lead.pk, by=by, now=NOW)

    nudging.remind(lead.pk, by=by, now=NOW + nudging.QUIET + timedelta(seconds=1))

    assert len(nudges(mia)) == 2


@pytest.mark.parametrize("what", ["unowned", "closed", "left"])
def test_there_must_be_somebody_to_remind_and_something_to_do(
    world: World, henrike: Membership, mia: Membership, lead: Lead, what: str
) -> None:
    if what == "unowned":
        lead = world.lead()
    elif what == "closed":
        Lead.objects.filter(pk=lead.pk).update(status_kind=StatusKind.WON)
    else:
        Membership.objects.filter(pk=mia.pk).update(is_active=False)

    with pytest.raises(nudging.NudgeRefused):
        nudging.remind(lead.pk, by=world.access(henrike), now=NOW)

    assert not Activity.objects.filter(kind="reminded").exists()


def test_a_member_is_reminded_of_all_that_she_has_not_tried_in_one_alert(
    world: World, desk: Client, mia: Membership, lead: Lead
) -> None:
    second, tried = world.routed(), world.routed()
    Lead.objects.filter(pk=tried.pk).update(first_attempt_at=NOW)

    answer = desk.post(at(world, "remind_member", member=mia.pk), headers=SCRIPT).json()

    assert answer == {"title": "Mia has been reminded of 2 leads.", "done": True}
    (alert,) = nudges(mia)
    assert alert.lead_id is None
    assert alert.data["title"] == "2 leads wait for a first attempt"
    lines = Activity.objects.filter(kind="reminded").values_list("lead", flat=True)
    assert set(lines) == {lead.pk, second.pk}
    entry = AuditEntry.objects.get(action="leads.reminded")
    assert (entry.target_id, entry.detail) == (mia.pk, {"leads": 2})


def test_a_reminder_of_all_leaves_out_what_was_just_reminded_of(
    world: World, henrike: Membership, mia: Membership, lead: Lead
) -> None:
    by = world.access(henrike)
    nudging.remind(lead.pk, by=by, now=NOW)
    other = world.routed()

    assert nudging.remind_of_all(mia, by=by, now=NOW) == 1

    assert [alert.lead_id for alert in nudges(mia)] == [other.pk, lead.pk]
    with pytest.raises(nudging.JustReminded):
        nudging.remind_of_all(mia, by=by, now=NOW)


def test_who_has_tried_everything_is_left_alone(
    world: World, henrike: Membership, mia: Membership
) -> None:
    with pytest.raises(nudging.NudgeRefused, match="has tried all"):
        nudging.remind_of_all(mia, by=world.access(henrike), now=NOW)


# --- Moving ---


def test_a_lead_is_handed_over_once_and_can_be_taken_back(
    world: World, desk: Client, mia: Membership, lead: Lead
) -> None:
    jonas, nora = world.member("Jonas"), world.member("Nora")
    seen = {"generation": lead.generation}
    address = at(world, "hand_over", lead=lead.pk)

    first = desk.post(address, {**seen, "to": jonas.pk}, headers=SCRIPT).json()
    second = desk.post(address, {**seen, "to": nora.pk}, headers=SCRIPT).json()

    assert first["title"] == "Handed over to Jonas, who has been told."
    assert not second["done"]
    assert "Jonas" in second["title"]
    assert fresh(lead).owner == jonas
    assert Alert.objects.filter(user=mia.user, kind=Kind.TAKEN_BACK).count() == 1
    desk.post(first["undo"], headers=SCRIPT)
    assert fresh(lead).owner == mia


def test_rules_go_on_past_who_has_it(world: World, desk: Client, mia: Membership) -> None:
    jonas = world.member("Jonas")
    world.rules(world.pool(mia, jonas))
    lead = fresh(world.routed())
    other = jonas if lead.owner == mia else mia
    form = {"generation": lead.generation, "to": "rules"}

    answer = desk.post(at(world, "hand_over", lead=lead.pk), form, headers=SCRIPT).json()

    assert answer["done"]
    assert fresh(lead).owner == other
    assert Assignment.objects.live().get(lead=lead).member == other
    assert AuditEntry.objects.filter(action="lead.sent_on").exists()


def test_rules_that_know_nobody_else_are_not_said_to_have_moved_it(
    world: World, desk: Client, mia: Membership, lead: Lead
) -> None:
    world.rules(world.pool(mia))
    form = {"generation": fresh(lead).generation, "to": "rules"}

    answer = desk.post(at(world, "hand_over", lead=lead.pk), form, headers=SCRIPT).json()

    assert answer["title"] == "The rules gave it to Mia again."
    assert "undo" not in answer


def test_a_lead_that_nobody_has_goes_by_the_rules_too(
    world: World, desk: Client, mia: Membership
) -> None:
    world.rules({"destination": Destination.MANAGER, "name": "Everything else"})
    waiting = world.routed()
    world.rules(world.pool(mia))
    form = {"generation": fresh(waiting).generation, "to": "rules"}

    answer = desk.post(at(world, "hand_over", lead=waiting.pk), form, headers=SCRIPT).json()

    assert answer["title"] == "Handed over to Mia, who has been told."
    assert "undo" not in answer


def test_a_lead_is_opened_to_all_once(world: World, desk: Client, lead: Lead) -> None:
    form = {"generation": lead.generation}
    address = at(world, "open_lead", lead=lead.pk)

    first = desk.post(address, form, headers=SCRIPT).json()
    again = desk.post(address, form, headers=SCRIPT).json()
    now = {"generation": fresh(lead).generation}
    third = desk.post(address, now, headers=SCRIPT).json()

    assert first["title"] == "In the hopper, for anyone to pick."
    assert (again["done"], third["done"]) == (False, False)
    assert third["title"] == "It is open to all already."
    assert fresh(lead).stage == Lead.Stage.HOPPER
    assert AuditEntry.objects.filter(action="lead.opened").count() == 1


# --- Who may, and what comes in ---


@pytest.mark.parametrize("role", [Role.SALESPERSON, Role.VIEWER])
@pytest.mark.parametrize("name", ["remind", "hand_over", "open_lead"])
def test_only_who_runs_the_team_may(world: World, lead: Lead, role: str, name: str) -> None:
    other = browser_of(world.member("Other", role))

    answer = other.post(at(world, name, lead=lead.pk), {"generation": 1, "to": "rules"})

    assert answer.status_code == 403
    assert fresh(lead).generation == lead.generation
    assert not Activity.objects.filter(kind="reminded").exists()


@pytest.mark.parametrize(
    ("allows", "status"), [([], 403), (["see_leads"], 403), (["act_on_leads"], 302)]
)
def test_an_operator_reminds_where_she_may_act_and_is_named(
    world: World, mia: Membership, lead: Lead, allows: list[str], status: int
) -> None:
    grant = factories.ClientGrantFactory(team=world.team, allows=allows)
    operator = factories.OperatorFactory(agency=grant.agency)

    answer = browser_of(operator).post(at(world, "remind", lead=lead.pk))

    assert answer.status_code == status
    logged = AuditEntry.objects.filter(action="lead.reminded", agency_id=grant.agency_id)
    assert logged.exists() is (status == 302)
    assert bool(nudges(mia)) is (status == 302)


@pytest.mark.parametrize(
    "form",
    [
        {}, {"generation": "\x00"}, {"generation": "9" * 400}, {"generation": "-1"},
        {"generation": "٣"}, {"generation": "7", "to": "\x00"}, {"to": "rules"},
        {"generation": "0", "to": "00000000-0000-0000-0000-000000000000"},
    ],
)  # fmt: skip
def test_nonsense_moves_nothing(
    world: World, desk: Client, lead: Lead, form: dict[str, str]
) -> None:
    for name in ("hand_over", "open_lead"):
        answer = desk.post(at(world, name, lead=lead.pk), form)
        assert answer.status_code in (302, 404)

    assert fresh(lead).generation == lead.generation


@pytest.mark.parametrize(
    ("target", "goes"),
    [
        ("/t/acme/dashboard/?period=7", "/t/acme/dashboard/?period=7"),
        ("https://example.org/", None), ("//example.org", None), ("/\\example.org", None),
        ("javascript:alert(1)", None), ("/" + "a" * 3000, None), ("", None),
        ("/\r\nX: 1", "/%0D%0AX:%201"),
    ],
)  # fmt: skip
def test_it_comes_back_to_a_page_of_ours_alone(
    world: World, desk: Client, lead: Lead, target: str, goes: str | None
) -> None:
    own = at(world, "lead", lead=lead.pk)

    answer = desk.post(at(world, "remind", lead=lead.pk), {"next": target})

    assert answer["Location"] == (goes or own)


def test_the_page_names_everybody_else_who_may_have_it(
    world: World, desk: Client, lead: Lead
) -> None:
    jonas = world.member("Jonas")

    page = desk.get(at(world, "hand_over", lead=lead.pk), {"next": "/t/acme/board/"})

    words = page.content.decode()
    assert f'value="{jonas.pk}"' in words
    assert f'value="{lead.owner_id}"' not in words
    assert 'href="/t/acme/board/"' in words


# --- At the same moment ---


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["remind", "remind_member", "hand_over", "open_lead"])
def test_of_two_managers_who_press_at_once_one_does_it(name: str) -> None:
    world = World()
    mia, jonas = world.member("Mia"), world.member("Jonas")
    lead = owned(world, mia)
    people = [browser_of(world.member(each, Role.MANAGER)) for each in ("Henrike", "Ola")]
    parts = {"member": mia.pk} if name == "remind_member" else {"lead": lead.pk}
    form = {"generation": lead.generation, "to": jonas.pk}

    def press(browser: Client) -> bool:
        post = in_own_connection(browser.post, at(world, name, **parts), form, headers=SCRIPT)
        return bool(post.json()["done"])

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(press, people)) == [False, True]
    if name.startswith("remind"):
        assert Activity.objects.filter(kind="reminded").count() == 1
        assert len(nudges(mia)) == 1
