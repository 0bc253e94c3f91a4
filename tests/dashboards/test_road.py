"""The road: every figure equals a recount in plain Python, and leads to its leads."""

import random
import re
from collections import Counter, defaultdict
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from apps.assignments.models import Assignment, Decision, Offer
from apps.capture.models import Capture
from apps.dashboards.figures.conversion import conversion
from apps.dashboards.figures.fairness import fairness
from apps.dashboards.figures.periods import Period
from apps.dashboards.figures.questions import Question
from apps.dashboards.figures.road import Road, road
from apps.deliveries.models import Delivery
from apps.leads.models import Attempt, FollowUp, Lead, Outcome, StatusKind
from apps.leads.speed import Clock
from apps.teams.models import Membership
from tests.assignments.world import NOW, World
from tests.dashboards.recounting import DAY, MINUTE, counted, first, seed
from tests.factories import (
    AssignmentFactory,
    AttemptFactory,
    CaptureFactory,
    DeliveryFactory,
    FollowUpFactory,
    OfferFactory,
)

pytestmark = pytest.mark.django_db
PAGE = "/t/acme/dashboard/road/"


@pytest.fixture
def manager(world: World) -> Membership:
    return world.member("Henrike", role="manager")


@pytest.fixture
def browser(manager: Membership) -> Client:
    client = Client()
    client.force_login(manager.user)
    return client


@pytest.fixture
def leads(world: World) -> list[Lead]:
    """Leads with offers, assignments, follow-ups, attempts, copies and captures of all kinds."""
    leads, chance = seed(world, 160), random.Random(3)
    people = list(Membership.objects.filter(team=world.team, role="salesperson"))
    for lead in leads:
        _offers(world, lead, people, chance)
        _work(world, lead, people, chance)
        CaptureFactory(
            team=world.team, source=lead.source, received_at=lead.received_at, lead=lead,
            outcome=chance.choice(["assigned", "duplicate"]), is_test=chance.random() < 0.1,
        )  # fmt: skip
    return leads


def _offers(world: World, lead: Lead, people: list[Membership], chance: random.Random) -> None:
    for number in range(chance.randint(0, 3)):
        state = chance.choice(["accepted", "declined", "expired", "withdrawn"])
        if number and state == "accepted":
            state = "expired"
        to, seen = chance.choice([None, *people]), chance.sample(people, chance.randint(1, 2))
        taker = (to or seen[0]) if state == "accepted" else None
        OfferFactory(
            team=world.team, lead=lead, decision=first(lead), member=to, state=state,
            candidates=[to.pk] if to else [each.pk for each in seen], taken_by=taker,
            generation=number, closed_at=NOW,
        )  # fmt: skip


def _work(world: World, lead: Lead, people: list[Membership], chance: random.Random) -> None:
    values = {"team": world.team, "lead": lead}
    for _n in range(chance.randint(0, 3)):
        AssignmentFactory(
            member=chance.choice(people), decision=first(lead), ended_at=NOW,
            end_reason=chance.choice(["timeout", "released"]), **values,
        )  # fmt: skip
    for _n in range(chance.choice([0, 3, 8, 12])):
        AttemptFactory(
            member=people[0], confirmed_at=NOW if chance.random() < 0.95 else None,
            outcome=chance.choice(["no_answer"] * 9 + ["misdial"]), **values,
        )  # fmt: skip
    for _n in range(chance.randint(0, 2)):
        due = NOW + chance.choice([-2, -1, 1]) * DAY
        end = due + chance.choice([-60, 60]) * MINUTE
        kind = chance.choice(["done_at", "cancelled_at"])
        FollowUpFactory(member=people[0], due_at=due, **{kind: end}, **values)
    if chance.random() < 0.3:
        DeliveryFactory(state=chance.choice(["dead", "sent"]), **values)


def question(world: World, key: str = "7") -> Question:
    period = Period.ending(NOW, key=key, timezone=world.team.timezone)
    return Question(period=period, clock=Clock.REAL, source_id=None, now=NOW)


def cohort(world: World, leads: list[Lead]) -> list[Lead]:
    start = question(world).period.start
    return [each for each in counted(leads) if each.received_at >= start]


def found(world: World, manager: Membership) -> Road:
    return road(question(world), access=world.access(manager))


def numbers(road: Road, key: str) -> tuple[int, int | None]:
    figure = road.figure(key)
    return figure.part, figure.of


def test_answers_to_offers(world: World, manager: Membership, leads: list[Lead]) -> None:
    ids = {each.pk for each in cohort(world, leads)}
    closed = [
        each for each in Offer.objects.all()
        if each.lead_id in ids and each.state in ("accepted", "declined", "expired")
    ]  # fmt: skip
    one = Counter(each.state for each in closed if each.member_id)
    many = [each for each in closed if not each.member_id]

    counts = found(world, manager)

    assert len(one) == 3
    assert many
    for state in ("accepted", "declined", "expired"):
        assert numbers(counts, state) == (one[state], one.total())
    assert numbers(counts, "claimed") == (
        sum(each.state == "accepted" for each in many), len(many)
    )  # fmt: skip
    seen, claimed = Counter[object](), Counter[object]()
    for offer in many:
        seen.update(offer.candidates)
        claimed.update([offer.taken_by_id] if offer.taken_by_id else [])
    assert {each.member_id: (each.seen, each.claimed) for each in counts.claims} == {
        member: (times, claimed[member]) for member, times in seen.items()
    }


