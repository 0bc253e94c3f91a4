"""What is refused when a rule is saved: with the path to it, and what would be right."""

# ruff: noqa: E501  a case a line

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.routing import operators
from apps.routing.conditions import compile_condition, validate
from apps.routing.facts import LeadFacts
from apps.routing.fields import STANDARD_FIELDS
from tests.routing.makers import REGISTRY, every, lead, leaf

FULL = lead(
    {"country": "DE", "employees": 640, "interest_group": ("Solar",), "decision_maker": True}
)


def errors(tree: Any) -> list[str]:
    return [str(error) for error in validate(tree, REGISTRY)]


def matches(tree: Any, facts: LeadFacts = FULL) -> bool:
    return compile_condition(tree, REGISTRY).matches(facts)


@pytest.mark.parametrize(
    "tree",
    [None, [], "x", 3, {"all": None}, {"all": [None]}, {"not": []}, {"field": {}}, {"field": "country", "op": []},
     {"field": [], "op": {}, "value": {}}, {"all": [], "any": []}, {"op": "share_of_leads", "value": object()}],
)  # fmt: skip
def test_a_broken_tree_is_refused_and_matches_nothing(tree: Any) -> None:
    assert errors(tree)
    assert not matches(tree)


def test_a_hundred_thousand_levels_are_refused_at_once() -> None:
    tree: Any = leaf("country", "is", "DE")
    for _ in range(100_000):
        tree = {"not": tree}

    assert [error.split(": ")[1] for error in errors(tree)] == [
        "is nested deeper than 10 levels; flatten it"
    ]
    assert not matches(tree)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (every(leaf("country", "is", "DE"), leaf("employees", "gt", "abc")), "all[1].value: expected a number such as 500, got 'abc'"),
        (leaf("employees", "is", True), "value: expected a number such as 500, got yes"),
        (leaf("employees", "is", float("inf")), "value: expected a number such as 500, got inf"),
        (leaf("employees", "is", 10**5000), "value: expected a number such as 500, got a number that is too large"),
        (leaf("employees", "is", None), "value: expected a number such as 500, got nothing"),
        (leaf("employees", "between", [5, 1]), "value: the first value is above the second; swap them"),
        (leaf("employees", "between", [5]), "value: expected two values, the lowest and the highest, got a list"),
        (leaf("employees", "is_one_of", [1, "x"]), "value[1]: expected a number such as 500, got 'x'"),
        (leaf("employees", "is_one_of", []), "value: expected at least one value in the list"),
        (leaf("employees", "is_one_of", 5), "value: expected a list, got 5"),
        (leaf("country", "is", ""), "value: expected text, got none"),
        (leaf("country", "is", ["DE"]), "value: expected text, got a list"),
        (leaf("country", "starts_with", ["D", ""]), "value[1]: expected text, got none"),
        (leaf("country", "is", "x" * 2001), "value: is too long; use at most 2,000 characters"),
        (leaf("custom.visit", "before", "31/02/2026"), "value: expected a date such as 2026-03-14, got '31/02/2026'"),
        (leaf("decision_maker", "is", "maybe"), "value: expected yes or no (true or false), got 'maybe'"),
        (leaf("custom.site", "is", "Moon"), "value: 'Moon' is not an option of Site; use one of Depot, Street"),
        (leaf("country", "within_area", []), 'value: expected an area such as {"postcodes": ["10", "12"]}, got a list'),
        (leaf("country", "within_area", {"postcodes": []}), "value: expected at least one country, region, city or postcode"),
        (leaf("country", "within_area", {"postcodes": ["10", None]}), "value.postcodes[1]: expected text, got nothing"),
        (leaf("country", "within_area", {"postcodes": ["10", "12099-10115"]}), "value.postcodes[1]: '12099-10115' is a range that ends before it begins; swap the two"),
        (leaf("country", "within_area", {"planets": ["x"]}), "value: unknown part 'planets'; use countries, regions, cities, postcodes"),
        (leaf("job_title", "matches", "(a"), "value: is not a pattern that can run (missing ): (a); look-around and back-references are not supported"),
        (leaf("job_title", "matches", r"(a)\1"), r"value: is not a pattern that can run (invalid escape sequence: \1); look-around and back-references are not supported"),
        (leaf("job_title", "matches", "\ud800"), "value: holds characters that are no text; remove them"),
        ({"op": "share_of_leads", "value": 130}, "value: expected a whole number from 0 to 100, got 130"),
        ({"op": "share_of_leads", "value": {"percent": 2.5}}, "value.percent: expected a whole number from 0 to 100, got 2.5"),
        ({"op": "share_of_leads", "value": {"percent": 2, "salt": 1}}, "value.salt: expected text, got 1"),
        ({"op": "received_during_hours", "value": "lunch"}, "value: expected “open”, “closed” or weekly hours, got 'lunch'"),
        ({"op": "received_during_hours", "value": {"0": "x"}}, 'value: 0: expected a list of shifts, such as [["09:00", "18:00"]]'),
        (every({"not": leaf("country", "gt", 1)}), "all[0].not.op: 'gt' does not apply to Country; use one of is, is_not, is_one_of, contains, starts_with, ends_with, matches, within_area, is_empty, is_known"),
        (leaf("country", "share_of_leads", 5), "op: 'share_of_leads' does not apply to Country; use one of is, is_not, is_one_of, contains, starts_with, ends_with, matches, within_area, is_empty, is_known"),
        (leaf("custom.gone", "is", 1), "field: unknown field 'custom.gone'; choose one of the team's fields"),
        ({"op": "is", "value": 1}, "field: is missing; name the field to look at"),
        ({"field": "decision_maker"}, "op: is missing; use one of is, is_not, is_empty, is_known"),
        ({"any": []}, "any: is empty; add a condition or remove it"),
        ({"any": [{"all": []}]}, "any[0].all: is empty; add a condition or remove it"),
        ({"all": "x"}, "all: expected a list of conditions, got 'x'"),
        ({"all": [3]}, "all[0]: expected a condition, got 3"),
        ({"all": [], "any": []}, "“all” stands alone; move the other keys into it"),
        ({"field": "country", "op": "is", "value": "DE", "x": 1}, "unknown key 'x'; use all, any, not, or field, op and value"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_work_is_refused_with_path_and_remedy(tree: Any, message: str) -> None:
    assert errors(tree) == [message]
    assert not matches(tree) or tree == {"any": [{"all": []}]}


def test_every_mistake_is_told_at_once() -> None:
    tree = {
        "any": [leaf("gone", "is", 1), every(leaf("employees", "gt", "x"), leaf("score", "is", []))]
    }

    assert [error.split(":")[0] for error in errors(tree)] == [
        "any[0].field",
        "any[1].all[0].value",
        "any[1].all[1].value",
    ]


def test_a_thousand_conditions_are_enough() -> None:
    tree = every(*[leaf("country", "is", "DE")] * 1_001)

    assert errors(tree) == ["has more than 1,000 conditions; use “is one of” or more rules"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)
keys = st.sampled_from([each.key for each in STANDARD_FIELDS] + ["custom.site", "custom.gone", ""])
ops = st.sampled_from(sorted({op for each in REGISTRY for op in operators.of(each)} | {"like"}))


@given(keys, ops, json_values)
def test_whatever_is_sent_is_either_refused_or_can_be_evaluated(
    field: str, op: str, value: Any
) -> None:
    tree = every({"field": field, "op": op, "value": value})

    refused = errors(tree)

    assert matches(tree) in (True, False)
    assert not (refused and matches(tree, FULL))
