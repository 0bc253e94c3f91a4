"""Forms of rules that no page of ours made: answered, and nothing of them is kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.rules.models import Pool
from apps.rules.sets import versions
from apps.teams.access import Access
from apps.teams.models import Team
from tests.rules import makers
from tests.rules.makers import leaf, make_pool

pytestmark = pytest.mark.django_db


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
def address(team: Team) -> str:
    return f"/t/{team.slug}/rules/"


def a_form(pool: Pool, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Germany", "joiner": "all", "row": ["0"], "field-0": "country",
        "op-0": "is_one_of", "value-0": "DE", "to": f"pool:{pool.pk}", "response": "300",
        "do": "save",
    } | changes  # fmt: skip


KEPT = {
    "deep": '{"not":' * 900 + "{}" + "}" * 900,
    "deeper": "[" * 60_000,
    "half a character": '{"field": "city", "op": "is", "value": "\\ud800"}',
    "NUL": '{"field": "city", "op": "is", "value": "a\\u0000b"}',
    "a long number": '{"field": "employees", "op": "gt", "value": ' + "9" * 5000 + "}",
}


@pytest.mark.parametrize("kind", KEPT)
def test_a_kept_condition_that_we_never_kept_is_refused(
    desk: Client, address: str, team: Team, pool: Pool, kind: str
) -> None:
    form = a_form(pool, **{"kind-0": "kept", "kept-0": KEPT[kind]})

    answers = [desk.post(f"{address}{name}/", form).status_code for name in ("new", "probe")]

    assert answers == [422, 200]
    assert not versions.rules_of(versions.draft(versions.main_set(team)))


@pytest.mark.parametrize(
    "change",
    [
        {"kind-0": "any", "row-0": ["0", "0"]},
        {"reason": "x" * 400},
        {"response": "9" * 5000},
    ],
    ids=["a group in itself", "long words", "a long number"],
)
def test_a_form_that_no_page_of_ours_made_is_answered(
    desk: Client, address: str, pool: Pool, change: dict[str, Any]
) -> None:
    response = desk.post(f"{address}new/", a_form(pool, **change))

    assert response.status_code == 422


def test_a_nul_in_a_value_is_left_out(desk: Client, address: str, team: Team, pool: Pool) -> None:
    desk.post(
        f"{address}new/", a_form(pool, **{"field-0": "city", "op-0": "is", "value-0": "Gr\x00az"})
    )

    assert versions.rules_of(versions.draft(versions.main_set(team)))[0].conditions == {
        "all": [leaf("city", "is", "Graz")]
    }
