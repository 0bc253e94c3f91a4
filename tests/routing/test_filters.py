"""Filters: who may take a lead at all, told apart by what the lead says of itself."""

# ruff: noqa: E501  a case a line

from decimal import Decimal
from typing import Any

import pytest

from apps.routing import filters
from apps.routing.decide import Choice, choose
from apps.routing.facts import Mode, Ranking, SeatFacts, Skip
from apps.routing.languages import code_of
from tests.routing.makers import NOON, REGISTRY, lead, pool, seat

SOLAR = {"kind": "skill", "skill": "Solar", "level": 3}
PRODUCT = {"kind": "skill", "field": "product", "level": 2}
TERRITORY, LANGUAGE = {"kind": "territory"}, {"kind": "language"}
SENIOR = {"kind": "experience", "field": "employees", "steps": [[0, 0], [500, 3], [5000, 8]]}
GERMANY: dict[str, tuple[str, ...]] = {"countries": ("de",)}
BERLIN: dict[str, tuple[str, ...]] = {"countries": ("de",), "postcodes": ("10", "12")}


def looked(
    item: Any, values: dict[str, Any], mode: Mode = Mode.ASSIGN, **facts: Any
) -> tuple[Skip | None, dict[str, Any]]:
    ranking = Ranking.NONE if mode.is_open else Ranking.TURN
    given = item if "items" in item else {"items": [item]}
    asked = pool(seat(1, **facts), ranking=ranking, mode=mode, filters=given)
    candidate = choose(asked, now=NOON, lead=lead(values)).candidates[0]
    return candidate.skip, dict(candidate.detail)


def skip(item: Any, values: dict[str, Any], **facts: Any) -> Skip | None:
    return looked(item, values, **facts)[0]


@pytest.mark.parametrize(
    ("item", "values", "facts", "expected"),
    [
        (SOLAR, {}, {"skills": {"solar": 3}}, None),
        (SOLAR, {}, {"skills": {"solar": 2}}, Skip.SKILL),
        (SOLAR, {}, {"skills": {"wind": 5}}, Skip.SKILL),
        (PRODUCT, {"product": " SOLAR "}, {"skills": {"solar": 2}}, None),
        (PRODUCT, {"product": "Wind"}, {"skills": {"solar": 5}}, Skip.SKILL),
        (PRODUCT, {"product": ("Wind", "Solar")}, {"skills": {"solar": 5}}, None),
        (PRODUCT, {}, {}, None),
        (PRODUCT, {"product": "  "}, {}, None),
        (TERRITORY, {"country": "DE"}, {"territories": (GERMANY,)}, None),
        (TERRITORY, {"country": "AT"}, {"territories": (GERMANY,)}, Skip.TERRITORY),
        (TERRITORY, {"country": "DE"}, {}, Skip.TERRITORY),
        (TERRITORY, {"country": "DE", "postcode": "12-043"}, {"territories": (BERLIN,)}, None),
        (TERRITORY, {"country": "DE", "postcode": "20095"}, {"territories": (BERLIN,)}, Skip.TERRITORY),
        (TERRITORY, {"country": "DE"}, {"territories": (BERLIN,)}, Skip.TERRITORY),
        (TERRITORY, {"postcode": "10 117"}, {"territories": ({"postcodes": ("10115-12099",)},)}, None),
        (TERRITORY, {"postcode": "12100"}, {"territories": ({"postcodes": ("10115-12099",)},)}, Skip.TERRITORY),
        (TERRITORY, {"country": "DE"}, {"territories": ({}, BERLIN, GERMANY)}, None),
        (TERRITORY, {"country": "DE"}, {"territories": ({},)}, Skip.TERRITORY),
        (TERRITORY, {"source": "web"}, {}, None),
        (LANGUAGE, {"language": "de-AT"}, {"languages": {"german": 4}}, None),
        (LANGUAGE, {"language": "French"}, {"languages": {"german": 4}}, Skip.LANGUAGE),
        (LANGUAGE, {}, {}, None),
        (SENIOR, {"employees": 499}, {"years": 0}, None),
        (SENIOR, {"employees": 500}, {"years": 2}, Skip.EXPERIENCE),
        (SENIOR, {"employees": Decimal(500)}, {"years": 3}, None),
        (SENIOR, {"employees": "6000"}, {"years": 7}, Skip.EXPERIENCE),
        (SENIOR, {}, {"years": 0}, None),
    ],
)  # fmt: skip
def test_each_kind_keeps_out_who_does_not_match(
    item: Any, values: dict[str, Any], facts: dict[str, Any], expected: Skip | None
) -> None:
    assert skip(item, values, **facts) is expected


