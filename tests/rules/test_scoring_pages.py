"""The scoring page, as a browser without scripts sees it, and forms that no page of ours made."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.rules.models import ScoreLine
from apps.rules.scoring import lines
from apps.rules.scoring.lines import LineFields
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Role
from tests.rules import makers
from tests.rules.makers import NOW, leaf

pytestmark = pytest.mark.django_db

PAGE = "/t/acme/scoring/"


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def manager(team: Team) -> Access:
    return makers.manager_of(team)


@pytest.fixture
def desk(manager: Access) -> Client:
    return signed_in(manager)


def signed_in(access: Access) -> Client:
    client = Client()
    assert access.user is not None
    client.force_login(access.user)
    return client


def line(by: Access, name: str, points: int, conditions: Any = None, **more: Any) -> ScoreLine:
    fields = LineFields(name, points, conditions or {}, **more)
    return lines.add_line(by.team, fields, by=by, now=NOW)


def a_form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Decides", "joiner": "all", "row": ["0"], "field-0": "decision_maker",
        "op-0": "is", "value-0": "yes", "points": "20", "half_life": "", "do": "save",
    } | changes  # fmt: skip


def test_an_empty_table_teaches_and_can_be_started(desk: Client, team: Team) -> None:
    empty = desk.get(PAGE).content.decode()

    started = desk.post(f"{PAGE}start/", follow=True).content.decode()

    assert "Start with the usual lines" in empty
    assert "Budget of 10,000 or more" in started
    assert ScoreLine.objects.filter(team=team).count() == 7


def test_lines_are_sentences_with_points_and_what_they_catch(
    desk: Client, team: Team, manager: Access
) -> None:
    source = makers.make_source(team)
    for country in ("AT", "AT", "FR"):
        makers.make_lead(team, source, country=country)
    line(manager, "Austria", 30, {"all": [leaf("country", "is", "AT")]}, half_life_days=14)

    page = " ".join(desk.get(PAGE).content.decode().split())

    assert "+30" in page
    assert "halved every 14 days" in page
    assert "2 of the last 3 leads meet it" in page


def test_a_line_is_added_by_its_form(desk: Client, team: Team) -> None:
    answer = desk.post(f"{PAGE}new/", a_form(half_life="30"))

    made = ScoreLine.objects.get(team=team)
    assert answer.status_code == 302
    assert (made.name, made.points, made.half_life_days) == ("Decides", 20, 30)
    assert made.conditions == {"all": [leaf("decision_maker", "is", True)]}


def test_a_line_is_changed_by_its_form(desk: Client, manager: Access) -> None:
    old = line(manager, "Old", 5)

    opened = desk.get(f"{PAGE}?line={old.pk}").content.decode()
    desk.post(f"{PAGE}{old.pk}/", a_form(points="−15"))

    assert 'value="Old"' in opened
    old.refresh_from_db()
    assert old.points == -15


def test_what_is_wrong_is_said_beside_it_and_what_was_typed_stays(desk: Client) -> None:
    answer = desk.post(f"{PAGE}new/", a_form(name="", points="many", half_life="soon"))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Give the line a name." in page
    assert "Give a whole number from 1 to 500" in page
    assert "Give whole days from 1 to 3,650" in page
    assert 'value="many"' in page
    assert not ScoreLine.objects.exists()


def test_lines_are_moved_switched_and_removed(desk: Client, team: Team, manager: Access) -> None:
    first, second = line(manager, "First", 5), line(manager, "Second", 6)

    desk.post(f"{PAGE}{second.pk}/move/", {"step": "up"})
    desk.post(f"{PAGE}{first.pk}/switch/", {"on": "0"})
    order = [each.name for each in lines.lines_of(team)]
    desk.post(f"{PAGE}{second.pk}/remove/")

    assert order == ["Second", "First"]
    left = ScoreLine.objects.get(team=team)
    assert (left.name, left.is_active) == ("First", False)


def test_bands_are_set_and_refused_with_what_was_typed(desk: Client, team: Team) -> None:
    wrong = desk.post(f"{PAGE}bands/", {"band_A": "50", "band_B": "60", "band_C": "1"})
    desk.post(f"{PAGE}bands/", {"band_A": "50", "band_B": "30", "band_C": "-5"})

    assert wrong.status_code == 422
    assert "B must begin below A." in wrong.content.decode()
    team.refresh_from_db()
    assert team.bands == {"A": 50, "B": 30, "C": -5}


def test_one_lead_is_explained_line_by_line(desk: Client, team: Team, manager: Access) -> None:
    source = makers.make_source(team)
    wanted = makers.make_lead(team, source, name="Rosa Steiner", country="AT", minutes_ago=60)
    makers.make_lead(team, source, country="FR")
    line(manager, "Austria", 30, {"all": [leaf("country", "is", "AT")]})

    page = desk.get(f"{PAGE}?lead={wanted.pk}").content.decode()

    explained = page[page.index('id="explained"') :]
    assert "Austria" in explained
    assert f'<option value="{wanted.pk}" selected>' in explained


def test_the_probe_counts_what_the_form_would_catch(desk: Client, team: Team) -> None:
    source = makers.make_source(team)
    makers.make_lead(team, source, facts={"decision_maker": True})
    makers.make_lead(team, source)

    page = " ".join(desk.post(f"{PAGE}probe/", a_form(points="80")).content.decode().split())

    assert "<b>1</b> of the last 2 leads meet this line" in page
    assert not ScoreLine.objects.exists()


def test_a_page_with_many_leads_asks_few_questions(
    desk: Client, team: Team, manager: Access
) -> None:
    source = makers.make_source(team)
    for _ in range(5):
        makers.make_lead(team, source)
    for number in range(5):
        line(manager, f"Line {number}", 5)
    desk.get(PAGE)

    with CaptureQueriesContext(connection) as queries:
        desk.get(PAGE)

    assert len(queries) <= 14, "\n".join(query["sql"] for query in queries)


def test_progress_is_shown_while_leads_are_counted(
    desk: Client, team: Team, manager: Access
) -> None:
    makers.make_lead(team, makers.make_source(team))
    desk.post(f"{PAGE}new/", a_form())

    page = desk.get(f"{PAGE}progress/").content.decode()

    assert "Counting open leads by the new table" in page
    assert "0 of 1" in page


def test_a_salesperson_does_not_see_the_table(team: Team) -> None:
    member = makers.make_member(team, "Mia", Role.SALESPERSON)

    assert signed_in(Access.of(member)).get(PAGE).status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        {"points": "9" * 5_000},
        {"points": "²"},
        {"points": "1e9"},
        {"half_life": "-1"},
        {"half_life": "99999"},
        {"name": "x" * 500},
        {"field-0": "score", "op-0": "gte", "value-0": "5"},
        {"field-0": "gone"},
        {"row": [str(number) for number in range(900)]},
        {"kind-0": "kept", "kept-0": "[" * 60_000},
        {"row": [], "points": ""},
    ],
    ids=lambda change: str(change)[:40],
)
def test_a_form_that_no_page_of_ours_made_is_refused(desk: Client, change: dict[str, Any]) -> None:
    answers = [
        desk.post(f"{PAGE}{name}/", a_form(**change)).status_code for name in ("new", "probe")
    ]

    assert answers == [422, 200]
    assert not ScoreLine.objects.exists()


def test_a_nul_in_a_name_is_left_out(desk: Client) -> None:
    desk.post(f"{PAGE}new/", a_form(name="De\x00cides"))

    assert ScoreLine.objects.get().name == "Decides"


@pytest.mark.parametrize("to", ["9" * 5_000, "-3", "x", ""])
def test_a_place_that_is_none_moves_nothing_far(desk: Client, manager: Access, to: str) -> None:
    only = line(manager, "Only", 5)

    assert desk.post(f"{PAGE}{only.pk}/move/", {"to": to}).status_code == 302


@pytest.mark.parametrize("deed", ["", "move/", "switch/", "remove/"])
def test_another_team_s_line_does_not_exist(desk: Client, deed: str) -> None:
    theirs = line(makers.manager_of(makers.make_team("other")), "Theirs", 5)

    answer = desk.post(f"{PAGE}{theirs.pk}/{deed}", a_form())

    assert answer.status_code == 404
    theirs.refresh_from_db()
    assert theirs.name == "Theirs"


@pytest.mark.parametrize("key", ["x", "\x00", "0" * 400])
def test_an_address_that_names_no_line_shows_the_table(desk: Client, key: str) -> None:
    assert desk.get(PAGE, {"line": key, "lead": key}).status_code == 200
