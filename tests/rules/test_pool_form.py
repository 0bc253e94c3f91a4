"""The form of a pool: every setting is kept, said in words, and refused beside its field."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from apps.rules.models import RANKINGS_OF_MODE, Mode, Pool, PoolRevision
from apps.rules.pools.settings import PoolSettings
from apps.teams.access import Access
from apps.teams.models import Membership, Skill, Team
from tests.rules import makers
from tests.rules.makers import make_pool
from tests.rules.pool_pages import FORM, page_errors, posted

pytestmark = pytest.mark.django_db


BY_SIZE = {"filters-experience-0-field": "employees"}
BY_PRODUCT = {"fit-skill-0-what": "field:product"}


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def manager(team: Team) -> Access:
    return makers.manager_of(team)


@pytest.fixture
def pool(manager: Access) -> Pool:
    return make_pool(manager)


@pytest.fixture
def desk(manager: Access) -> Client:
    client = Client()
    assert manager.user is not None
    client.force_login(manager.user)
    return client


@pytest.fixture
def address(team: Team, pool: Pool) -> str:
    return f"/t/{team.slug}/pools/{pool.pk}/edit/"


def saved(pool: Pool) -> PoolSettings:
    return PoolSettings.of(Pool.objects.get(pk=pool.pk))


def test_a_form_sent_as_it_is_shown_changes_nothing(
    desk: Client, manager: Access, team: Team
) -> None:
    Skill.objects.create(team=team, name="Solar")
    member = makers.make_member(team, "Mia Brandt")
    pool = make_pool(
        manager, mode=Mode.OFFER, prefer=("fit",), sticky=("named",), load_kinds=("new",),
        filters={"match": "any", "items": [{"kind": "language"}, {
            "kind": "experience", "field": "employees",
            "steps": [[1, 1], [5, 2], [10, 3], [500, 4], [5000, 8]],
        }]},
        fit=(
            {"kind": "territory", "weight": 2},
            {"kind": "skill", "skill": "Solar", "level": 3, "weight": 1},
            {"kind": "similar", "field": "industry", "weight": 5},
        ),
        performance={"measure": "response", "days": 30, "most_percent": 10, "share": 0},
        cap_window="rolling", absent="catch_up", catch_up_turns=5, give_back="never",
        on_expiry="stay", takes_back_on_leave=True, escalate_to=(member.pk,), hopper_hours=48,
        head_start_seconds=20, claims_per_day=4, max_unworked=2, response_seconds=0,
    )  # fmt: skip
    page = desk.get(f"/t/{team.slug}/pools/{pool.pk}/")

    answer = desk.post(f"/t/{team.slug}/pools/{pool.pk}/edit/", posted(page))

    assert answer.status_code == 302, page_errors(answer)
    assert saved(pool) == PoolSettings.of(pool)
    assert PoolRevision.objects.filter(pool=pool).count() == 1


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ({"handover": "fixed:offer"}, "ranking", "fixed"),
        ({"prefer": "load"}, "prefer", ("load",)),
        ({"cap_window": "rolling"}, "cap_window", "rolling"),
        ({"load_kinds": ["new", "working"]}, "load_kinds", ("new", "working")),
        ({"absent": "catch_up", "catch_up_turns": "7"}, "catch_up_turns", 7),
        ({"give_back": "never"}, "give_back", "never"),
        ({"sticky": ["contact", "named"]}, "sticky", ("contact", "named")),
        ({"on_expiry": "stay"}, "on_expiry", "stay"),
        ({"takes_back_on_leave": "on"}, "takes_back_on_leave", True),
        ({"hopper_hours": "48"}, "hopper_hours", 48),
        ({"head_start_seconds_0": "1", "head_start_seconds_1": "60"}, "head_start_seconds", 60),
        (
            {"filters-territory": "on"},
            "filters",
            {"match": "all", "items": [{"kind": "territory"}]},
        ),
        (
            {"fit-language": "3", "fit-similar-0-field": "industry", "handover": "fit:offer"},
            "fit",
            (
                {"kind": "language", "weight": 3},
                {"kind": "similar", "field": "industry", "weight": 1},
            ),
        ),
        (
            {"filters-skill-0-what": "field:product", "filters-skill-0-level": "4"},
            "filters",
            {"match": "all", "items": [{"kind": "skill", "field": "product", "level": 4}]},
        ),
        (
            {"handover": "performance:assign", "share": "50"},
            "performance",
            {"measure": "win_rate", "days": 90, "most_percent": 25, "share": 50},
        ),
    ],
)  # fmt: skip
def test_each_setting_is_kept(
    desk: Client, address: str, pool: Pool, change: dict[str, Any], name: str, value: Any
) -> None:
    answer = desk.post(address, FORM | change)

    assert answer.status_code == 302, page_errors(answer)
    assert asdict(saved(pool))[name] == value


def test_who_is_told_is_kept(desk: Client, address: str, pool: Pool, team: Team) -> None:
    member = makers.make_member(team, "Mia Brandt")

    desk.post(address, FORM | {"escalate_to": [str(member.pk)]})

    assert saved(pool).escalate_to == (member.pk,)
    assert "Mia Brandt" in desk.get(address.removesuffix("edit/")).context["words"]["told"]


@pytest.mark.parametrize(
    ("change", "where", "says"),
    [
        ({"handover": "fit:assign"}, "match", "Say what makes a good match"),
        ({"prefer": "fit"}, "match", "Say what makes a good match"),
        ({"handover": "load:assign", "prefer": "load"}, "match", "ranks by this already"),
        ({"filters-skill-0-what": "skill:Gone"}, "who", "Select a valid choice"),
        (BY_SIZE, "who", "Expected steps such as"),
        (BY_SIZE | {"filters-experience-0-from_0": "many"}, "who", "Enter a number"),
        (BY_PRODUCT | {"fit-skill-0-weight": "0"}, "match", "greater than or equal to 1"),
        ({"days": "5000"}, "performance", "less than or equal to 365"),
        (
            {"handover": "none:claim", "head_start_seconds_0": "5", "head_start_seconds_1": "3600"},
            "time",
            "must end before the claim",
        ),
        ({"escalate_to": [str(uuid4())]}, "told", "Select a valid choice"),
        ({"sticky": ["everything"]}, "keep", "Select a valid choice"),
        ({"catch_up_turns": "9999"}, "turns", "less than or equal to 100"),
        ({"load_kinds": ["won"]}, "limits", "Select a valid choice"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_beside_it_in_an_open_section(
    desk: Client, address: str, pool: Pool, change: dict[str, Any], where: str, says: str
) -> None:
    before = saved(pool)

    answer = desk.post(address, FORM | change)

    assert answer.status_code == 422
    assert says in answer.text
    assert where in answer.context["opened"]
    assert saved(pool) == before


HOSTILE: dict[str, dict[str, Any]] = {
    "NUL": {"name": "a\x00b"},
    "endless name": {"name": "x" * 10_000},
    "no cell": {"handover": "turn:claim"},
    "cell of words": {"handover": "::::"},
    "huge number": {"max_hops": "9" * 400},
    "not a number": {"hopper_hours": "NaN"},
    "infinite": BY_SIZE | {"filters-experience-0-from_0": "Infinity"},
    "exponent": BY_SIZE | {"filters-experience-0-from_0": "1e999"},
    "overflow of nobody": {"overflow": f"member:{uuid4()}"},
    "overflow of no id": {"overflow": "pool:x"},
    "personal field": {"filters-skill-0-what": "field:email"},
    "unknown field": {"fit-similar-0-field": "facts'); DROP TABLE x"},
    "level of nothing": {"filters-skill-0-what": "field:product", "filters-skill-0-level": "x"},
    "told by no id": {"escalate_to": ["x"]},
    "long window": {"window_seconds_0": "1000000", "window_seconds_1": "86400"},
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_forms_that_no_page_of_ours_made_are_answered(
    desk: Client, address: str, team: Team, pool: Pool, kind: str
) -> None:
    before = saved(pool)

    answers = [
        desk.post(each, FORM | HOSTILE[kind]).status_code
        for each in (address, f"/t/{team.slug}/pools/new/")
    ]

    assert answers == [422, 422]
    assert saved(pool) == before
    assert Pool.objects.count() == 1


def test_more_rows_than_a_pool_may_have_are_left_out(
    desk: Client, address: str, pool: Pool
) -> None:
    rows = {f"filters-skill-{number}-what": "field:product" for number in range(5_000)}

    assert desk.post(address, FORM | rows).status_code in (302, 400)
    assert len(saved(pool).filters.get("items", [])) <= 12


def test_the_table_offers_every_cell_in_words(desk: Client, team: Team, pool: Pool) -> None:
    page = desk.get(f"/t/{team.slug}/pools/{pool.pk}/")

    cells = [cell for row in page.context["matrix"].rows for cell in row.cells if cell.value]
    wanted = {f"{r}:{mode}" for mode, rankings in RANKINGS_OF_MODE.items() for r in rankings}
    assert {cell.value for cell in cells} == wanted
    assert all(cell.words in page.text for cell in cells)


def test_a_viewer_of_routing_reads_and_changes_nothing(team: Team, pool: Pool) -> None:
    salesperson = makers.make_member(team, "Mia Brandt")
    client = Client()
    client.force_login(Membership.objects.get(pk=salesperson.pk).user)

    assert client.post(f"/t/{team.slug}/pools/{pool.pk}/edit/", FORM).status_code == 403