@pytest.mark.parametrize("mode", list(Mode))
def test_filters_bind_in_every_mode(mode: Mode) -> None:
    assert looked(SOLAR, {}, mode)[0] is Skip.SKILL


@pytest.mark.parametrize(
    ("item", "values", "facts", "detail"),
    [
        (SOLAR, {}, {"skills": {"solar": 1}}, {"skill": "Solar", "level": 3, "has": 1}),
        (PRODUCT, {"product": "Wind"}, {}, {"skill": "Wind", "level": 2, "has": 0}),
        (LANGUAGE, {"language": "French"}, {}, {"language": "French"}),
        (SENIOR, {"employees": 700}, {"years": 1}, {"years": 3, "has": 1}),
        (TERRITORY, {"country": "FR"}, {}, {}),
    ],
)
def test_the_reason_holds_what_was_asked_and_what_she_has(
    item: Any, values: dict[str, Any], facts: dict[str, Any], detail: dict[str, Any]
) -> None:
    assert looked(item, values, **facts)[1] == detail


def test_all_tells_the_first_that_fails_and_any_needs_one() -> None:
    both = [SOLAR, LANGUAGE]
    french = {"language": "fr"}

    assert skip({"items": both}, french, skills={"solar": 3}) is Skip.LANGUAGE
    assert skip({"match": "all", "items": both}, french) is Skip.SKILL
    assert skip({"match": "any", "items": both}, french, skills={"solar": 3}) is None
    assert skip({"match": "any", "items": both}, french, languages={"fr": 1}) is None
    assert skip({"match": "any", "items": both}, french) is Skip.SKILL


def test_under_any_what_the_lead_does_not_say_opens_no_door() -> None:
    either = {"match": "any", "items": [TERRITORY, LANGUAGE]}

    assert skip(either, {"country": "FR"}, territories=(GERMANY,)) is Skip.TERRITORY
    assert skip(either, {}) is None


def test_without_a_lead_only_what_is_fixed_is_asked() -> None:
    def reasons(*items: Any) -> list[Skip | None]:
        asked = pool(seat(1), filters={"items": list(items)})
        choice: Choice = choose(asked, now=NOON)
        return [each.skip for each in choice.candidates]

    assert reasons(TERRITORY, LANGUAGE, SENIOR, PRODUCT) == [None]
    assert reasons(TERRITORY, SOLAR) == [Skip.SKILL]


@pytest.mark.parametrize("stored", [{}, {"items": []}, {"items": None}, {"items": [{}]}])
def test_no_filters_keep_nobody_out(stored: Any) -> None:
    assert skip({"items": [], **stored}, {"country": "DE"}) is None


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("de", "de"), ("DE", "de"), ("de-AT", "de"), ("de_CH", "de"), ("Deutsch", "de"),
        ("German (Swiss)", "de"), ("English (UK)", "en"), ("pt_BR", "pt"), ("Português", "pt"),
        ("Norsk", "no"), ("nb-NO", "no"), ("العربية", "ar"), ("Klingon", "klingon"), ("", ""),
    ],
)  # fmt: skip
def test_languages_are_known_by_code_and_by_name(said: str, code: str) -> None:
    assert code_of(said) == code


