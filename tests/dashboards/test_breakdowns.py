"""Breakdowns: each figure of each part equals a recount, and leads to its leads."""

import re
from collections import defaultdict
from html import unescape

import pytest
from django.test import Client

from apps.dashboards.figures.breakdowns import DIMENSIONS, breakdown
from apps.dashboards.figures.metrics import Group
from apps.dashboards.figures.periods import Period
from apps.dashboards.figures.questions import Question
from apps.leads.models import Lead, StatusKind
from apps.leads.speed import Clock
from apps.teams.models import Membership
from tests.assignments.world import NOW, World
from tests.dashboards.recounting import KEYS, TARGET, counted, nearest_rank, seed, wait
from tests.factories import CustomFieldFactory

pytestmark = pytest.mark.django_db


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
    return seed(world)


def page(browser: Client, address: str) -> str:
    response = browser.get(address)
    assert response.status_code == 200, address
    return unescape(response.content.decode())


def question(world: World, key: str = "7") -> Question:
    period = Period.ending(NOW, key=key, timezone=world.team.timezone)
    return Question(period=period, clock=Clock.REAL, source_id=None, now=NOW)


def recount(leads: list[Lead]) -> dict[str, object]:
    attempted = [each for each in leads if each.first_attempt_at]
    overdue = [
        each for each in leads
        if each.first_attempt_at or (NOW - each.received_at).total_seconds() >= TARGET
    ]  # fmt: skip
    won = [each for each in leads if each.status_kind == StatusKind.WON]
    reached = (StatusKind.WON, StatusKind.QUALIFIED)
    return {
        "received": len(leads),
        "attempted": len(attempted),
        "within": sum(wait(each) <= TARGET for each in leads),
        "judged": len(overdue),
        "contacted": sum(each.first_contact_at is not None for each in leads),
        "ever_qualified": sum(
            each.qualified_at is not None or each.status_kind in reached for each in leads
        ),
        "won": len(won),
        **{name: nearest_rank(leads, rank)
           for name, rank in (("median", 50), ("p90", 90), ("p95", 95))},
    }  # fmt: skip


def value(leads: list[Lead], currency: str) -> tuple[int, int]:
    """What the won ones are worth in all, and how many say it."""
    won = [each for each in leads if each.status_kind == StatusKind.WON]
    worth = [each.facts["budget"] for each in won if each.facts.get("budget_currency") == currency]
    return sum(worth), len(worth)


def figures(found: Group) -> dict[str, object]:
    names = ("received", "attempted", "within", "judged", "contacted", "ever_qualified", "won")
    plain = {name: getattr(found, name) for name in names}
    return {**plain, **{name: getattr(found, name).seconds for name in ("median", "p90", "p95")}}


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_every_part_equals_a_recount_of_both_periods(
    world: World, manager: Membership, leads: list[Lead], dimension: str
) -> None:
    asked = question(world)
    found = breakdown(DIMENSIONS[dimension], asked, access=world.access(manager))
    now, before = defaultdict(list), defaultdict(list)
    untouched: defaultdict[str, int] = defaultdict(int)
    for lead in counted(leads):
        for key in KEYS[dimension](lead):
            if lead.received_at >= asked.period.start:
                now[key].append(lead)
            elif asked.period.previous_start <= lead.received_at < asked.period.previous_end:
                before[key].append(lead)
            untouched[key] += lead.is_open and lead.first_attempt_at is None

    parts = {part.key: part for part in found.parts}

    assert parts.keys() == {key for key in {*now, *untouched} if now[key] or untouched[key]}
    assert len(parts) > 1
    for key, part in parts.items():
        assert figures(part.now) == pytest.approx(recount(now[key])), key
        assert figures(part.before) == pytest.approx(recount(before[key]))
        assert (part.value, part.valued) == value(now[key], world.team.currency)
        assert part.untouched.leads == untouched[key]


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_every_number_leads_to_as_many_leads(
    browser: Client, leads: list[Lead], dimension: str
) -> None:
    text = page(browser, f"/t/acme/dashboard/by/{dimension}/?period=7")

    plain = r'class="figure-link" href="([^"]+)">(?:<b>)?(\d+)(?:</b>)?</a>'
    links = re.findall(plain, text)

    assert len(links) > 4
    for address, number in links:
        assert page(browser, address).count("data-row") == int(number), address


