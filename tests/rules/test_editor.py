"""The rule editor without scripts: every field and operator, nested groups, errors in place."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.routing.conditions import validate
from apps.routing.fields import FieldType, Registry
from apps.routing.operators import Operator, Takes, of
from apps.rules.builder import editor
from apps.rules.models import Pool
from apps.rules.registry import registry
from apps.rules.sets import versions
from apps.teams.access import Access
from apps.teams.models import Team
from tests.rules import makers
from tests.rules.makers import leaf, make_pool
from tests.rules.reader import posted

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


def address(team: Team, name: str = "rules", **parts: Any) -> str:
    return reverse(f"rules:{name}", kwargs={"team": team.slug, **parts})


def tree_of(team: Team) -> dict[str, Any]:
    """The conditions of the draft's first rule."""
    draft = versions.draft(versions.main_set(team))
    return versions.rules_of(draft)[0].conditions


NESTED: dict[str, Any] = {
    "any": [
        leaf("country", "is", "DE"),
        {
            "all": [
                leaf("employees", "gte", 500),
                {"not": {"any": [leaf("city", "contains", ["Graz"]), leaf("score", "lt", 5)]}},
                {"any": [leaf("language", "is", "fr"), {"not": leaf("budget", "is_known")}]},
            ]
        },
        {"not": {"all": [leaf("decision_maker", "is", True), leaf("form", "is_empty")]}},
    ]
}


def test_nested_groups_are_drawn_and_saved_as_they_were(
    desk: Client, team: Team, manager: Access
) -> None:
    rule = makers.add_rule(manager, conditions=NESTED)
    page = desk.get(f"{address(team)}?rule={rule.key}").text

    answer = desk.post(address(team, "rule", rule=rule.key), posted(page))

    assert answer.status_code == 302
    assert tree_of(team) == NESTED
    assert "kept-" not in page  # all of it can be edited


VALUES: dict[FieldType, dict[Takes, Any]] = {
    FieldType.NUMBER: {Takes.ONE: 5, Takes.MANY: [5, 6], Takes.RANGE: [5, 6]},
    FieldType.MONEY: {Takes.ONE: 5.5, Takes.MANY: [5, 6], Takes.RANGE: [5, 6]},
    FieldType.DATE: {
        Takes.ONE: "2026-03-04", Takes.MANY: ["2026-03-04"],
        Takes.RANGE: ["2026-03-04", "2026-04-04"],
    },
    FieldType.YES_NO: {Takes.ONE: True},
}  # fmt: skip


def value_for(operator: Operator, kind: FieldType, options: tuple[str, ...]) -> Any:
    match operator.takes:
        case Takes.NOTHING:
            return None
        case Takes.AREA:
            return {"countries": ["DE"], "postcodes": ["10", "12099-12101"]}
        case Takes.HOURS:
            return {"0": [["09:00", "12:00"], ["13:00", "18:00"]], "5": [["10:00", "14:00"]]}
        case Takes.SHARE:
            return {"percent": 25, "salt": "spring"}
    text = options[0] if options else "DE"
    return VALUES.get(kind, {Takes.ONE: text, Takes.MANY: [text]})[operator.takes]


def every_condition(fields: Registry) -> list[dict[str, Any]]:
    return [
        leaf(field.key, operator.name, value_for(operator, field.type, field.options))
        for field in fields
        for operator in of(field).values()
    ]


def make_one_of_each(team: Team) -> None:
    for kind in ("text", "number", "money", "date", "yes_no"):
        makers.make_field(team, f"own_{kind}", kind)
    for kind in ("choice", "set"):
        makers.make_field(team, f"own_{kind}", kind, options=["Early", "Late"])


def test_every_field_and_operator_goes_through_the_form_unchanged(
    desk: Client, team: Team, manager: Access
) -> None:
    make_one_of_each(team)
    every = every_condition(registry(team))
    assert not any(validate(each, registry(team)) for each in every)
    saved = []
    for start in range(0, len(every), 150):
        part = every[start : start + 150]
        rule = makers.add_rule(manager, name=f"Part {start}", conditions={"all": part})
        page = desk.get(f"{address(team)}?rule={rule.key}").text
        answer = desk.post(address(team, "rule", rule=rule.key), posted(page))
        assert answer.status_code == 302
        rule.refresh_from_db()
        saved += rule.conditions["all"]

    assert len(every) > 250
    assert saved == every


@pytest.mark.parametrize(
    ("field", "op", "drawn"),
    [
        ("custom.own_choice", "is", '<option value="Early">'),
        ("custom.own_choice", "is_one_of", 'type="checkbox" name="value-0" value="Early"'),
        ("custom.own_set", "has_any_of", 'type="checkbox" name="value-0" value="Late"'),
        ("custom.own_date", "before", 'type="date" id="value-0"'),
        ("custom.own_money", "between", 'type="number" step="any" id="value2-0"'),
        ("custom.own_yes_no", "is", '<option value="yes">'),
        ("country", "within_area", 'name="area-0-postcodes"'),
        ("received_at", "share_of_leads", 'max="100"'),
        ("status", "is", "<option"),
        ("interest_group", "has_any_of", 'type="checkbox" name="value-0" value="Solar"'),
    ],
)
def test_each_value_has_its_input(
    desk: Client, team: Team, pool: Pool, field: str, op: str, drawn: str
) -> None:
    makers.make_group(team, "Solar")
    make_one_of_each(team)
    form = {"name": "New", "row": ["0"], "field-0": field, "op-0": op, "was-0": field,
            "to": f"pool:{pool.pk}", "do": "refresh"}  # fmt: skip

    assert drawn in desk.post(address(team, "new"), form).text


