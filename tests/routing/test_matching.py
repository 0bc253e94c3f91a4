"""The index finds exactly the rules that testing each one would find, in order, and quickly."""

import json
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apps.routing.conditions import compile_condition
from apps.routing.facts import LeadFacts
from apps.routing.matching import CompiledRules, compile_rules
from tests.routing.makers import REGISTRY, every, lead, leaf, names, rule

GERMAN = leaf("country", "is", "DE")
BIG = leaf("employees", "gte", 500)
LEAD = lead({"country": "DE", "campaign": "Autumn", "employees": 640})


def found(rules: CompiledRules, facts: LeadFacts = LEAD) -> list[int]:
    return names(list(rules.matches(facts)))


def test_rules_match_in_the_order_of_the_page() -> None:
    rules = compile_rules(
        [
            rule(1, every(GERMAN, BIG)),
            rule(2, leaf("country", "is", "AT")),
            rule(3, BIG),
            rule(4, GERMAN),
            rule(5),
        ],
        REGISTRY,
    )

    assert found(rules) == [1, 3, 4, 5]


def test_the_order_given_decides_and_not_the_number() -> None:
    assert found(compile_rules([rule(200), rule(10)], REGISTRY)) == [200, 10]
    assert found(compile_rules([rule(10), rule(200)], REGISTRY)) == [10, 200]


def test_a_catch_all_ends_the_list_for_any_lead() -> None:
    rules = compile_rules([rule(1, GERMAN), rule(2, {"all": []})], REGISTRY)

    assert found(rules, lead()) == [2]


def test_a_rule_on_an_unknown_field_is_passed_over() -> None:
    assert found(compile_rules([rule(1, leaf("gone", "is", 1)), rule(2)], REGISTRY)) == [2]


def test_no_rules_match_nothing() -> None:
    assert found(compile_rules([], REGISTRY)) == []


def test_a_rule_that_a_lead_meets_twice_comes_once() -> None:
    groups = leaf("interest_group", "has_any_of", ["solar", "fleet"])

    assert found(
        compile_rules([rule(1, groups)], REGISTRY), lead({"interest_group": ("Fleet", "Solar")})
    ) == [1]


def test_rules_are_tested_only_as_far_as_asked() -> None:
    rules = compile_rules([rule(number) for number in range(1, 4)], REGISTRY)

    assert next(rules.matches(LEAD)).number == 1


countries, campaigns = (
    st.sampled_from(["DE", "AT", "ch "]),
    st.sampled_from(["Autumn", "winter", "x"]),
)
leaves = st.one_of(
    countries.map(lambda value: leaf("country", "is", value)),
    st.lists(countries, min_size=1, max_size=3).map(
        lambda value: leaf("country", "is_one_of", value)
    ),
    countries.map(lambda value: leaf("country", "is_not", value)),
    campaigns.map(lambda value: leaf("campaign", "is", value)),
    st.integers(1, 3).map(lambda value: leaf("employees", "is", value)),
    st.integers(1, 3).map(lambda value: leaf("employees", "gt", value)),
    st.booleans().map(lambda value: leaf("decision_maker", "is", value)),
    st.lists(campaigns, min_size=1, max_size=2).map(
        lambda value: leaf("interest_group", "has_any_of", value)
    ),
    st.lists(campaigns, min_size=1, max_size=2).map(
        lambda value: leaf("interest_group", "has_all_of", value)
    ),
    st.just(leaf("received_at", "is", "2026-03-18")),
    st.just(leaf("city", "within_area", {"countries": ["DE"], "postcodes": ["1"]})),
    st.just(leaf("gone", "is", 1)),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda listed: {"all": listed}),
        st.lists(inner, max_size=3).map(lambda listed: {"any": listed}),
        inner.map(lambda tree: {"not": tree}),
    ),
    max_leaves=6,
)


def with_values(values: dict[str, Any]) -> LeadFacts:
    return lead(values)


leads = st.fixed_dictionaries(
    {},
    optional={
        "country": st.sampled_from(["DE", "at", "CH"]),
        "campaign": campaigns,
        "employees": st.sampled_from([1, 2, 2.0, Decimal(3), "3"]),
        "decision_maker": st.booleans(),
        "interest_group": st.lists(campaigns, max_size=3).map(tuple),
        "postcode": st.sampled_from(["10", "20"]),
    },
).map(with_values)


@given(st.lists(trees, max_size=12), leads)
def test_the_index_finds_what_testing_every_rule_finds(
    conditions: list[Any], facts: LeadFacts
) -> None:
    rules = [rule(number, tree) for number, tree in enumerate(conditions, start=1)]

    one_by_one = [
        each.number for each in rules if compile_condition(each.conditions, REGISTRY).matches(facts)
    ]

    assert found(compile_rules(rules, REGISTRY), facts) == one_by_one