def test_what_was_taken_back_and_how_often_it_changed_hands(
    world: World, manager: Membership, leads: list[Lead]
) -> None:
    of_lead = defaultdict(list)
    for each in Assignment.objects.all():
        of_lead[each.lead_id].append(each.end_reason)
    ends = [of_lead[each.pk] for each in cohort(world, leads) if of_lead[each.pk]]

    counts = found(world, manager)

    assert numbers(counts, "reroute") == (sum("timeout" in each for each in ends), len(ends))
    assert counts.hops == pytest.approx(sum(map(len, ends)) / len(ends))


def test_follow_ups_and_persistence(world: World, manager: Membership, leads: list[Lead]) -> None:
    shown = cohort(world, leads)
    ids = {each.pk for each in shown}
    due = [
        each for each in FollowUp.objects.all()
        if each.lead_id in ids and each.due_at <= NOW
        and not (each.cancelled_at and each.cancelled_at <= each.due_at)
    ]  # fmt: skip
    kept = [each for each in due if each.done_at and each.done_at <= each.due_at]
    never = {each.pk for each in shown if each.first_contact_at is None}
    tries = Counter(
        each.lead_id for each in Attempt.objects.all()
        if each.lead_id in never and each.confirmed_at and each.outcome != Outcome.MISDIAL
    )  # fmt: skip

    counts = found(world, manager)

    assert 0 < len(kept) < len(due)
    assert numbers(counts, "follow_up") == (len(kept), len(due))
    assert numbers(counts, "persistence") == (sum(n >= 6 for n in tries.values()), len(never))


def test_what_came_in_and_what_was_lost(
    world: World, manager: Membership, leads: list[Lead]
) -> None:
    shown = cohort(world, leads)
    start = question(world).period.start
    came = [each for each in Capture.objects.all() if start <= each.received_at <= NOW]
    came = [each for each in came if not each.is_test]
    again = sum(each.outcome == "duplicate" for each in came)
    rules = [first(each).rule for each in shown]
    caught = sum(rule is None or rule.conditions in ({}, {"all": []}) for rule in rules)
    lost = sum(each.status_kind == StatusKind.DISQUALIFIED for each in shown)
    ids = {each.pk for each in shown}
    dead = [each for each in Delivery.objects.filter(state="dead") if each.lead_id in ids]

    counts = found(world, manager)

    assert numbers(counts, "duplicates") == (again, len(came))
    assert numbers(counts, "disqualified") == (lost, len(shown))
    assert numbers(counts, "catch_all") == (caught, len(shown))
    assert numbers(counts, "failed") == (len(dead), None)
    assert dead
    assert 0 < caught < len(shown)


@pytest.mark.parametrize("key", ["reroute", "persistence", "disqualified", "catch_all"])
def test_a_figure_of_leads_leads_to_them(
    browser: Client, world: World, manager: Membership, leads: list[Lead], key: str
) -> None:
    text = unescape(browser.get(f"{PAGE}?period=7").content.decode())
    shown = text.partition(f'id="figure-{key}"')[2].partition("</div>")[0]
    address = re.search(r'href="([^"]+)"', shown)

    assert address
    rows = browser.get(address[1]).content.decode().count("data-row")
    assert rows == found(world, manager).figure(key).part > 0


def test_months_count_once_all_their_leads_are_old_enough(
    world: World, manager: Membership
) -> None:
    now = NOW.replace(year=2026, month=6, day=10, hour=12)
    for month, day, after in ((1, 5, 10), (1, 31, 45), (1, 20, None), (4, 30, 20), (5, 2, 3)):
        received = NOW.replace(year=2026, month=month, day=day, hour=12)
        won = after is not None
        kind = StatusKind.WON if won else StatusKind.LOST
        Lead.objects.create(
            team=world.team, source=world.source, received_at=received, status_kind=kind,
            status=world.statuses[kind],
            closed_at=received + timedelta(days=after or 1),
        )  # fmt: skip

    months = {
        month.first_day.month: (month.received, dict(month.won))
        for month in conversion(world.access(manager), now=now)
    }

    assert months == {
        1: (3, {30: 1, 60: 2, 90: 2}),
        4: (1, {30: 1, 60: None, 90: None}),
        5: (1, {30: None, 60: None, 90: None}),
    }


def test_skips_have_their_reasons(world: World, manager: Membership) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas", is_paused=True)
    world.rules(world.pool(mia, jonas))
    for _n in range(3):
        world.routed(now=NOW)
    skips = Counter(
        (candidate["member"], candidate["skip"])
        for decision in Decision.objects.all()
        for step in decision.trace["steps"]
        for candidate in step["candidates"] if candidate["skip"]
    )  # fmt: skip

    rows = {row.member.pk: row for row in fairness(question(world), access=world.access(manager))}

    assert skips == {(str(jonas.pk), "paused"): 3}
    assert list(rows[jonas.pk].skips) == [("paused", 3)]
    assert rows[jonas.pk].reasons.endswith("3")
    assert (rows[mia.pk].taken, rows[mia.pk].gap) == (3, pytest.approx(0))


@pytest.mark.parametrize("asked", ["", "?period=%00", "?period=quarter&clock=x&source=-1"])
def test_the_page_and_its_csv_stand_anything(
    browser: Client, leads: list[Lead], asked: str
) -> None:
    assert browser.get(PAGE + asked).status_code == 200
    assert browser.get(f"{PAGE}all.csv{asked}").status_code == 200


@pytest.mark.parametrize("road", ["x", "%00", "caught", "kept", "declined", "failed", "assigned"])
def test_the_list_of_leads_takes_every_road(browser: Client, leads: list[Lead], road: str) -> None:
    assert browser.get(f"/t/acme/leads/?road={road}").status_code == 200


def test_an_empty_team_has_a_page(browser: Client) -> None:
    assert "not yet" not in browser.get(PAGE).content.decode()
