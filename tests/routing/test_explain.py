"""Decisions in words, for the manager and for the member."""

# ruff: noqa: E501  a case a line

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.routing.conditions import Group, Phrase, describe, in_words
from apps.routing.decide import choose
from apps.routing.explain import explain
from apps.routing.facts import Mode, PoolFacts, Ranking
from apps.routing.matching import compile_rules
from tests.routing.makers import NOON, REGISTRY, every, lead, leaf, pool, rule, seat, uuid

MONDAY = datetime.fromisoformat("2026-03-23T09:00:00+01:00")
MIA, JONAS, LENA = str(uuid(101)), str(uuid(102)), str(uuid(103))
NAMES = {MIA: "Mia", JONAS: "Jonas", LENA: "Lena"}

DACH = rule(
    3,
    every(leaf("country", "is_one_of", ["DE", "AT", "CH"]), leaf("employees", "gte", 500)),
    "Enterprise, DACH",
)
RULES = [
    rule(1, leaf("company", "is_one_of", ["Acme", "Globex"]), "Named accounts"),
    rule(2, leaf("custom.charge_points", "gte", 100), "Depots"),
    DACH,
]
LEAD = lead({"country": "DE", "employees": 640, "custom.charge_points": 40})


def seniors(**facts: Any) -> PoolFacts:
    members = (seat(1, weight=2), seat(2), seat(3, time_off=((NOON, MONDAY),)))
    return pool(*members, **facts)


def trace(*steps: dict[str, Any], end: str = "assign", reason: str | None = None) -> dict[str, Any]:
    rules = compile_rules(RULES, REGISTRY)
    listed = rules.trace(LEAD, DACH)
    return {
        "rules": listed, "ruled_out": rules.ruled_out(listed, DACH), "facts": rules.facts(LEAD, DACH),
        "steps": list(steps), "end": end, "reason": reason,
    }  # fmt: skip


def told(*steps: dict[str, Any], perspective: str | None = None, **facts: Any) -> list[str]:
    return explain(
        trace(*steps, **facts),
        names=NAMES,
        registry=REGISTRY,
        perspective=perspective,
        timezone="Europe/Berlin",
    )


def test_a_manager_reads_the_rule_the_candidates_and_the_choice() -> None:
    assert told(choose(seniors(), now=NOON).to_trace()) == [
        "Rule 3 “Enterprise, DACH” matched (country is one of DE, AT, CH; employees ≥ 500).",
        "Pool “Seniors”, by turn: Mia 0.67 due, Jonas 0.33 due, Lena away until Monday 23 March, 09:00.",
        "Mia was next.",
        "Rule 1 “Named accounts” did not match: it needs company is one of Acme, Globex.",
        "Rule 2 “Depots” did not match: it needs charge points ≥ 100.",
    ]


def test_a_member_reads_of_herself_alone() -> None:
    step = choose(seniors(), now=NOON).to_trace()

    assert told(step, perspective=MIA)[1:3] == [
        "Pool “Seniors”, by turn: You 0.67 due.",
        "You were next.",
    ]
    assert told(step, perspective=JONAS)[1:3] == [
        "Pool “Seniors”, by turn: You 0.33 due.",
        "A colleague was next.",
    ]
    assert not any("Mia" in line or "Lena" in line for line in told(step, perspective=JONAS))


@pytest.mark.parametrize(
    ("ranking", "lines"),
    [
        (
            Ranking.LOAD,
            [
                "Pool “Seniors”, fewest open leads first: Jonas 1 open, Mia 4 open.",
                "Jonas had the fewest.",
            ],
        ),
        (
            Ranking.FIXED,
            [
                "Pool “Seniors”, in a fixed order: Mia, Jonas.",
                "Mia was the first who could take it.",
            ],
        ),
    ],
)
def test_each_ranking_has_its_words(ranking: Ranking, lines: list[str]) -> None:
    members = (seat(1, load=4), seat(2, load=1))

    assert told(choose(pool(*members, ranking=ranking), now=NOON).to_trace())[1:3] == lines


def test_someone_who_had_more_than_her_share_is_ahead() -> None:
    members = (seat(1, credit=-1_250_000_000), seat(2, credit=1_250_000_000))

    assert "Mia 0.75 ahead" in told(choose(pool(*members), now=NOON).to_trace())[1]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"is_active": False}, "Mia no longer active"),
        ({"is_paused": True}, "Mia paused"),
        (
            {"is_paused": True, "paused_until": NOON + timedelta(hours=1)},
            "Mia paused until Wednesday 18 March, 14:00",
        ),
        ({"capacity": 0}, "Mia at the limit of open leads (0)"),
        ({"cap_day": 0}, "Mia at the limit for today (0)"),
    ],
)
def test_each_skip_has_its_words(facts: dict[str, Any], words: str) -> None:
    step = choose(pool(seat(1, **facts)), now=NOON).to_trace()

    assert told(step)[1:3] == [
        f"Pool “Seniors”, by turn: {words}.",
        "Nobody in it could take the lead.",
    ]


def barred(**members: Any) -> str:
    return told(choose(pool(seat(1)), now=NOON, **members).to_trace())[1]


def test_tried_declined_and_full_have_their_words() -> None:
    member = frozenset({uuid(101)})

    assert barred(tried=member) == "Pool “Seniors”, by turn: Mia already had this lead."
    assert barred(declined=member) == "Pool “Seniors”, by turn: Mia declined this lead."
    assert barred(excluded=member) == "Pool “Seniors”, by turn: Mia just reached a limit."


