"""The leads list: who sees which leads, and how to find one."""

import csv
from datetime import timedelta
from html import unescape
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.leads import paging, views
from apps.leads.cells import harmless
from apps.leads.models import Lead
from apps.teams.models import AuditEntry, Membership
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db
LIST = "/t/acme/leads/"


def signed_in(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


@pytest.fixture
def manager(world: World) -> Client:
    return signed_in(world.member("Henrike", role="manager"))


@pytest.fixture
def rosa(world: World) -> Lead:
    return world.lead(
        name="Rosa Steiner", company="Weingut Sattler", email="rosa@sattler.example",
        phone="+436641234567", phone_key="+436641234567", city="Graz",
    )  # fmt: skip


def shown(client: Client, query: str = "") -> list[str]:
    """The ids of the leads on the page, in order."""
    page = client.get(f"{LIST}?{query}").content.decode()
    return [part[:36] for part in page.split('<tr data-lead="')[1:]]


def ids(*leads: Lead) -> list[str]:
    return [str(lead.pk) for lead in leads]


def test_the_latest_comes_first(world: World, manager: Client) -> None:
    old = world.lead(received_at=NOW - timedelta(days=2))
    new = world.lead(received_at=NOW)

    assert shown(manager) == ids(new, old)


def test_a_salesperson_sees_her_own(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    hers = world.lead(owner=mia, stage="owned")
    world.lead(owner=jonas, stage="owned")
    world.lead()

    assert shown(signed_in(mia)) == ids(hers)


def test_with_the_switch_she_sees_unassigned_ones_masked(world: World, rosa: Lead) -> None:
    mia = world.member("Mia", switches=["see_unassigned"])

    page = signed_in(mia).get(LIST).content.decode()

    assert str(rosa.pk) in page
    assert "Steiner" not in page


@pytest.mark.parametrize(
    "words",
    ["steiner", "STEINER rosa", "sattler", "rosa@sattler", "0664 123 45 67", "+43 664 1234567",
     "1234567"],
)  # fmt: skip
def test_a_search_finds_by_name_company_email_and_phone(
    world: World, manager: Client, rosa: Lead, words: str
) -> None:
    world.lead(name="Karl Novak", phone="+436649999999", phone_key="+436649999999")

    assert shown(manager, f"q={words.replace('+', '%2B')}") == ids(rosa)


@pytest.mark.parametrize("words", ["%25", "_", "'", "%00", "\\", "nobody"])
def test_a_search_for_odd_things_finds_nothing(manager: Client, rosa: Lead, words: str) -> None:
    found = shown(manager, f"q={words}")

    assert found == (ids(rosa) if words == "%00" else [])


@pytest.mark.parametrize("words", ["steiner", "sattler", "rosa@sattler.example", "6641234567"])
def test_a_viewer_cannot_search_what_is_masked(world: World, rosa: Lead, words: str) -> None:
    viewer = signed_in(world.member("Vera", role="viewer"))

    page = viewer.get(LIST).content.decode()

    assert shown(viewer, f"q={words}") == []
    assert shown(viewer, "q=graz") == ids(rosa)
    for secret in ("Steiner", "Sattler", "rosa@", "6641234567"):
        assert secret not in page


@pytest.mark.parametrize("words", ["steiner", "sattler", "rosa@sattler.example", "6641234567"])
def test_a_lead_that_nobody_took_yet_is_not_found_by_what_is_masked(
    world: World, rosa: Lead, words: str
) -> None:
    mia = world.member("Mia", switches=["see_unassigned"])
    hers = world.lead(
        owner=mia, stage="owned", name="Anna Steiner", company="Sattler",
        email="rosa@sattler.example", phone_key="+436641234567",
    )  # fmt: skip
    client = signed_in(mia)

    assert shown(client, f"q={words}") == ids(hers)
    assert shown(client, "q=graz") == ids(rosa)


def test_filters_narrow_the_list(world: World, manager: Client) -> None:
    mia = world.member("Mia")
    received = NOW - timedelta(hours=3)
    quick = world.lead(
        received_at=received, first_attempt_at=received + timedelta(minutes=3), owner=mia,
        stage="owned", status_kind="won", first_contact_at=NOW,
    )  # fmt: skip
    slow = world.lead(
        received_at=received, first_attempt_at=received + timedelta(minutes=7), owner=mia,
        stage="owned", status_kind="working",
    )  # fmt: skip
    untouched = world.lead(received_at=received - timedelta(days=3))

    assert shown(manager, "band=0-5") == ids(quick)
    assert shown(manager, "band=5-15") == ids(slow)
    assert shown(manager, "band=never") == ids(untouched)
    assert shown(manager, "target=met") == ids(quick)
    assert set(shown(manager, "target=missed")) == set(ids(slow, untouched))
    assert shown(manager, "status=won") == ids(quick)
    assert set(shown(manager, "status=open")) == set(ids(slow, untouched))
    assert shown(manager, "untouched=1") == ids(untouched)
    assert shown(manager, "contacted=1") == ids(quick)
    assert shown(manager, "owner=none") == ids(untouched)
    assert set(shown(manager, f"owner={mia.pk}")) == set(ids(quick, slow))
    assert shown(manager, f"to={(NOW - timedelta(days=2)):%Y-%m-%d}") == ids(untouched)
    assert len(shown(manager, f"source={world.source.pk}")) == 3


@pytest.mark.parametrize(
    "query",
    ["owner=x", "source=x", "status=x", "band=x", "band=5", "from=x", "from=2026-02-30",
     "to=0001-01-01", "untouched=x", "after=x", "before=~", "after=2026-01-01~x", "clock=x"],
)  # fmt: skip
def test_what_cannot_be_read_is_left_out_and_said(manager: Client, rosa: Lead, query: str) -> None:
    response = manager.get(f"{LIST}?{query}")

    assert response.status_code == 200
    assert str(rosa.pk) in response.content.decode()
    if not query.startswith(("after", "before")):
        assert "This part of the address was left out." in response.content.decode()


def test_a_filter_that_a_link_brought_can_be_taken_away(manager: Client, rosa: Lead) -> None:
    page = unescape(manager.get(f"{LIST}?band=never&from=2026-01-01&q=rosa").content.decode())

    assert 'href="?from=2026-01-01&q=rosa"' in page
    assert '<input type="hidden" name="band" value="never">' in page


def test_pages_meet_without_a_gap_or_a_repetition(
    world: World, manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE", 3)
    leads = [world.lead(received_at=NOW - timedelta(minutes=n // 4)) for n in range(10)]
    rows = Lead.objects.filter(team=world.team)

    page, seen = paging.turn_to(rows), []
    while True:
        seen += [lead.pk for lead in page.rows]
        if not page.older:
            break
        page = paging.turn_to(rows, after=page.older)
    back = paging.turn_to(rows, before=page.newer)

    assert len(seen) == len(set(seen)) == len(leads)
    assert [lead.pk for lead in back.rows] == seen[-4:-1]


def test_many_leads_are_not_counted_to_the_end(
    world: World, manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE", 2)
    monkeypatch.setattr(views, "COUNTED", 3)
    for _number in range(5):
        world.lead()

    assert "3+ leads" in manager.get(LIST).content.decode()


def test_it_takes_few_statements_however_many_leads(world: World, manager: Client) -> None:
    mia = world.member("Mia")
    for number in range(paging.PAGE + 5):
        world.lead(owner=mia if number % 2 else None, stage="owned" if number % 2 else "new")
    manager.get(LIST)

    with CaptureQueriesContext(connection) as queries:
        manager.get(LIST)

    assert 4 < len(queries) <= 12, "\n".join(query["sql"][:120] for query in queries)


def exported(client: Client, query: str = "") -> list[dict[str, str]]:
    response: Any = client.get(f"/t/acme/leads.csv?{query}")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text)))


def test_an_export_holds_what_was_filtered_and_is_written_down(world: World, rosa: Lead) -> None:
    world.lead(name="Karl Novak")
    admin = world.member("Ada", role="admin")

    (row,) = exported(signed_in(admin), "q=steiner&status=open")

    assert row["name"] == "Rosa Steiner"
    assert row["phone"] == "+436641234567"
    entry = AuditEntry.objects.get(action="leads.exported")
    assert entry.actor == admin.user
    assert entry.detail == {"filters": ["status"]}  # the words of a search may name a person


def test_nothing_in_an_export_runs_as_a_formula(world: World) -> None:
    world.lead(name='=HYPERLINK("http://x")', company="@SUM(A1)", city="-2+3")

    (row,) = exported(signed_in(world.member("Ada", role="admin")))

    assert row["name"].startswith("'=")
    assert row["company"].startswith("'@")
    assert row["city"].startswith("'-")


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("+43 664 123-45/67", "+43 664 123-45/67"),
        ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
        ("\t=1", "'\t=1"), (" =1", "' =1"), ("a=1", "a=1"), ("", ""),
    ],
)  # fmt: skip
def test_a_cell_is_made_harmless_and_a_phone_stays_readable(cell: str, safe: str) -> None:
    assert harmless(cell) == safe


def test_an_export_is_for_who_may(world: World, manager: Client) -> None:
    with_switch = signed_in(world.member("Mia", switches=["export"]))

    assert manager.get("/t/acme/leads.csv").status_code == 403
    assert with_switch.get("/t/acme/leads.csv").status_code == 200


def test_an_empty_list_says_what_it_is_for(manager: Client) -> None:
    assert "No leads yet" in manager.get(LIST).content.decode()
    assert "No lead fits" in manager.get(f"{LIST}?q=nobody").content.decode()


def test_the_best_come_first_and_unscored_leads_stay_away(world: World, manager: Client) -> None:
    world.lead()
    low = world.lead(score=-5, band="D")
    best = world.lead(score=80, band="A", received_at=NOW - timedelta(days=9))
    later = world.lead(score=80, band="A", received_at=NOW)

    assert shown(manager, "sort=score") == ids(later, best, low)
    assert shown(manager, "score_band=A") == ids(later, best)
    assert shown(manager, "score_band=D&sort=score") == ids(low)


def test_pages_of_the_best_meet_without_a_gap_or_a_repetition(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE", 3)
    for n in range(10):
        world.lead(score=n // 3, received_at=NOW - timedelta(minutes=n // 2))
    rows = Lead.objects.filter(team=world.team)

    page, seen = paging.turn_to(rows, by_score=True), []
    while True:
        seen += [(lead.score, lead.received_at, lead.pk) for lead in page.rows]
        if not page.older:
            break
        page = paging.turn_to(rows, after=page.older, by_score=True)
    back = paging.turn_to(rows, before=page.newer, by_score=True)

    assert len(set(seen)) == 10
    assert seen == sorted(seen, reverse=True)
    assert [lead.pk for lead in back.rows] == [pk for _score, _at, pk in seen[-4:-1]]


@pytest.mark.parametrize(
    "query",
    [
        "score_band=Z", "sort=name", "sort=score&after=x", "sort=score&after=2026-01-01~x~1",
        "sort=score&before=2026-01-01T00:00:00%2B00:00~00000000-0000-0000-0000-000000000000~99999",
        "sort=score&after=2026-01-01T00:00:00%2B00:00~00000000-0000-0000-0000-000000000000~x",
    ],
)  # fmt: skip
def test_an_order_that_is_none_shows_the_list(manager: Client, rosa: Lead, query: str) -> None:
    assert manager.get(f"{LIST}?{query}").status_code == 200
