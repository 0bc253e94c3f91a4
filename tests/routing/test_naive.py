"""Five hundred random rule sets: the compiled matcher says what a naive evaluator says."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.routing.conditions import validate
from apps.routing.facts import LeadFacts
from apps.routing.fields import FieldType
from apps.routing.matching import compile_rules
from apps.routing.operators import ABOUT_LEAD, OPERATORS
from tests.routing import naive
from tests.routing.makers import REGISTRY, lead, leaf, names, rule

words = st.sampled_from(["de", "DE ", " at", "autumn sale", "Autumn", "fleet", "solar", "e", "éa"])
numbers = st.sampled_from([0, 1, 2, 3, 500])
days = st.dates(date(2026, 1, 1), date(2026, 1, 6))
iso = days.map(date.isoformat)


def listed(of: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(of, min_size=1, max_size=3)


def leaves(
    fields: list[str], values: dict[str, st.SearchStrategy[Any]]
) -> st.SearchStrategy[dict[str, Any]]:
    """Leaves of some fields of one type, with a value for each operator."""
    built = [
        st.builds(leaf, st.sampled_from(fields), st.just(op), value)
        for op, value in values.items()
    ]  # fmt: skip
    return st.one_of(built)


nothing = {"is_empty": st.none(), "is_known": st.none()}
texts = {
    "is": words, "is_not": words, "is_one_of": listed(words), "contains": listed(words),
    "starts_with": listed(words), "ends_with": listed(words),
    "matches": st.sampled_from(["^d", "e$", "a.t", "(fleet|solar)", "[0-9]+"]), **nothing,
}  # fmt: skip
orders = {
    **dict.fromkeys(("is", "is_not", "gt", "gte", "lt", "lte"), numbers),
    "is_one_of": listed(numbers), "between": st.tuples(numbers, numbers).map(sorted), **nothing,
}  # fmt: skip
dates = {
    **dict.fromkeys(("is", "is_not", "before", "after"), iso), "is_one_of": listed(iso),
    "between": st.tuples(iso, iso).map(sorted), **nothing,
}  # fmt: skip
groups = st.sampled_from(["Solar", "fleet ", "Wärme", "depot"])
sets = {"has_any_of": listed(groups), "has_all_of": listed(groups), **nothing}
areas = st.fixed_dictionaries(
    {"countries": listed(words)},
    optional={"cities": listed(words), "postcodes": listed(st.sampled_from(["1", "10", "20 1"]))},
)
shares = st.fixed_dictionaries(
    {"percent": st.integers(0, 100), "salt": st.sampled_from(["", "a"])}
)  # fmt: skip

any_leaf = st.one_of(
    leaves(["country", "city"], texts),
    leaves(["campaign", "industry", "need"], texts),
    leaves(["employees", "budget"], orders),
    leaves(["custom.visit"], dates),
    leaves(["decision_maker"], {"is": st.booleans(), "is_not": st.booleans(), **nothing}),
    leaves(["interest_group"], sets),
    leaves(["city"], {"within_area": areas}),
    st.builds(lambda share: {"op": "share_of_leads", "value": share}, shares),
    st.just(leaf("gone", "is", "x")),
)
trees = st.recursive(
    any_leaf,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(lambda found: {"all": found}),
        st.lists(inner, min_size=1, max_size=4).map(lambda found: {"any": found}),
        inner.map(lambda tree: {"not": tree}),
    ),
    max_leaves=8,
)


def as_lead(values: dict[str, Any], number: int) -> LeadFacts:
    return lead(values, number)


leads = st.builds(
    as_lead,
    st.fixed_dictionaries(
        {"interest_group": st.lists(groups, max_size=3).map(tuple)},
        optional={
            **dict.fromkeys(("country", "city", "campaign", "industry", "need"), words),
            "postcode": st.sampled_from(["10115", "201 23", "9"]),
            **dict.fromkeys(("employees", "budget"), st.one_of(numbers, numbers.map(Decimal))),
            "decision_maker": st.booleans(),
            "custom.visit": days,
        },
    ),
    st.integers(1, 10**9),
)


@settings(max_examples=500)
@given(st.lists(trees, min_size=1, max_size=9), st.lists(leads, min_size=1, max_size=4))
def test_the_compiled_matcher_agrees_with_a_naive_evaluator(
    conditions: list[dict[str, Any]], facts: list[LeadFacts]
) -> None:
    rules = [rule(number, tree) for number, tree in enumerate(conditions, start=1)]
    compiled = compile_rules(rules, REGISTRY)

    for each in facts:
        one_by_one = [r.number for r in rules if naive.matches(dict(r.conditions), each)]
        assert names(list(compiled.matches(each))) == one_by_one


@given(trees)
def test_the_random_rules_are_ones_that_can_be_saved(tree: dict[str, Any]) -> None:
    wrong = [str(error) for error in validate(tree, REGISTRY)]

    assert all("unknown field 'gone'" in each for each in wrong), wrong


def test_the_random_rules_hold_every_operator_of_their_types() -> None:
    types = FieldType
    assert set(texts) == set(OPERATORS[types.TEXT])
    assert {*texts, "within_area"} == set(OPERATORS[types.PLACE])
    assert set(orders) == set(OPERATORS[types.NUMBER]) == set(OPERATORS[types.MONEY])
    assert set(dates) == set(OPERATORS[types.DATE])
    assert set(sets) == set(OPERATORS[types.SET])
    assert set(ABOUT_LEAD) == {"share_of_leads", "received_during_hours"}