def test_a_trace_tells_each_rule_until_the_match_and_its_first_failing_condition() -> None:
    first, second, third = (
        rule(1, every(GERMAN, leaf("employees", "gt", 1000))),
        rule(2, every(GERMAN, BIG)),
        rule(3),
    )
    rules = compile_rules([first, second, third], REGISTRY)

    assert rules.trace(LEAD, second) == [
        {
            "rule": str(first.id), "name": "Rule 1", "n": 1, "matched": False,
            "failed": {"path": "all[1]", "field": "employees", "op": "gt", "value": 1000},
        },
        {
            "rule": str(second.id), "name": "Rule 2", "n": 2, "matched": True,
            "words": "country is DE; employees ≥ 500",
        },
    ]  # fmt: skip


def test_a_failing_negation_says_that_it_is_one() -> None:
    rules = compile_rules(
        [rule(1, {"any": [{"all": [{"not": GERMAN}]}, leaf("need", "is", "x")]})], REGISTRY
    )

    (entry,) = rules.trace(LEAD)

    assert entry["failed"] == {
        "path": "any[0].all[0].not",
        "field": "country",
        "op": "is",
        "value": "DE",
        "negated": True,
    }


def test_a_long_trace_keeps_the_matches_and_the_first_of_the_others() -> None:
    passed_over = rule(400)
    listed = [
        *(rule(n, leaf("campaign", "is", f"c{n}")) for n in range(1, 400)),
        passed_over,
        rule(401),
    ]
    rules = compile_rules(listed, REGISTRY)

    trace = rules.trace(LEAD, listed[-1], limit=10)

    assert [entry["n"] for entry in trace] == [1, 2, 3, 4, 5, 6, 7, 8, 400, 401]
    assert [entry["n"] for entry in trace if entry["matched"]] == [400, 401]
    assert rules.ruled_out(trace, listed[-1]) == 391


def test_without_a_match_the_trace_goes_to_the_end() -> None:
    rules = compile_rules([rule(n, leaf("campaign", "is", f"c{n}")) for n in range(1, 4)], REGISTRY)

    trace = rules.trace(LEAD)

    assert [entry["matched"] for entry in trace] == [False, False, False]
    assert rules.ruled_out(trace) == 0


def test_a_trace_and_its_facts_hold_nothing_personal() -> None:
    personal = every(leaf("email", "ends_with", "@marker.example"), leaf("country", "is", "DE"))
    facts = lead({"email": "marker@marker.example", "country": "DE"})
    match, miss = rule(1, personal), rule(2, leaf("name", "is", "marker"))
    rules = compile_rules([miss, match], REGISTRY)

    stored = json.dumps([rules.trace(facts, match), rules.facts(facts, match)])

    assert "marker" not in stored
    assert rules.facts(facts, match) == {"country": "DE"}


def test_the_facts_of_a_rule_are_ready_for_json() -> None:
    asks = every(
        leaf("revenue", "gt", 1),
        leaf("interest_group", "has_any_of", ["x"]),
        leaf("custom.visit", "is", "2026-01-01"),
        leaf("received_at", "is", "2026-03-18"),
        leaf("need", "is_empty"),
        leaf("employees", "gt", 1),
    )
    match = rule(1, asks)
    facts = lead(
        {
            "revenue": Decimal("12.50"),
            "interest_group": ("b", "a"),
            "custom.visit": date(2026, 1, 1),
            "employees": 3,
        },
        at=datetime(2026, 3, 18, 9, 30, tzinfo=UTC),
    )

    assert json.loads(json.dumps(compile_rules([match], REGISTRY).facts(facts, match))) == {
        "revenue": "12.50", "interest_group": ["a", "b"], "custom.visit": "2026-01-01",
        "received_at": "2026-03-18T09:30:00+00:00", "need": None, "employees": 3,
    }  # fmt: skip


def rule_set(count: int) -> CompiledRules:
    """Rules of which a lead of another campaign matches the last alone, as in a large team."""
    listed = [
        rule(number, every(GERMAN, BIG, leaf("campaign", "is", f"campaign {number}")))
        for number in range(1, count)
    ]
    return compile_rules([*listed, rule(count)], REGISTRY)


def best_seconds(rules: CompiledRules, repeats: int = 50) -> float:
    """The best of many runs: what it costs when nobody else uses the machine."""
    best = float("inf")
    for _ in range(repeats):
        begin = time.perf_counter()
        for _ in range(10):
            next(rules.matches(LEAD))
        best = min(best, (time.perf_counter() - begin) / 10)
    return best


def test_ten_thousand_rules_that_cannot_match_cost_no_more_than_ten() -> None:
    few, many = rule_set(10), rule_set(10_000)

    ratios = [best_seconds(many) / best_seconds(few) for _ in range(3)]

    assert min(ratios) <= 3
    assert best_seconds(many) < 0.001


def test_matching_looks_only_at_rules_that_share_the_rarest_value() -> None:
    rules = rule_set(10_000)

    assert len(list(rules._possible(LEAD))) == 1
