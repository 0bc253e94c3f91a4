"""What leads cost: entered by hand, by file and by programs, and what follows of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.dashboards.costs.spending import spending
from apps.dashboards.models import Cost
from apps.leads.models import Lead
from apps.teams.access import Access
from tests import factories
from tests.api.caller import Caller, body
from tests.assignments.world import World

FEBRUARY = {"first_day": date(2026, 2, 1), "last_day": date(2026, 2, 28)}
SOME_DAY = datetime(2026, 2, 10, 12, tzinfo=UTC)


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def manager(world: World) -> Access:
    return Access.of(world.member("Henrike", role="manager"))


def page(world: World) -> str:
    return f"/t/{world.team.slug}/costs/"


def signed_in(access: Access) -> Client:
    client = Client()
    assert access.user is not None
    client.force_login(access.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def lead(world: World, *, at: datetime = SOME_DAY, **columns: Any) -> Lead:
    made = world.lead(received_at=at)
    Lead.objects.filter(pk=made.pk).update(**columns)
    return made


def test_a_cost_is_divided_by_the_leads_of_its_source_and_campaign(
    world: World, manager: Access
) -> None:
    for number in range(4):
        contacted = SOME_DAY if number < 2 else None
        kind = "won" if number == 0 else "new"
        lead(world, campaign="Spring", first_contact_at=contacted, status_kind=kind)
    factories.CostFactory(
        team=world.team, source=world.source, campaign="Spring", amount_minor=10_000
    )

    found = spending(manager, **FEBRUARY)

    for line in (found.total, found.sources[0], found.campaigns[0]):
        assert (line.spent_minor, line.counted.received) == (10_000, 4)
        assert (line.per_lead, line.per_contacted, line.per_won) == (2_500, 5_000, 10_000)


def test_a_cost_counts_evenly_for_the_days_that_are_asked_for(
    world: World, manager: Access
) -> None:
    factories.CostFactory(
        team=world.team, campaign="Spring", amount_minor=5_900,
        starts_on=date(2026, 1, 1), ends_on=date(2026, 2, 28),
    )  # fmt: skip

    parts = [
        spending(manager, first_day=date(2026, month, 1), last_day=last).total.spent_minor
        for month, last in ((1, date(2026, 1, 31)), (2, date(2026, 2, 28)))
    ]

    assert parts == [3_100, 2_800]


def test_leads_count_by_the_days_of_the_team_and_its_cohort(world: World, manager: Access) -> None:
    type(world.team).objects.filter(pk=world.team.pk).update(timezone="Asia/Kathmandu")
    manager.team.refresh_from_db()
    start = datetime(2026, 1, 31, 18, 15, tzinfo=UTC)  # midnight there
    lead(world, at=start)
    lead(world, at=start - timedelta(seconds=1))
    lead(world, is_spam=True)
    lead(world, is_test=True)

    assert spending(manager, **FEBRUARY).total.counted.received == 1


def test_nothing_spent_says_nothing_about_a_price(world: World, manager: Access) -> None:
    lead(world)

    found = spending(manager, **FEBRUARY)

    assert (found.total.per_lead, found.total.spent_minor) == (None, 0)


def test_a_manager_enters_a_cost_and_corrects_it(world: World, manager: Access) -> None:
    client = signed_in(manager)
    form = {
        "source": str(world.source.pk), "starts_on": "2026-02-01", "ends_on": "2026-02-28",
        "amount": "1.250,50", "note": "Ads",
    }  # fmt: skip

    client.post(f"{page(world)}add/", form)
    answer = client.post(f"{page(world)}add/", {**form, "amount": "€ 900"}, follow=True)

    (cost,) = Cost.objects.all()
    assert (cost.amount_minor, cost.currency, cost.source_id) == (90_000, "EUR", world.source.pk)
    assert "was replaced" in answer.content.decode()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"amount": "much"}, "is no amount"),
        ({"amount": "12 USD"}, "Give amounts in EUR"),
        ({"amount": "-5"}, "above zero"),
        ({"amount": "9" * 40}, "amount"),
        ({"ends_on": "2026-01-01"}, "before the first"),
        ({"ends_on": "2030-01-01"}, "at most a year"),
        ({"source": "", "campaign": ""}, "Choose a source, or name a campaign"),
        ({"source": "x"}, "Select a valid choice"),
        ({"starts_on": "soon"}, "valid date"),
        ({"campaign": "a\x00b"}, "Null characters"),
    ],
    ids=lambda part: str(part)[:30] if isinstance(part, str) else "-".join(part),
)
def test_what_cannot_be_kept_is_named(
    world: World, manager: Access, changed: dict[str, str], words: str
) -> None:
    form = {
        "source": str(world.source.pk), "campaign": "", "starts_on": "2026-02-01",
        "ends_on": "2026-02-28", "amount": "100",
    }  # fmt: skip

    answer = signed_in(manager).post(f"{page(world)}add/", form | changed)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Cost.objects.exists()


def test_a_source_of_another_team_is_no_choice(world: World, manager: Access) -> None:
    foreign = factories.SourceFactory()
    form = {"source": str(foreign.pk), "starts_on": "2026-02-01", "ends_on": "2026-02-28",
            "amount": "100"}  # fmt: skip

    assert signed_in(manager).post(f"{page(world)}add/", form).status_code == 422
    assert not Cost.objects.exists()


FILE = (
    "Campaign name;Reporting starts;Reporting ends;Amount spent (EUR);Source\r\n"
    "Spring;2026-02-01;2026-02-28;1.250,50;\r\n"
    "Summer;01/03/2026;;75;Website\r\n"
    "=cmd();2026-02-01;2026-02-02;5;\r\n"
    "Autumn;never;;75;\r\n"
    "Winter;2026-02-01;;lots;\r\n"
    "Other;2026-02-01;;5;Nowhere\r\n"
)


def test_a_file_keeps_what_can_be_kept_and_names_the_rest(world: World, manager: Access) -> None:
    sent = SimpleUploadedFile("costs.csv", FILE.encode("cp1252"))

    answer = signed_in(manager).post(f"{page(world)}file/", {"file": sent})

    kept = {each.campaign: each for each in Cost.objects.all()}
    assert set(kept) == {"Spring", "Summer", "=cmd()"}
    assert kept["Spring"].amount_minor == 125_050
    assert kept["Summer"].source_id == world.source.pk
    text = answer.content.decode()
    assert "Row 5: “never” is no date." in text
    assert "Row 6: “lots” is no amount." in text
    assert "Row 7: There is no source “Nowhere”." in text


def test_the_same_file_again_adds_nothing(world: World, manager: Access) -> None:
    client = signed_in(manager)
    for _ in range(2):
        client.post(f"{page(world)}file/", {"file": SimpleUploadedFile("c.csv", FILE.encode())})

    assert Cost.objects.count() == 3


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\xff" * 50, b"a,b\n1,2\n", b"campaign,from,amount\n" + b"x" * 1024 * 1024],
)
def test_a_file_that_cannot_be_used_says_so(world: World, manager: Access, content: bytes) -> None:
    sent = SimpleUploadedFile("costs.csv", content)

    answer = signed_in(manager).post(f"{page(world)}file/", {"file": sent})

    assert answer.status_code == 422
    assert not Cost.objects.exists()


def test_costs_are_removed_and_salespeople_see_none(world: World, manager: Access) -> None:
    cost = factories.CostFactory(team=world.team)
    seller = Access.of(world.member("Mia"))

    assert signed_in(seller).get(page(world)).status_code == 403
    assert signed_in(manager).get(page(world)).status_code == 200
    signed_in(manager).post(f"{page(world)}{cost.pk}/remove/")

    assert not Cost.objects.exists()


def test_programs_enter_costs_too(world: World, manager: Access) -> None:
    assert manager.membership is not None
    caller = Caller(manager.membership)
    spent = {"campaign": "Spring", "starts_on": "2026-02-01", "ends_on": "2026-02-28",
             "amount_minor": 5_000}  # fmt: skip

    first, again = caller.post("/costs/", spent), caller.post("/costs/", spent)

    assert (first.status_code, again.status_code) == (201, 200)
    (one,) = body(caller.get("/costs/"))["results"]
    assert (one["campaign"], one["amount_minor"]) == ("Spring", 5_000)
    assert caller.post("/costs/", {**spent, "ends_on": "2020-01-01"}).status_code == 400
    foreign = factories.SourceFactory()
    assert caller.post("/costs/", {**spent, "source": foreign.pk}).status_code == 422
    assert caller.delete(f"/costs/{one['id']}/").status_code == 204
