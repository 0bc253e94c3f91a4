"""Triage: what waits for a manager, what she reads of it, and what her deeds do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.alerts.models import Alert
from apps.assignments import services
from apps.assignments.models import Assignment, Decision, Door, HopperEntry
from apps.assignments.moves import triage
from apps.leads.models import Activity, Lead, StatusKind
from apps.rules.models import Destination
from apps.teams.models import Membership, MemberSkill, Skill, TimeOff
from apps.teams.permissions import Role
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
MANAGER_DECIDES = {"destination": Destination.MANAGER, "name": "Everything else"}


def browser_of(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def at(world: World, name: str, **parts: Any) -> str:
    return reverse(f"assignments:{name}", kwargs={"team": world.team.slug, **parts})


def page(world: World, desk: Client, **asked: Any) -> str:
    return " ".join(desk.get(at(world, "triage"), asked).content.decode().split())


@pytest.fixture
def henrike(world: World) -> Membership:
    return world.member("Henrike", Role.MANAGER)


@pytest.fixture
def desk(henrike: Membership) -> Client:
    return browser_of(henrike)


@pytest.fixture
def waiting(world: World, henrike: Membership) -> Lead:
    """A lead that the rules left to a manager."""
    world.rules(MANAGER_DECIDES)
    return world.routed(name="Rosa Steiner", city="Graz", country="AT")


def deed(world: World, desk: Client, lead: Lead, name: str, **form: Any) -> Any:
    lead.refresh_from_db()
    form = {"generation": lead.generation, **form}
    return desk.post(at(world, f"triage_{name}", lead=lead.pk), form, headers=HTMX)


def test_what_waits_is_listed_by_priority_and_then_by_age(
    world: World, henrike: Membership
) -> None:
    old = world.lead(stage="manager", received_at=NOW - timedelta(hours=5))
    pressing = world.lead(stage="held", received_at=NOW, priority=3)
    new = world.lead(stage="out", received_at=NOW - timedelta(hours=1))
    world.lead(owner=henrike, stage="owned")
    world.lead(stage="offered")
    world.lead(stage="manager", status_kind="lost")
    world.lead(stage="out", is_test=True)

    found = triage.queue(world.access(henrike), NOW)

    assert [each.lead.pk for each in found] == [pressing.pk, old.pk, new.pk]
    assert [each.words for each in found] == [
        "Held: nobody can take it", "Needs a decision", "On no road",
    ]  # fmt: skip


def test_a_lead_that_lies_long_in_the_hopper_waits_too(world: World, henrike: Membership) -> None:
    world.rules({"destination": Destination.HOPPER})
    fresh, old = world.routed(), world.routed()
    HopperEntry.objects.filter(lead=old).update(entered_at=NOW - timedelta(days=4))

    found = triage.queue(world.access(henrike), NOW)

    assert [each.lead.pk for each in found] == [old.pk]
    assert found[0].words == "Long in the hopper"
    assert fresh.stage == "hopper"


def test_the_page_tells_all_that_a_manager_decides_on(
    world: World, desk: Client, waiting: Lead
) -> None:
    world.member("Mia", capacity=10)
    away = world.member("Lena")
    TimeOff.objects.create(
        team=world.team, membership=away, starts_at=NOW - timedelta(days=1),
        ends_at=NOW + timedelta(days=3),
    )  # fmt: skip
    twin = world.lead(name="R. Steiner", stage="out", status_kind="lost")
    Lead.objects.filter(pk=waiting.pk).update(
        merge_suggestion=twin, score=42, band="B", scored_at=NOW,
        score_lines=[{"line": "x", "name": "Decides", "points": 42, "of": 42,
                      "words": "decision-maker is yes", "half_life": None}],
    )  # fmt: skip

    shown = page(world, desk)

    assert "Rosa Steiner" in shown
    assert "Austria" in shown
    assert "0 of 10 open" in shown
    assert "Away until" in shown
    assert "A manager was asked to place it" in shown
    assert "decision-maker is yes" in shown
    assert "R. Steiner" in shown
    assert "1 of 1" in shown


def test_who_fits_and_has_time_stands_first(world: World, desk: Client, waiting: Lead) -> None:
    english, german = (
        Skill.objects.create(team=world.team, kind=Skill.Kind.LANGUAGE, name=name)
        for name in ("en", "de")
    )
    anna, bert, cleo = world.member("Anna"), world.member("Bert"), world.member("Cleo")
    for member, language in ((anna, english), (bert, german), (cleo, german)):
        MemberSkill.objects.create(
            team=world.team, membership=member, skill=language, level=5
        )  # fmt: skip
    Membership.objects.filter(pk=bert.pk).update(is_paused=True)
    Lead.objects.filter(pk=waiting.pk).update(language="de")

    shown = page(world, desk)

    places = {name: shown.index(f"<strong>{name}</strong>") for name in ("Anna", "Bert", "Cleo")}
    assert places["Cleo"] < places["Anna"] < places["Bert"]
    assert "Speaks German" in shown
    assert "No German" in shown
    assert "Paused" in shown


def test_assigning_gives_the_lead_and_brings_the_next(
    world: World, desk: Client, waiting: Lead
) -> None:
    mia = world.member("Mia")
    following = world.routed(name="Jan Huber", now=NOW + timedelta(seconds=1))

    answer = deed(world, desk, waiting, "assign", member=mia.pk)

    shown = answer.content.decode()
    waiting.refresh_from_db()
    assert waiting.owner == mia
    assert f'data-chosen="{following.pk}"' in shown
    assert "→ Mia" in shown
    assert answer["HX-Replace-Url"].endswith(f"?lead={following.pk}")
    assert Decision.objects.filter(lead=waiting).latest("at", "id").door == Door.TRIAGE


def test_without_scripts_a_deed_leads_to_the_next(
    world: World, desk: Client, waiting: Lead
) -> None:
    mia = world.member("Mia")

    answer = desk.post(
        at(world, "triage_assign", lead=waiting.pk),
        {"generation": waiting.generation, "member": mia.pk}, follow=True,
    )  # fmt: skip

    shown = answer.content.decode()
    assert "Rosa Steiner → Mia" in shown
    assert "Nothing waits" in shown


def test_who_comes_second_learns_who_was_quicker(world: World, desk: Client, waiting: Lead) -> None:
    mia, lena = world.member("Mia"), world.member("Lena")
    jonas = world.member("Jonas", Role.MANAGER)
    seen = Lead.objects.get(pk=waiting.pk).generation
    deed(world, browser_of(jonas), waiting, "assign", member=mia.pk)

    answers = [
        desk.post(
            at(world, f"triage_{name}", lead=waiting.pk),
            {"generation": seen, "member": lena.pk, "why": "spam"}, headers=HTMX,
        )
        for name in ("assign", "hopper", "route", "qualify", "disqualify")
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [409] * 5
    assert "Handed over to Mia. By Jonas." in answers[0].content.decode()
    assert Assignment.objects.get(lead=waiting).member == mia


def test_other_managers_screens_are_told(world: World, desk: Client, waiting: Lead) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas", Role.MANAGER)

    deed(world, desk, waiting, "assign", member=mia.pk)

    assert Alert.objects.filter(user=jonas.user, kind="lead.withdrawn", lead_id=waiting.pk).exists()


def test_qualifying_keeps_the_lead_on_the_table(world: World, desk: Client, waiting: Lead) -> None:
    answer = deed(world, desk, waiting, "qualify")

    waiting.refresh_from_db()
    assert waiting.status_kind == StatusKind.QUALIFIED
    assert waiting.qualified_at is not None
    assert f'data-chosen="{waiting.pk}"' in answer.content.decode()


def test_disqualifying_keeps_the_reason_in_words(world: World, desk: Client, waiting: Lead) -> None:
    deed(world, desk, waiting, "disqualify", why="market", text="only in Peru")

    waiting.refresh_from_db()
    assert (waiting.status_kind, waiting.stage) == (StatusKind.DISQUALIFIED, "out")
    assert waiting.disqualified_reason == "Not our market: only in Peru"
    line = Activity.objects.get(lead=waiting, kind="status")
    assert line.data["reason"] == "Not our market: only in Peru"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "Choose why the lead is disqualified."),
        ({"why": "gone"}, "Choose why the lead is disqualified."),
        ({"why": "other"}, "Write down the reason."),
        ({"why": "other", "text": " \x00 "}, "Write down the reason."),
        ({"why": "need", "text": "x" * 300}, "Use at most 200 characters."),
    ],
)
def test_a_lead_is_not_disqualified_without_a_reason(
    world: World, desk: Client, waiting: Lead, form: dict[str, str], said: str
) -> None:
    answer = deed(world, desk, waiting, "disqualify", **form)

    waiting.refresh_from_db()
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert waiting.is_open


def test_into_the_hopper_for_whoever_picks_it(world: World, desk: Client, waiting: Lead) -> None:
    deed(world, desk, waiting, "hopper")

    waiting.refresh_from_db()
    assert waiting.stage == "hopper"
    assert HopperEntry.objects.waiting().filter(lead=waiting).exists()


def test_routing_again_asks_the_rules_as_they_are_now(
    world: World, desk: Client, waiting: Lead
) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))

    answer = deed(world, desk, waiting, "route")

    waiting.refresh_from_db()
    assert waiting.owner == mia
    assert "→ Mia, by the rules" in answer.content.decode()


def test_a_lead_that_comes_back_stays_on_the_table(
    world: World, desk: Client, waiting: Lead
) -> None:
    answer = deed(world, desk, waiting, "route")

    assert f'data-chosen="{waiting.pk}"' in answer.content.decode()
    assert "routed again: manager" in answer.content.decode()


def test_a_held_lead_can_be_given_to_somebody(world: World, desk: Client) -> None:
    paused = world.member("Mia", is_paused=True)
    world.rules(world.pool(paused, empty_policy="hold"))
    held = world.routed()
    assert held.stage == "held"

    deed(world, desk, held, "assign", member=paused.pk)

    held.refresh_from_db()
    assert held.owner == paused
    assert not held.holds.filter(released_at=None).exists()


def test_a_lead_that_went_on_says_what_became_of_it(
    world: World, desk: Client, waiting: Lead
) -> None:
    mia = world.member("Mia")
    services.assign_by_hand(waiting, member=mia, by=world.system, now=NOW)

    shown = page(world, desk, lead=waiting.pk)

    assert "This lead waits no longer." in shown
    assert "Handed over to Mia" in shown


def test_the_list_alone_is_given_to_the_script(world: World, desk: Client, waiting: Lead) -> None:
    answer = desk.get(at(world, "triage"), headers={"X-Fragment": "lists"}).content.decode()

    assert f'id="wait-{waiting.pk}"' in answer
    assert "<html" not in answer


def test_the_menu_counts_what_waits_for_managers_only(
    world: World, desk: Client, waiting: Lead
) -> None:
    mia = world.member("Mia")

    for_manager = page(world, desk)
    for_mia = browser_of(mia).get(at(world, "today")).content.decode()

    assert 'data-count="triage">1<' in for_manager
    assert "/triage/" not in for_mia
    assert browser_of(mia).get(at(world, "triage")).status_code == 403


def test_triage_asks_few_questions(world: World, desk: Client, waiting: Lead) -> None:
    mia, lena = world.member("Mia"), world.member("Lena", is_paused=True)
    world.rules(world.pool(lena, empty_policy="hold"))
    for _ in range(5):
        world.routed()
    for member in (mia, lena):
        TimeOff.objects.create(
            team=world.team, membership=member, starts_at=NOW + timedelta(days=1),
            ends_at=NOW + timedelta(days=3),
        )  # fmt: skip
    held = Lead.objects.filter(stage="held").earliest("pk")
    page(world, desk, lead=held.pk)

    with CaptureQueriesContext(connection) as queries:
        page(world, desk, lead=held.pk)

    assert len(queries) <= 12, "\n".join(query["sql"][:200] for query in queries)


@pytest.mark.parametrize("generation", ["", "x", "-1", "9" * 5_000, "²", "\x00"])
def test_a_deed_that_names_no_state_is_refused(
    world: World, desk: Client, waiting: Lead, generation: str
) -> None:
    mia = world.member("Mia")

    answer = deed(world, desk, waiting, "assign", member=mia.pk, generation=generation)

    waiting.refresh_from_db()
    assert answer.status_code == 409
    assert waiting.owner is None


@pytest.mark.parametrize("member", ["", "x", "\x00", "00000000-0000-0000-0000-000000000000"])
def test_a_member_who_is_none_gets_nothing(
    world: World, desk: Client, waiting: Lead, member: str
) -> None:
    assert deed(world, desk, waiting, "assign", member=member).status_code == 404


def test_nobody_outside_the_team_gets_a_lead(world: World, desk: Client, waiting: Lead) -> None:
    stranger = World("other").member("Eve")
    viewer = world.member("Vera", Role.VIEWER)

    answers = [
        deed(world, desk, waiting, "assign", member=member.pk).status_code
        for member in (stranger, viewer)
    ]

    assert answers == [404, 404]


@pytest.mark.parametrize("lead", ["x", "\x00", "0" * 400])
def test_an_address_that_names_no_lead_shows_the_first(
    world: World, desk: Client, waiting: Lead, lead: str
) -> None:
    assert "Rosa Steiner" in page(world, desk, lead=lead)