def form_of(pool: Pool, do: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "New", "joiner": "all", "row": ["0", "1"], "to": f"pool:{pool.pk}", "do": do,
        "field-0": "country", "op-0": "is", "value-0": "DE", "kind-1": "any",
        "row-1": ["1-0", "1-1"], "field-1-0": "city", "op-1-0": "is", "value-1-0": "Graz",
        "field-1-1": "score", "op-1-1": "gte", "value-1-1": "5",
    } | more  # fmt: skip


@pytest.mark.parametrize(
    ("do", "first", "second"),
    [
        ("turn:0", {"not": leaf("country", "is", "DE")}, "any"),
        ("turn:1", leaf("country", "is", "DE"), "not any"),
        ("turn:1-0", leaf("country", "is", "DE"), "not in any"),
        ("drop:1-0", leaf("country", "is", "DE"), "one"),
        ("group:1", leaf("country", "is", "DE"), "group in any"),
        ("add:1", leaf("country", "is", "DE"), "three"),
        ("drop:7", leaf("country", "is", "DE"), "any"),
    ],
)
def test_buttons_change_the_rows(
    desk: Client, team: Team, pool: Pool, do: str, first: dict[str, Any], second: str
) -> None:
    city, score = leaf("city", "is", "Graz"), leaf("score", "gte", 5)
    blank = {"field": "source", "op": "is", "value": ""}
    wanted = {
        "any": {"any": [city, score]},
        "not any": {"not": {"any": [city, score]}},
        "not in any": {"any": [{"not": city}, score]},
        "one": {"any": [score]},
        "group in any": {"any": [city, score, {"all": [blank, blank]}]},
        "three": {"any": [city, score, blank]},
    }[second]

    page = desk.post(address(team, "new"), form_of(pool, do)).text

    sheet = editor.read(_as_query(posted(page)))
    assert editor.tree_of(sheet, registry(team)) == {"all": [first, wanted]}


def _as_query(fields: dict[str, Any]) -> Any:
    from django.http import QueryDict

    query = QueryDict(mutable=True)
    for name, values in fields.items():
        query.setlist(name, values if isinstance(values, list) else [values])
    return query


def test_the_last_row_of_a_group_takes_the_group_with_it(
    desk: Client, team: Team, pool: Pool
) -> None:
    form = form_of(pool, "drop:1-0", **{"row-1": ["1-0"]})

    page = desk.post(address(team, "new"), form).text

    assert "kind-1" not in page


def test_an_error_stands_beside_the_row_that_it_is_about(
    desk: Client, team: Team, pool: Pool
) -> None:
    wrong = form_of(pool, "save", **{"value-1-1": "many", "kind-1": "none"})

    answer = desk.post(address(team, "new"), wrong)

    assert answer.status_code == 422
    assert answer.text.index('id="error-1-1"') > answer.text.index('id="value-1-1"')
    assert "expected a number" in answer.text
    assert 'id="error-1-0"' not in answer.text


def test_another_field_takes_no_values_of_the_one_before(
    desk: Client, team: Team, pool: Pool
) -> None:
    chosen = form_of(pool, "refresh", **{"field-0": "city", "was-0": "country"})

    page = desk.post(address(team, "new"), chosen).text

    assert posted(page)["value-0"] == [""]


def test_a_country_is_kept_by_its_code_whatever_it_was_called(
    desk: Client, team: Team, pool: Pool
) -> None:
    form = form_of(pool, "save", row=["0"]) | {"op-0": "is_one_of", "value-0": "Germany\nAT\nche"}

    desk.post(address(team, "new"), form)

    assert tree_of(team) == {"all": [leaf("country", "is_one_of", ["DE", "AT", "CH"])]}


def test_what_else_a_rule_does_goes_through_the_form(
    desk: Client, team: Team, manager: Access
) -> None:
    group, member = makers.make_group(team, "Solar"), manager.membership
    makers.moved(team)
    assert member is not None
    form = {
        "name": "Solar", "to": "hopper", "caretaker": str(member.pk), "priority": "-24",
        "groups": [str(group.pk)], "notify": [str(member.pk)], "do": "save",
        "asks_owner": "1",
    }  # fmt: skip

    desk.post(address(team, "new"), form)

    rule = versions.rules_of(versions.draft(versions.main_set(team)))[0]
    assert (rule.destination, rule.caretaker_id, rule.priority) == ("hopper", member.pk, -24)
    assert (rule.group_ids, rule.notify, rule.replaces_owner) == ([group.pk], [member.pk], False)
    page = desk.get(address(team)).text
    assert "joins Solar" in page
    assert "priority low" in page
    assert "tells Henrike Vos" in page


def test_hours_that_can_t_be_read_are_refused(desk: Client, team: Team, pool: Pool) -> None:
    form = form_of(pool, "save", row=["0"]) | {
        "field-0": "received_at", "op-0": "received_during_hours", "value-0": "own",
        "hours-0-0": "nine to five",
    }  # fmt: skip

    answers = [
        desk.post(address(team, "new"), form | {"hours-0-0": line})
        for line in ("nine to five", "", "25:00-26:00")
    ]

    assert [answer.status_code for answer in answers] == [422] * 3
    assert desk.post(address(team, "new"), form | {"hours-0-0": "9-17"}).status_code == 302
