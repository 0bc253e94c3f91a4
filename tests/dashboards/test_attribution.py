"""Attribution: won leads with who had them and what they brought, against a recount."""

import random
from collections import Counter, defaultdict
from typing import Any

import pytest
from django.test import Client

from apps.assignments.models import Assignment
from apps.dashboards.figures.attribution import Sum, attribution, won_leads
from apps.dashboards.figures.periods import Period
from apps.dashboards.figures.questions import Question
from apps.leads.models import Activity, Attempt, Lead, StatusKind
from apps.leads.speed import Clock
from apps.teams.models import Membership
from tests.assignments.world import NOW, World
from tests.dashboards.recounting import MINUTE, counted, first, seed
from tests.factories import ActivityFactory, AssignmentFactory, AttemptFactory

pytestmark = pytest.mark.django_db
PAGE = "/t/acme/dashboard/attribution/"


@pytest.fixture
def manager(world: World) -> Membership:
    return world.member("Henrike", role="manager")


@pytest.fixture
def browser(manager: Membership) -> Client:
    client = Client()
    client.force_login(manager.user)
    return client


@pytest.fixture
def won(world: World) -> list[Lead]:
    """The won leads of the last seven days that count, each with its own history."""
    chance, leads = random.Random(5), seed(world, 260)
    people = list(Membership.objects.filter(team=world.team, role="salesperson"))
    for lead in leads:
        values = {"team": world.team, "lead": lead}
        for number in range(chance.randint(0, 3)):
            AssignmentFactory(
                member=chance.choice(people), decision=first(lead), ended_at=NOW,
                end_reason="released", started_at=lead.received_at + number * MINUTE, **values,
            )  # fmt: skip
        for _n in range(chance.randint(0, 5)):
            AttemptFactory(
                member=chance.choice(people), confirmed_at=chance.choice([None, NOW, NOW]),
                outcome=chance.choice(["talked", "misdial", ""]), **values,
            )  # fmt: skip
        for number, kind in enumerate(chance.choice([[], ["won"], ["won", "lost", "won"]])):
            ActivityFactory(
                kind="status", data={"kind": kind}, member=chance.choice(people),
                at=lead.received_at + number * MINUTE, **values,
            )  # fmt: skip
    start = question(world).period.start
    return [
        lead for lead in counted(leads)
        if lead.status_kind == StatusKind.WON and lead.received_at >= start
    ]  # fmt: skip


def question(world: World) -> Question:
    period = Period.ending(NOW, key="7", timezone=world.team.timezone)
    return Question(period=period, clock=Clock.REAL, source_id=None, now=NOW)


def closer(lead: Lead) -> object:
    said = [
        each for each in Activity.objects.filter(lead=lead, kind="status")
        if each.data["kind"] == "won"
    ]  # fmt: skip
    return max(said, key=lambda each: each.at).member_id if said else lead.owner_id


def value(lead: Lead) -> int | None:
    return lead.facts["budget"] if lead.facts.get("budget_currency") == "EUR" else None


def test_each_won_lead_equals_a_recount(world: World, manager: Membership, won: list[Lead]) -> None:
    found = {
        each.lead.pk: each for each in won_leads(question(world), access=world.access(manager))
    }

    assert found.keys() == {lead.pk for lead in won}
    assert len(won) > 4
    for lead in won:
        owners = {each.member_id for each in Assignment.objects.filter(lead=lead)}
        touches = Counter(
            each.member_id for each in Attempt.objects.filter(lead=lead)
            if each.confirmed_at and each.outcome != "misdial"
        )  # fmt: skip
        row = found[lead.pk]
        told = {hand.member.pk: (hand.touches, hand.was_owner) for hand in row.hands}
        assert told == {
            member: (touches[member], member in owners) for member in owners | touches.keys()
        }
        assert (row.people, row.touches) == (len(told), touches.total())
        assert (row.closer.pk if row.closer else None) == closer(lead)
        assert row.value == value(lead)


def test_what_was_won_adds_up_every_way(world: World, manager: Membership, won: list[Lead]) -> None:
    found = attribution(question(world), access=world.access(manager))
    names: dict[Any, str] = {each.pk: each.user.name for each in Membership.objects.all()}
    names[None] = ""

    for sums, key in (
        (found.by_source, lambda lead: lead.source.name),
        (found.by_campaign, lambda lead: lead.campaign),
        (found.by_member, lambda lead: names[closer(lead)]),
    ):
        parts = defaultdict(list)
        for lead in won:
            parts[key(lead)].append(value(lead))
        assert {each.name: each for each in sums} == {
            name: Sum(name, len(values), sum(each or 0 for each in values),
                      sum(each is not None for each in values))
            for name, values in parts.items()
        }  # fmt: skip
        assert sum(each.value for each in sums) == found.value
        assert sum(each.won for each in sums) == found.leads == len(won)
    rows = list(won_leads(question(world), access=world.access(manager), most=500))
    assert found.people == pytest.approx(sum(each.people for each in rows) / len(rows))
    assert found.touches == pytest.approx(sum(each.touches for each in rows) / len(rows))


@pytest.mark.parametrize("asked", ["", "?period=7", "?period=%00&source=x", "?source=" + "9" * 300])
def test_the_page_and_its_csv_stand_anything(browser: Client, won: list[Lead], asked: str) -> None:
    assert browser.get(PAGE + asked).status_code == 200
    assert browser.get(f"{PAGE}all.csv{asked}").status_code == 200


def test_whoever_sees_leads_masked_reads_no_names(world: World, won: list[Lead]) -> None:
    client = Client()
    client.force_login(world.member("Vera", role="viewer").user)

    page = client.get(f"{PAGE}?period=7").content.decode()

    assert "A lead" in page
    assert not any(f">{lead.name}<" in page for lead in won)


def test_nothing_won_is_said(browser: Client) -> None:
    assert "No lead of this period is won yet" in browser.get(PAGE).content.decode()