def problems(given: Any, skills: Any = None) -> list[str]:
    return [str(error) for error in filters.validate(given, REGISTRY, skills=skills)]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"match": "any", "items": [SOLAR, PRODUCT, TERRITORY, LANGUAGE, SENIOR]},
        {"items": [{"kind": "skill", "skill": "solar"}]},
        {"items": [{"kind": "experience", "field": "budget", "steps": [[0.5, 1]]}]},
    ],
)
def test_what_can_work_is_saved(given: Any) -> None:
    assert problems(given, skills=["SOLAR"]) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "expected filters with a list of items, got a list"),
        ({"or": 1}, "unknown part 'or'; use match and items"),
        ({"match": "one"}, "match: expected all or any, got 'one'"),
        ({"match": []}, "match: expected all or any, got a list"),
        ({"items": {}}, "items: expected a list, got an object"),
        ({"items": [LANGUAGE] * 21}, "items: has more than 20 entries; remove some"),
        ({"items": ["skill"]}, "items[0]: expected an entry with its kind, got 'skill'"),
        ({"items": [{"kind": ["skill"]}]}, "items[0].kind: unknown kind a list; use skill, territory, language, experience"),
        ({"items": [{"kind": "similar", "field": "industry"}]}, "items[0].kind: unknown kind 'similar'; use skill, territory, language, experience"),
        ({"items": [{**LANGUAGE, "weight": 2}]}, "items[0]: unknown part 'weight'; use kind"),
        ({"items": [LANGUAGE, {"kind": "skill"}]}, "items[1].skill: choose a skill, or a field that names it"),
        ({"items": [{"kind": "skill", "skill": "x" * 81}]}, "items[0].skill: choose a skill, or a field that names it"),
        ({"items": [{"kind": "skill", "skill": "a\0b"}]}, "items[0].skill: choose a skill, or a field that names it"),
        ({"items": [{"kind": "skill", "skill": "Wind"}]}, "items[0].skill: 'Wind' is no skill of the team; add it to the skills first"),
        ({"items": [{**SOLAR, "level": 6}]}, "items[0].level: expected a whole number from 1 to 5, got 6"),
        ({"items": [{**SOLAR, "level": True}]}, "items[0].level: expected a whole number from 1 to 5, got yes"),
        ({"items": [{**SOLAR, "field": "product"}]}, "items[0]: names a skill and a field; keep one of them"),
        ({"items": [{**PRODUCT, "field": "gone"}]}, "items[0].field: unknown field 'gone'; choose one of the team's fields"),
        ({"items": [{**PRODUCT, "field": ["x"]}]}, "items[0].field: unknown field a list; choose one of the team's fields"),
        ({"items": [{**PRODUCT, "field": "email"}]}, "items[0].field: E-mail is personal; choose another field"),
        ({"items": [{**PRODUCT, "field": "employees"}]}, "items[0].field: Employees does not hold text or choices"),
        ({"items": [{**SENIOR, "field": "product"}]}, "items[0].field: Product does not hold numbers"),
        ({"items": [{**SENIOR, "steps": []}]}, "items[0].steps: expected steps such as [[0, 0], [500, 3]]: from 500 on, 3 years"),
        ({"items": [{**SENIOR, "steps": [[0, 0], [1]]}]}, "items[0].steps[1]: expected a number and the years from there on, got a list"),
        ({"items": [{**SENIOR, "steps": [["5", 1]]}]}, "items[0].steps[0]: expected a number such as 500, got '5'"),
        ({"items": [{**SENIOR, "steps": [[10**30, 1]]}]}, "items[0].steps[0]: expected a number such as 500, got a number that is too large"),
        ({"items": [{**SENIOR, "steps": [[float("nan"), 1]]}]}, "items[0].steps[0]: expected a number such as 500, got nan"),
        ({"items": [{**SENIOR, "steps": [[5, 61]]}]}, "items[0].steps[0]: expected a whole number from 0 to 60, got 61"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_its_path(given: Any, message: str) -> None:
    assert problems(given, skills=["Solar"]) == [message]


def test_filters_read_as_a_sentence() -> None:
    everything = {"items": [SOLAR, PRODUCT, TERRITORY, LANGUAGE, SENIOR]}

    assert filters.in_words(everything, REGISTRY) == (
        "knows Solar at level 3 or above; knows the lead’s product at level 2 or above; "
        "the lead is in one of the member’s territories; speaks the lead’s language; "
        "has the experience for the lead’s employees: 3 years from 500, 8 years from 5,000"
    )
    either = {"match": "any", "items": [LANGUAGE, {"kind": "skill", "skill": "Solar"}]}
    assert filters.in_words(either, REGISTRY) == "speaks the lead’s language or knows Solar"
    assert filters.in_words({}, REGISTRY) == ""


def test_a_covering_colleague_is_measured_by_what_the_facts_say() -> None:
    covered: SeatFacts = seat(1, covered_by=seat(2).member, skills={"solar": 5})
    asked = pool(covered, filters={"items": [SOLAR]})

    assert choose(asked, now=NOON).winner == covered
