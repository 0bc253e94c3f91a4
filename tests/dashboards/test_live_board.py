"""The live board: what waits, who is there, what was taken; as the dashboard has it, bounded."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.assignments import services
from apps.assignments.models import Offer
from apps.assignments.moves import nudging
from apps.dashboards.figures import metrics
from apps.dashboards.figures.periods import Period
from apps.dashboards.figures.questions import Question
from apps.dashboards.live import board as live
from apps.dashboards.live.waiting import name_of
from apps.leads.models import Lead, StatusKind
from apps.leads.speed import Clock
from apps.rules.models import Mode
from apps.teams.models import Membership
from apps.teams.permissions import Role
from tests import factories
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db
PAGE = "/t/acme/board/"
ALWAYS = {str(weekday): [["00:00", "24:00"]] for weekday in range(7)}
FRAGMENT = {"X-Fragment": "board"}
CONTACT = {"name": "Rosa Steiner", "email": "rosa@steiner.example", "phone": "+436641234567"}


@pytest.fixture
def world(db: None) -> World:
    """Open day and night, so that who is available does not depend on when the tests run."""
    return World(response_seconds=300, hours=ALWAYS)


@pytest.fixture
def henrike(world: World) -> Membership:
    return world.member("Henrike", Role.MANAGER)


def browser_of(person: Any) -> Client:
    client = Client()
    client.force_login(person.user)
    return client


def shown(person: Any, **headers: str) -> str:
    response = browser_of(person).get(PAGE, headers=headers)
    assert response.status_code == 200
    return " ".join(unescape(response.content.decode()).split())


def seen(world: World, member: Membership) -> live.Board:
    return live.board(world.access(member), now=NOW)


def minutes_ago(minutes: int) -> dict[str, Any]:
    return {"received_at": NOW - timedelta(minutes=minutes)}


# --- What waits ---


def test_leads_wait_the_oldest_first_until_somebody_tries(
    world: World, henrike: Membership
) -> None:
    mia = world.member("Mia")
    world.lead(name="Newer", **minutes_ago(3))
    old = world.lead(name="Older", owner=mia, stage="owned", **minutes_ago(9))
    world.lead(name="Tried", first_attempt_at=NOW, **minutes_ago(20))
    world.lead(name="Closed", status_kind=StatusKind.WON, **minutes_ago(30))
    world.lead(name="Spam", is_spam=True, **minutes_ago(40))
    world.lead(name="Test", is_test=True, **minutes_ago(50))

    waiting = seen(world, henrike).waiting

    assert [(row.name, row.owner) for row in waiting] == [("Older", "Mia"), ("Newer", "")]
    assert (waiting[0].waited, waiting[0].start_at) == (9 * 60, old.received_at)
    assert waiting[0].due_at == old.received_at + timedelta(seconds=300)


def test_the_clock_of_an_owned_lead_runs_to_its_own_deadline(
    world: World, henrike: Membership
) -> None:
    world.rules(world.pool(world.member("Mia"), response_seconds=720))
    world.routed()

    (row,) = seen(world, henrike).waiting

    assert row.due_at == NOW + timedelta(seconds=720)


def test_its_figures_are_those_of_the_dashboard(world: World, henrike: Membership) -> None:
    for number in range(15):
        tried = NOW - timedelta(minutes=2) if number % 2 else None
        world.lead(first_attempt_at=tried, received_at=NOW - timedelta(seconds=200 + number))
    access = world.access(henrike)
    period = Period.ending(NOW, key="today", timezone=world.team.timezone)
    question = Question(period=period, clock=Clock.REAL, source_id=None, now=NOW)

    figures = seen(world, henrike).figures

    assert figures == metrics.figures(question, access=access)
    assert figures.untouched.leads == 8


def test_the_page_says_the_figures_that_the_dashboard_says(
    world: World, henrike: Membership
) -> None:
    for _number in range(3):
        world.lead(**minutes_ago(0))
    world.lead(first_attempt_at=NOW)
    board, desk = shown(henrike), browser_of(henrike)
    dashboard = " ".join(desk.get("/t/acme/dashboard/?period=today").content.decode().split())

    assert '<span>Untouched now</span><b class="bad">3</b>' in board
    assert 'Untouched now</span><span class="big bad">3</span>' in dashboard
    assert "<span>Received today</span><b>4</b>" in board
    assert "4 leads, " in dashboard


def test_the_worst_dozen_is_shown_and_the_others_are_counted(
    world: World, henrike: Membership
) -> None:
    for number in range(15):
        world.lead(name=f"Lead {number}", **minutes_ago(number))

    board = seen(world, henrike)

    assert [row.name for row in board.waiting] == [f"Lead {number}" for number in range(14, 2, -1)]
    assert board.more_waiting == 3
    assert "and 3 more" in shown(henrike)


def test_a_team_of_any_size_costs_the_same_statements(world: World, henrike: Membership) -> None:
    """Two hundred members and five hundred waiting leads ask no more than a handful does."""

    def statements() -> int:
        browser = browser_of(henrike)
        browser.get(PAGE)
        with CaptureQueriesContext(connection) as queries:
            browser.get(PAGE, headers=FRAGMENT)
        return len(queries)

    _staff(world, members=3, leads=3)
    few = statements()
    _staff(world, members=197, leads=497)

    assert statements() == few <= 28
    words = shown(henrike)
    assert "and 488 more" in words
    assert words.count("data-version") == live.WAITING + live.PEOPLE


def _staff(world: World, *, members: int, leads: int) -> None:
    people = [
        factories.MembershipFactory(team=world.team, role=Role.SALESPERSON)
        for _number in range(members)
    ]
    first = world.lead(owner=people[0], stage="owned", **minutes_ago(5))
    Lead.objects.bulk_create(
        Lead(
            team=world.team, source=world.source, status=first.status, name=f"Lead {number}",
            received_at=NOW - timedelta(minutes=6), owner=people[number % members], stage="owned",
        )
        for number in range(leads - 1)
    )  # fmt: skip


# --- Offers, people, claims ---


def test_open_offers_are_those_that_may_still_be_taken(world: World, henrike: Membership) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    world.rules(world.pool(mia, mode=Mode.OFFER))
    world.routed(name="To one")
    world.rules(world.pool(mia, jonas, mode=Mode.CLAIM))
    world.routed(name="To many")
    gone = world.routed(name="Over")
    Offer.objects.filter(lead=gone).update(expires_at=NOW)

    board = seen(world, henrike)

    offers = {row.name: (row.to, row.candidates) for row in board.offers}
    assert offers == {"To one": ("Mia", 1), "To many": ("", 2)}
    assert (board.offered, board.more_offers) == (2, 0)


def test_who_is_available_stands_there_with_the_most_room_first(
    world: World, henrike: Membership
) -> None:
    for name, load, capacity in (("Full", 4, 4), ("Half", 2, 4), ("Free", 0, None)):
        world.member(name, open_leads=load, capacity=capacity)
    world.member("Paused", is_paused=True)
    world.member("Gone", is_active=False)
    world.member("Viewer", Role.VIEWER)

    people = seen(world, henrike).people

    assert [(str(one.member), one.is_full) for one in people.shown] == [
        ("Free", False), ("Half", False), ("Full", True),
    ]  # fmt: skip
    assert (people.available, people.all) == (3, 4)


def test_the_last_claims_say_who_was_how_fast(world: World, henrike: Membership) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia, mode=Mode.CLAIM))
    lead = world.routed(name="Rosa Steiner")
    offer = Offer.objects.get(lead=lead)
    Offer.objects.filter(pk=offer.pk).update(opened_at=NOW - timedelta(seconds=20))
    services.claim(offer.pk, by=world.access(mia), now=NOW)

    people = live.board(world.access(henrike), now=NOW + timedelta(minutes=1)).people

    (claim,) = people.claims
    assert (claim.member, claim.lead) == ("Mia", "Rosa Steiner")
    assert claim.seconds == pytest.approx(20, abs=5)
    assert people.shown[0].claimed_at == claim.at


# --- Who sees what ---


def test_contact_details_are_never_on_it(world: World, henrike: Membership) -> None:
    world.lead(**CONTACT)
    nameless = world.lead(**{**CONTACT, "name": ""})

    words = shown(henrike)

    assert "Rosa Steiner" in words
    assert name_of(nameless, world.access(henrike)) == "Website"
    assert CONTACT["email"] not in words
    assert "664123" not in words


def test_masked_eyes_see_masked_names(world: World) -> None:
    world.lead(**CONTACT)

    words = shown(world.member("Viktor", Role.VIEWER))

    assert "Steiner" not in words
    assert 'S<span class="mask">••••••</span>' in words
    assert "/remind/" not in words
    assert "/hand-over/" not in words


@pytest.mark.parametrize("allows", [[], ["see_leads"], ["act_on_leads"]])
def test_an_agency_sees_what_the_client_grants(world: World, allows: list[str]) -> None:
    mia = world.member("Mia")
    lead = world.lead(owner=mia, stage="owned", **CONTACT)
    grant = factories.ClientGrantFactory(team=world.team, allows=allows)
    words = shown(factories.OperatorFactory(agency=grant.agency))

    assert '<span>Untouched now</span><b class="bad">1</b>' in words
    assert (str(lead.pk) in words) is bool(allows)
    assert ("/remind/" in words) is ("act_on_leads" in allows)
    if not allows:
        assert "The client shows figures, and no leads." in words


def test_a_salesperson_has_no_board(world: World) -> None:
    assert browser_of(world.member("Mia")).get(PAGE).status_code == 403


def test_an_open_board_whose_session_ended_is_sent_to_the_sign_in(world: World) -> None:
    response = Client().get(PAGE, headers={**FRAGMENT, "HX-Request": "true"})

    assert "/accounts/login/" in response["HX-Redirect"]


def test_the_fragment_is_what_moves_alone_and_is_never_kept(
    world: World, henrike: Membership
) -> None:
    response = browser_of(henrike).get(PAGE, headers=FRAGMENT)

    assert b"<html" not in response.content
    assert "no-store" in response["Cache-Control"]
    assert "X-Fragment" in response["Vary"]


# --- Deeds ---


def test_a_waiting_lead_has_its_deeds_until_its_owner_was_reminded(
    world: World, henrike: Membership
) -> None:
    mia = world.member("Mia")
    lead = world.lead(owner=mia, stage="owned")
    mine = world.lead(owner=henrike, stage="owned")
    before = shown(henrike)

    nudging.remind(lead.pk, by=world.access(henrike), now=NOW)

    after = shown(henrike)
    assert f"/leads/{lead.pk}/remind/" in before
    assert f"/leads/{mine.pk}/remind/" not in before
    assert f"/leads/{lead.pk}/remind/" not in after
    assert 'class="nudged" title="Henrike"' in after


def test_the_dashboard_has_the_deeds_beside_its_figures(world: World, henrike: Membership) -> None:
    mia = world.member("Mia")
    lead = world.lead(owner=mia, stage="owned", **minutes_ago(9))

    words = browser_of(henrike).get("/t/acme/dashboard/").content.decode()

    assert f"/leads/{lead.pk}/remind/" in words
    assert f"/leads/{lead.pk}/hand-over/" in words
    assert f"/members/{mia.pk}/remind/" in words
    assert 'href="/t/acme/board/"' in words


@pytest.mark.parametrize(
    ("asked", "has"), [("untouched=1", True), ("target=missed", True), ("status=open", False)]
)
def test_lists_behind_figures_have_the_deeds_too(
    world: World, henrike: Membership, asked: str, has: bool
) -> None:
    lead = world.lead(owner=world.member("Mia"), stage="owned", **minutes_ago(60))

    words = browser_of(henrike).get(f"/t/acme/leads/?{asked}").content.decode()

    assert str(lead.pk) in words
    assert (f"/leads/{lead.pk}/remind/" in words) is has


def test_the_list_of_a_members_untouched_leads_reminds_of_all(
    world: World, henrike: Membership
) -> None:
    mia = world.member("Mia")
    world.lead(owner=mia, stage="owned")
    desk = browser_of(henrike)
    address = f"/t/acme/leads/?owner={mia.pk}&untouched=1"

    assert f"/members/{mia.pk}/remind/" in desk.get(address).content.decode()
    answer = desk.post(f"/t/acme/members/{mia.pk}/remind/", {"next": address}, follow=True)

    assert "Mia has been reminded of 1 lead." in answer.content.decode()
    assert answer.redirect_chain == [(address, 302)]