@pytest.mark.parametrize(
    ("mode", "end", "lines"),
    [
        (Mode.CLAIM, "open", ["Pool “Seniors”, open to claim: Mia, Jonas, Lena away until Monday 23 March, 09:00.", "Whoever claims it first gets it."]),
        (Mode.HOPPER, "hopper", ["Pool “Seniors”, a hopper: Mia, Jonas, Lena away until Monday 23 March, 09:00.", "It waits in the hopper for someone to pick it."]),
    ],
)  # fmt: skip
def test_open_pools_say_who_may_take_it(mode: Mode, end: str, lines: list[str]) -> None:
    step = choose(seniors(mode=mode, ranking=Ranking.NONE), now=NOON).to_trace()

    assert told(step, end=end)[1:3] == lines


def test_a_ladder_tells_every_step() -> None:
    steps: Sequence[dict[str, Any]] = (
        choose(pool(), now=NOON).to_trace(),
        choose(pool(seat(1)), now=NOON).to_trace("hops"),
        choose(pool(seat(1)), now=NOON).to_trace("inactive"),
    )

    assert told(*steps, end="manager", reason="empty_pool")[1:8] == [
        "Pool “Seniors”, by turn.",
        "Nobody in it could take the lead.",
        "Pool “Seniors”, by turn: Mia 1.00 due.",
        "The lead had been passed on there as often as the pool allows.",
        "Pool “Seniors”, by turn: Mia 1.00 due.",
        "The pool is switched off.",
        "A manager was asked to place it: empty pool.",
    ]


def test_a_decision_without_a_rule_says_so() -> None:
    only_end = {
        "rules": [],
        "ruled_out": 1200,
        "facts": {},
        "steps": [],
        "end": "none",
        "reason": "no rule matched",
    }

    assert explain(only_end, names={}, registry=REGISTRY) == [
        "It went to nobody: no rule matched.",
        "1,200 other rules did not match.",
    ]


def test_a_duplicate_and_an_empty_trace_can_be_told() -> None:
    assert explain({"end": "duplicate"}, names={}, registry=REGISTRY) == [
        "The team already has this lead, so its owner keeps it and nobody used a turn."
    ]
    assert explain({}, names={}, registry=REGISTRY) == []


def test_a_member_who_left_is_not_named() -> None:
    step = choose(pool(seat(7)), now=NOON).to_trace()

    assert told(step)[2] == "A former member was next."


def test_many_failed_rules_are_counted() -> None:
    rules = compile_rules([rule(n, leaf("campaign", "is", f"c{n}")) for n in range(1, 9)], REGISTRY)

    lines = explain({"rules": rules.trace(LEAD), "ruled_out": 0}, names={}, registry=REGISTRY)

    assert lines[2:] == [
        "Rule 3 “Rule 3” did not match: it needs campaign is c3.",
        "5 other rules did not match.",
    ]


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({}, "every lead"),
        (leaf("country", "is", "DE"), "country is DE"),
        ({"not": leaf("country", "is", "DE")}, "country is not DE"),
        ({"not": leaf("country", "starts_with", "D")}, "not (country starts with D)"),
        (leaf("employees", "between", [10, 20_000]), "employees is between 10 and 20,000"),
        (leaf("decision_maker", "is", True), "decision-maker is yes"),
        (leaf("budget", "is_empty"), "budget is empty"),
        ({"any": [leaf("language", "is", "fr"), leaf("postcode", "starts_with", ["10", "12"])]}, "language is fr or postcode starts with 10, 12"),
        (every({"any": [leaf("need", "is", "a"), leaf("need", "is", "b")]}, leaf("score", "gt", 5)), "(need is a or need is b); score > 5"),
        (leaf("city", "within_area", {"countries": ["DE"], "postcodes": ["10", "12"]}), "place is within DE, postcodes 10, 12…"),
        (leaf("received_at", "received_during_hours", "closed"), "received during closed hours"),
        ({"op": "received_during_hours", "value": {}}, "received during hours of its own"),
        ({"op": "share_of_leads", "value": {"percent": 30}}, "the lead is in the 30 % share"),
        (leaf("gone", "starts_with", "x"), "gone starts with"),
        ({"all": [3]}, "? ?"),
    ],
)  # fmt: skip
def test_conditions_read_as_a_sentence(tree: Any, words: str) -> None:
    assert in_words(tree, REGISTRY) == words


def test_a_page_gets_the_parts_of_the_sentence() -> None:
    tree = every(leaf("country", "is_one_of", ["DE", "AT"]), {"any": [leaf("gone", "is", 1)]})

    assert describe(tree, REGISTRY) == Group(
        "all",
        (
            Phrase("all[0]", "country", "is one of", ("DE", "AT")),
            Group("any", (Phrase("all[1].any[0]", "gone", "is", (), is_known=False),)),
        ),
    )
    assert describe({}, REGISTRY) == Group("all", ())


def test_a_page_shows_what_a_rule_asks_of_a_personal_field_and_a_decision_does_not() -> None:
    tree = every(leaf("email", "ends_with", "@acme.example"))

    assert in_words(tree, REGISTRY) == "e-mail ends with @acme.example"
    assert in_words(tree, REGISTRY, hides_personal=True) == "e-mail ends with …"