def test_a_rate_leads_to_the_leads_above_the_line(
    browser: Client, world: World, manager: Membership, leads: list[Lead]
) -> None:
    parts = breakdown(DIMENSIONS["form"], question(world), access=world.access(manager)).parts
    text = page(browser, "/t/acme/dashboard/by/form/?period=7&sort=name")

    for name, asked in (("contacted", "contacted=1"), ("ever_qualified", "qualified=1"),
                        ("won", "status=won"), ("within", "target=met")):  # fmt: skip
        for part in parts:
            found = [
                address for address in re.findall(r'href="([^"]+)"', text)
                if asked in address and f"&{part.link}&" in address
            ]  # fmt: skip
            number = getattr(part.now, name)
            assert len(found) == bool(number)
            if found:
                assert page(browser, found[0]).count("data-row") == number


def test_the_table_is_put_in_any_order(browser: Client, leads: list[Lead]) -> None:
    for sort in ("received", "-received", "p95", "-won", "name", "-name", "value"):
        text = page(browser, f"/t/acme/dashboard/by/campaign/?sort={sort}")
        way = "descending" if sort.startswith("-") else "ascending"
        assert text.count("aria-sort=") == text.count(f'aria-sort="{way}"') == 1


def test_a_field_of_money_says_what_a_lead_is_worth(
    world: World, manager: Membership, leads: list[Lead]
) -> None:
    CustomFieldFactory(team=world.team, key="deal", label="Deal", type="money")
    won = Lead.objects.create(
        team=world.team, source=world.source, received_at=NOW,
        status=world.statuses[StatusKind.WON], status_kind=StatusKind.WON,
        campaign="Only", custom={"deal": 12345},
    )  # fmt: skip

    found = breakdown(DIMENSIONS["campaign"], question(world), access=world.access(manager))
    part = next(part for part in found.parts if part.key == won.campaign)

    assert (found.worth.label, part.value, part.valued) == ("Deal", 12345, 1)


@pytest.mark.parametrize(
    "asked",
    ["sort=%00", "sort=-", "sort=__class__", "period=1e9", "clock=%F0%9F%92%A5", "source=x",
     "source=%00", "sort=" + "a" * 5000],
    ids=lambda asked: asked[:20],
)  # fmt: skip
def test_what_it_does_not_know_becomes_the_default(
    browser: Client, leads: list[Lead], asked: str
) -> None:
    for ending in ("/", ".csv"):
        assert browser.get(f"/t/acme/dashboard/by/pool{ending}?{asked}").status_code == 200


@pytest.mark.parametrize(
    "asked",
    ["pool=x", "rule=%00", "campaign=%00", "form=" + "z" * 9000, "without=nothing",
     "attempted=maybe", "qualified=-1", "pool=00000000-0000-0000-0000-000000000000"],
    ids=lambda asked: asked[:20],
)  # fmt: skip
def test_the_list_of_leads_stands_any_filter(
    browser: Client, leads: list[Lead], asked: str
) -> None:
    assert browser.get(f"/t/acme/leads/?{asked}").status_code == 200


def test_an_unknown_way_is_not_there(browser: Client, world: World) -> None:
    assert browser.get("/t/acme/dashboard/by/password/").status_code == 404
    assert browser.get("/t/acme/dashboard/by/password.csv").status_code == 404


def test_a_salesperson_sees_no_breakdown(world: World) -> None:
    client = Client()
    client.force_login(world.member("Sam").user)

    assert client.get("/t/acme/dashboard/by/source/").status_code == 403


def test_the_csv_has_every_part(
    browser: Client, world: World, manager: Membership, leads: list[Lead]
) -> None:
    found = breakdown(DIMENSIONS["campaign"], question(world), access=world.access(manager))
    text = browser.get("/t/acme/dashboard/by/campaign.csv?period=7").content.decode()

    assert len(text.splitlines()) == 1 + len(found.parts)
