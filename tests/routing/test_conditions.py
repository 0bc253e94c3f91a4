"""What a rule may ask, and what it finds."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.routing import operators
from apps.routing.calendar import Schedule
from apps.routing.conditions import OPERATORS, ConditionError, compile_condition, validate
from apps.routing.facts import LeadFacts
from apps.routing.fields import FieldType
from tests.routing.makers import NOON, REGISTRY, every, lead, leaf, uuid

LEAD = lead(
    {
        "company": "  Isarwerk LOGISTIK  ",
        "country": "DE",
        "city": "São Paulo",
        "region": "Bavaria",
        "postcode": "80 939",
        "job_title": "Head of Fleet",
        "employees": 640,
        "revenue": Decimal("1250000.50"),
        "interest_group": ("Solar", "Fleet "),
        "decision_maker": True,
        "custom.charge_points": "40",
        "custom.site": "Depot",
        "custom.visit": date(2026, 3, 14),
        "timeline": "   ",
    }
)
OFFICE = Schedule("America/Sao_Paulo", {2: ((time(9), time(18)),)})


def matches(tree: Any, facts: LeadFacts = LEAD, hours: Schedule | None = None) -> bool:
    return compile_condition(tree, REGISTRY).matches(facts, hours)


def errors(tree: Any) -> list[ConditionError]:
    return validate(tree, REGISTRY)


CASES: list[tuple[str, str, Any, bool]] = [
    ("company", "is", "isarwerk logistik", True),
    ("company", "is", " ISARWERK Logistik ", True),
    ("company", "is", "isarwerk", False),
    ("company", "is_not", "isarwerk", True),
    ("company", "is_not", "Isarwerk Logistik", False),
    ("company", "is_one_of", ["acme", "ISARWERK LOGISTIK"], True),
    ("company", "is_one_of", ["acme"], False),
    ("company", "contains", "WERK", True),
    ("company", "contains", ["nothing", "werk l"], True),
    ("company", "contains", "gmbh", False),
    ("company", "starts_with", "isar", True),
    ("company", "starts_with", "werk", False),
    ("company", "ends_with", ["x", "tik"], True),
    ("company", "ends_with", "isar", False),
    ("job_title", "matches", r"\b(head|vp) of\b", True),
    ("job_title", "matches", "^fleet", False),
    ("country", "is", "de", True),
    ("country", "is_one_of", ["AT", "CH"], False),
    ("city", "is", "SA\u0303O PAULO", True),
    ("postcode", "starts_with", ["10", "80"], True),
    ("employees", "is", 640, True),
    ("employees", "is", "640", True),
    ("employees", "is_not", 640, False),
    ("employees", "is_one_of", [1, 640.0], True),
    ("employees", "gt", 640, False),
    ("employees", "gt", 639.5, True),
    ("employees", "gte", 640, True),
    ("employees", "gte", 641, False),
    ("employees", "lt", 641, True),
    ("employees", "lt", 640, False),
    ("employees", "lte", 640, True),
    ("employees", "lte", 639, False),
    ("employees", "between", [640, 700], True),
    ("employees", "between", [500, 640], True),
    ("employees", "between", [641, 700], False),
    ("revenue", "gt", "1250000.49", True),
    ("revenue", "is", 1250000.5, True),
    ("custom.charge_points", "lt", 100, True),
    ("custom.site", "is", "depot", True),
    ("interest_group", "has_any_of", ["fleet", "wind"], True),
    ("interest_group", "has_any_of", ["wind"], False),
    ("interest_group", "has_all_of", ["Fleet", "SOLAR"], True),
    ("interest_group", "has_all_of", ["fleet"], True),
    ("interest_group", "has_all_of", ["fleet", "wind"], False),
    ("decision_maker", "is", True, True),
    ("decision_maker", "is", "yes", True),
    ("decision_maker", "is_not", False, True),
    ("decision_maker", "is", False, False),
    ("custom.visit", "is", "2026-03-14", True),
    ("custom.visit", "is_one_of", ["2026-03-13", "2026-03-14"], True),
    ("custom.visit", "is_not", "2026-03-14", False),
    ("custom.visit", "before", "2026-03-15", True),
    ("custom.visit", "before", "2026-03-14", False),
    ("custom.visit", "after", "2026-03-13", True),
    ("custom.visit", "after", "2026-03-14", False),
    ("custom.visit", "between", ["2026-03-14", "2026-03-14"], True),
    ("custom.visit", "between", ["2026-03-15", "2026-03-20"], False),
    ("company", "is_known", None, True),
    ("company", "is_empty", None, False),
    ("timeline", "is_empty", None, True),
    ("timeline", "is_known", None, False),
    ("budget", "is_empty", None, True),
    ("received_at", "is_known", None, True),
]


@pytest.mark.parametrize(("field", "op", "value", "expected"), CASES)
def test_an_operator_finds_what_it_says(field: str, op: str, value: Any, expected: bool) -> None:
    tree = leaf(field, op, value)

    assert errors(tree) == []
    assert matches(tree) is expected
    assert matches({"not": tree}) is not expected


def test_every_operator_of_every_type_is_tried_above_or_below() -> None:
    """A new operator without a case fails here first."""
    tried = {op for _, op, _, _ in CASES} | {"within_area", *operators.ABOUT_LEAD}

    assert {op for table in OPERATORS.values() for op in table} <= tried
    assert set(OPERATORS) == set(FieldType)


VALUES: dict[FieldType, dict[str, Any]] = {
    FieldType.TEXT: {"is_one_of": ["x"]},
    FieldType.NUMBER: {"is_one_of": [1], "between": [1, 2]},
    FieldType.DATE: {"is_one_of": ["2026-01-01"], "between": ["2026-01-01", "2026-01-02"]},
    FieldType.SET: {"has_any_of": ["x"], "has_all_of": ["x"]},
    FieldType.PLACE: {"is_one_of": ["x"], "within_area": {"cities": ["x"]}},
}
ONE: dict[FieldType, Any] = {
    FieldType.NUMBER: 1,
    FieldType.MONEY: 1,
    FieldType.DATE: "2026-01-01",
    FieldType.YES_NO: True,
}
VALUES[FieldType.MONEY] = VALUES[FieldType.NUMBER]


@pytest.mark.parametrize(
    "field", [each for each in REGISTRY if each.key != "received_at"], ids=lambda each: each.key
)
def test_a_missing_value_makes_every_condition_false_but_is_empty(field: Any) -> None:
    text = field.options[0] if field.options else "x"
    for op in OPERATORS[field.type]:
        given_value = VALUES.get(field.type, {}).get(op, ONE.get(field.type, text))
        if field.type is FieldType.CHOICE and op == "is_one_of":
            given_value = [text]
        tree = leaf(field.key, op, given_value)

        assert errors(tree) == [], op
        assert matches(tree, lead()) is (op == "is_empty"), op


@pytest.mark.parametrize(
    "nonsense",
    [
        float("nan"),
        float("inf"),
        Decimal("sNaN"),
        10**5000,
        "9" * 5000,
        "abc",
        "",
        True,
        (),
        {},
        object(),
        b"x",
        "\ud800",
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_leads_value_that_makes_no_sense_never_raises(nonsense: Any) -> None:
    for field in REGISTRY:
        facts = lead({field.key: nonsense})
        for op in operators.of(field):
            for value in (
                1,
                "x",
                "Depot",
                ["x"],
                [1, 2],
                True,
                "2026-01-01",
                {"cities": ["x"]},
                "open",
            ):
                matches(leaf(field.key, op, value), facts)


def test_a_number_that_is_none_counts_as_missing() -> None:
    assert matches(leaf("employees", "is_empty"), lead({"employees": float("nan")}))
    assert matches(leaf("employees", "is_empty"), lead({"employees": "abc"}))
    assert matches(leaf("employees", "is_empty"), lead({"employees": True}))


@pytest.mark.parametrize("tree", [{}, {"all": []}])
def test_a_rule_without_conditions_matches_everything(tree: Any) -> None:
    assert errors(tree) == []
    assert matches(tree, lead())


def test_trees_combine_all_any_and_not() -> None:
    german, big, wind = (
        leaf("country", "is", "DE"),
        leaf("employees", "gte", 500),
        leaf("need", "is", "wind"),
    )

    assert matches({"all": [german, big]})
    assert not matches({"all": [german, wind]})
    assert matches({"any": [wind, german]})
    assert not matches({"any": [wind, {"not": german}]})
    assert matches({"not": {"all": [german, wind]}})
    assert not matches({"not": {"any": [german, wind]}})
    assert matches({"all": [{"any": [wind, big]}, {"not": {"not": german}}]})


trees = st.recursive(
    st.booleans().map(lambda holds: leaf("country", "is" if holds else "is_not", "DE")),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda listed: {"all": listed}),
        st.lists(inner, min_size=1, max_size=3).map(lambda listed: {"any": listed}),
        inner.map(lambda tree: {"not": tree}),
    ),
    max_leaves=8,
)


def truth(tree: Any) -> bool:
    """The meaning of a tree by definition, apart from the code."""
    if "not" in tree:
        return not truth(tree["not"])
    if "all" in tree:
        return all(map(truth, tree["all"]))
    return any(map(truth, tree["any"])) if "any" in tree else bool(tree["op"] == "is")


@given(trees)
def test_any_tree_means_what_its_words_say(tree: Any) -> None:
    if not errors(tree):
        assert matches(tree) is truth(tree)
        assert (compile_condition(tree, REGISTRY).first_failure(LEAD) is None) is truth(tree)


def test_an_unknown_field_does_not_match_and_does_not_raise() -> None:
    gone = leaf("custom.gone", "is", "x")

    assert not matches(gone)
    assert not matches({"not": gone})
    assert matches({"any": [gone, leaf("country", "is", "DE")]})


AREAS = [
    ({"postcodes": ["10", "80 9"]}, True),
    ({"postcodes": ["80000-80999"]}, True),
    ({"postcodes": ["10115 - 12099", "80331–80997"]}, True),
    ({"postcodes": ["80940-80997"]}, False),
    ({"postcodes": ["79-81"]}, True),
    ({"postcodes": ["80938-80939"]}, True),
    ({"postcodes": ["809390-809399"]}, False),
    ({"postcodes": ["80939-6789"]}, False),  # a postcode of nine digits, not a range
    ({"postcodes": ["10", "12"]}, False),
    ({"countries": ["AT", "DE"], "regions": [], "postcodes": ["80"]}, True),
    ({"countries": ["AT"], "postcodes": ["80"]}, False),
    ({"countries": "de"}, True),
    ({"regions": ["bavaria"], "cities": ["são paulo"]}, True),
    ({"regions": ["hesse"]}, False),
]


@pytest.mark.parametrize(("area", "expected"), AREAS)
def test_within_area_needs_each_kind_of_place_that_it_lists(area: Any, expected: bool) -> None:
    for field in ("country", "postcode"):
        assert errors(leaf(field, "within_area", area)) == []
        assert matches(leaf(field, "within_area", area)) is expected


def test_received_during_hours_reads_the_teams_hours() -> None:
    at_nine, at_eight = (
        lead(at=NOON.replace(hour=hour)) for hour in (12, 11)
    )  # São Paulo is UTC-3
    opened = {"op": "received_during_hours", "value": "open"}
    closed = leaf("received_at", "received_during_hours", "closed")

    assert errors(opened) == errors(closed) == []
    assert [matches(opened, each, OFFICE) for each in (at_nine, at_eight)] == [True, False]
    assert [matches(closed, each, OFFICE) for each in (at_nine, at_eight)] == [False, True]
    assert matches(opened, at_eight, None)


def test_received_during_hours_of_its_own_uses_the_teams_time_zone() -> None:
    tree = {"op": "received_during_hours", "value": {"2": [["11:00", "12:00"]]}}

    assert matches(tree, lead(at=NOON.replace(hour=11)))
    assert not matches(tree, lead(at=NOON.replace(hour=11)), OFFICE)
    assert matches(tree, lead(at=NOON.replace(hour=14)), OFFICE)


def test_a_day_is_a_day_in_the_teams_time_zone() -> None:
    late = lead(at=datetime(2026, 3, 15, 2, 0, tzinfo=UTC))  # the 14th at 23:00 in São Paulo
    tree = leaf("received_at", "is", "2026-03-14")

    assert not matches(tree, late)
    assert matches(tree, late, OFFICE)


def test_exact_moments_compare_exactly() -> None:
    assert matches(leaf("received_at", "after", "2026-03-18T12:59:59+01:00"))
    assert not matches(leaf("received_at", "after", "2026-03-18T13:00:00+01:00"))


def test_a_share_of_leads_is_stable_and_near_its_percentage() -> None:
    tree = compile_condition(
        {"op": "share_of_leads", "value": {"percent": 30, "salt": "a"}}, REGISTRY
    )
    leads = [lead(number=number) for number in range(4_000)]

    chosen = [tree.matches(each) for each in leads]

    assert chosen == [tree.matches(each) for each in leads]
    assert 0.27 < sum(chosen) / len(chosen) < 0.33


def test_shares_nest_and_salts_make_them_independent() -> None:
    leads = [lead(number=number) for number in range(2_000)]

    def chosen(value: Any) -> set[int]:
        tree = compile_condition({"op": "share_of_leads", "value": value}, REGISTRY)
        return {each.id.int for each in leads if tree.matches(each)}

    assert chosen(30) < chosen(40)
    assert chosen(0) == set()
    assert len(chosen(100)) == len(leads)
    assert (
        0.1
        < len(chosen({"percent": 40, "salt": "x"}) & chosen({"percent": 40, "salt": "y"})) / 2_000
        < 0.22
    )


def test_a_share_does_not_change_between_releases() -> None:
    """A changed hash would move leads between running experiments."""
    tree = compile_condition({"op": "share_of_leads", "value": 50}, REGISTRY)

    assert [number for number in range(12) if tree.matches(lead(number=number))] == PINNED_SHARE


PINNED_SHARE = [0, 2, 4, 5, 8]


def test_a_pattern_that_would_backtrack_forever_runs_in_linear_time() -> None:
    facts = lead({"job_title": "a" * 50_000 + "!"})

    assert not matches(leaf("job_title", "matches", "(a+)+$"), facts)


def test_the_fields_of_a_tree_are_named_once_each() -> None:
    tree = every(
        leaf("country", "is", "DE"),
        {"any": [leaf("country", "is", "AT"), leaf("employees", "gt", 1)]},
        leaf("city", "within_area", {"postcodes": ["1"], "regions": ["x"]}),
        leaf("gone", "is", "x"),
        {"op": "share_of_leads", "value": 5},
    )

    assert compile_condition(tree, REGISTRY).fields == (
        "country",
        "employees",
        "region",
        "postcode",
    )


def test_a_custom_field_gets_its_prefix() -> None:
    field = REGISTRY.get("custom.charge_points")

    assert field is not None
    assert field.label == "Charge points"
    assert REGISTRY.get("charge_points") is None
    assert uuid(1) == LEAD.id
