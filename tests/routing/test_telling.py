"""What decisions say of fit, performance, limits, covers and owners; and “why not me?”"""

# ruff: noqa: E501  a case a line

from datetime import timedelta
from typing import Any

import pytest

from apps.routing.decide import Choice, choose
from apps.routing.explain import explain, why_not_me
from apps.routing.facts import CapWindow, Mode, PoolFacts, Preferred, Ranking, Record, Skip
from apps.routing.telling import SKIPPED
from tests.routing.makers import NOON, REGISTRY, lead, pool, seat, uuid

MIA, JONAS, LENA = str(uuid(101)), str(uuid(102)), str(uuid(103))
NAMES = {MIA: "Mia", JONAS: "Jonas", LENA: "Lena"}
LATER = NOON + timedelta(hours=3)
LEAD = lead({"country": "DE", "language": "de", "employees": 600, "industry": "Retail"})
TEAM = Record(closed=1000, won=500)


def told(choice: Choice, perspective: str | None = None, why: str | None = None) -> list[str]:
    trace = {"steps": [choice.to_trace(why)], "end": "assign"}
    return explain(trace, names=NAMES, registry=REGISTRY, perspective=perspective)


def place(*seated: Any, **facts: Any) -> Choice:
    return choose(pool(*seated, **facts), now=NOON, lead=LEAD)


def test_a_match_is_told_part_by_part() -> None:
    items = [
        {"kind": "skill", "skill": "Solar", "level": 4, "weight": 2},
        {"kind": "territory"},
        {"kind": "language"},
        {"kind": "experience", "field": "employees", "steps": [[500, 4]]},
        {"kind": "similar", "field": "industry"},
    ]
    mia = seat(
        1, skills={"solar": 3}, territories=({"countries": ("de",)},), languages={"de": 1}, years=1,
        record=Record(closed=200, won=100, by={"industry": {"retail": (80, 56)}}),
    )  # fmt: skip

    assert told(place(mia, seat(2), ranking=Ranking.FIT, fit=items, team_record=TEAM)) == [
        (
            "Pool “Seniors”, best match first: "
            "Mia 74 % match (Solar 75 %, territory 100 %, de 100 %, 1 year of experience 25 %, wins 66 % of Retail after 80 closed), "
            "Jonas 8 % match (Solar 0 %, territory 0 %, de 0 %, 0 years of experience 0 %, wins 50 % of Retail after 0 closed)."
        ),
        "Mia was the best match.",
    ]


def test_a_lead_that_asks_for_nothing_is_said_to() -> None:
    choice = choose(
        pool(seat(1), prefer=(Ranking.FIT,), fit=[{"kind": "language"}]), now=NOON, lead=lead()
    )

    assert told(choice)[0] == (
        "Pool “Seniors”, best match first, then by turn: Mia no match asked, 1.00 due."
    )


def test_combined_keys_are_told_in_their_order() -> None:
    assert told(place(seat(1, load=2), seat(2, load=5), prefer=(Ranking.LOAD,))) == [
        "Pool “Seniors”, fewest open leads first, then by turn: Mia 2 open, 1.00 due, Jonas 5 open, 0.00 due.",
        "Mia was next.",
    ]


def by_performance(**settings: Any) -> Choice:
    return place(
        seat(1, record=Record(closed=80, won=49)), seat(2), ranking=Ranking.PERFORMANCE,
        performance=settings, team_record=TEAM,
    )  # fmt: skip


def test_a_lead_placed_by_performance_says_so_with_the_factor() -> None:
    assert told(by_performance()) == [
        "Pool “Seniors”, by performance: Mia 0.54 due (weight × 1.18), Jonas 0.46 due.",
        "Mia was next.",
    ]
    assert (
        told(by_performance(share=0))[0] == "Pool “Seniors”, by turn: Mia 0.50 due, Jonas 0.50 due."
    )


@pytest.mark.parametrize(
    ("why", "words", "to_herself"),
    [
        ("contact", "Mia had this person before, and keeps it; nobody used a turn.", "You had this person before, so you keep it; nobody used a turn."),
        ("company", "Mia had this company before, and keeps it; nobody used a turn.", "You had this company before, so you keep it; nobody used a turn."),
        ("named", "Mia looks after this account, and keeps it; nobody used a turn.", "You look after this account, so you keep it; nobody used a turn."),
    ],
)  # fmt: skip
def test_an_owner_who_keeps_the_lead_is_told_why(why: str, words: str, to_herself: str) -> None:
    choice = choose(pool(seat(1), seat(2)), now=NOON, preferred=[Preferred(uuid(101), why)])

    assert told(choice)[1] == words
    assert told(choice, MIA)[1] == to_herself
    assert told(choice, JONAS)[1] == words.replace("Mia", "A colleague")


def test_a_cover_is_told_as_lena_for_mia() -> None:
    covered = seat(1, covered_by=uuid(103))
    choice = place(covered, seat(2))
    kept = choose(pool(covered), now=NOON, preferred=[Preferred(uuid(101), "contact")])

    assert told(choice) == [
        "Pool “Seniors”, by turn: Lena for Mia 0.50 due, Jonas 0.50 due.",
        "Lena was next, for Mia.",
    ]
    assert told(choice, LENA)[1] == "You were next, for a colleague."
    assert told(choice, MIA) == [
        "Pool “Seniors”, by turn: A colleague for you 0.50 due.",
        "A colleague was next, for you.",
    ]
    assert (
        told(kept)[1] == "Mia had this person before, so Lena took it as cover; nobody used a turn."
    )


FILTERS = {
    Skip.SKILL: {"kind": "skill", "skill": "Solar", "level": 4},
    Skip.TERRITORY: {"kind": "territory"},
    Skip.LANGUAGE: {"kind": "language"},
    Skip.EXPERIENCE: {"kind": "experience", "field": "employees", "steps": [[500, 3]]},
}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"may_work": False}, "not permitted to work on leads"),
        ({"filters": Skip.SKILL}, "without the skill Solar"),
        ({"filters": Skip.SKILL, "skills": {"solar": 2}}, "without the skill Solar at level 4 (has 2)"),
        ({"filters": Skip.TERRITORY}, "without a territory there"),
        ({"filters": Skip.LANGUAGE}, "without its language (de)"),
        ({"filters": Skip.EXPERIENCE, "years": 1}, "without the experience of 3 years (has 1)"),
        ({"seat_capacity": 4, "load": 4}, "at the limit of open leads in this pool (4)"),
        ({"cap_hour": 1}, "at the limit for this hour (1) until Wednesday 18 March, 13:00"),
        ({"cap_day": 1}, "at the limit for today (1) until Thursday 19 March, 00:00"),
        ({"cap_week": 1}, "at the limit for this week (1) until Monday 23 March, 00:00"),
        ({"cap_month": 1}, "at the limit for this month (1) until Wednesday 1 April, 00:00"),
    ],
)  # fmt: skip
def test_each_skip_has_its_words_and_numbers(facts: dict[str, Any], words: str) -> None:
    asked = [FILTERS[facts.pop("filters")]] if "filters" in facts else []
    choice = place(seat(1, placed_at=(NOON,), **facts), filters={"items": asked})

    assert told(choice)[0] == f"Pool “Seniors”, by turn: Mia {words}."


def test_a_rolling_cap_says_when_it_frees() -> None:
    placed = NOON - timedelta(hours=20)
    choice = place(seat(1, cap_day=1, placed_at=(placed,)), cap_window=CapWindow.ROLLING)

    assert "at the limit for today (1) until Wednesday 18 March, 16:00" in told(choice)[0]


def test_every_reason_has_words() -> None:
    assert set(SKIPPED) == set(Skip)


# Why not me?


def mine(choice: Choice, member: str = MIA, why: str | None = None, **trace: Any) -> list[str]:
    return why_not_me({"steps": [choice.to_trace(why)], "end": "assign", **trace}, member)


def test_whoever_was_passed_over_reads_why_and_until_when() -> None:
    choice = place(seat(1, is_paused=True, paused_until=LATER), seat(2))

    assert mine(choice) == ["Pool “Seniors”: you were paused until Wednesday 18 March, 15:00."]


@pytest.mark.parametrize(
    ("barred", "words"),
    [
        ("tried", "you already had this lead"),
        ("declined", "you declined this lead"),
        ("excluded", "you just reached a limit"),
    ],
)
def test_what_she_did_herself_reads_as_a_deed(barred: str, words: str) -> None:
    members: Any = {barred: frozenset({uuid(101)})}

    assert mine(choose(pool(seat(1), seat(2)), now=NOON, **members)) == [
        f"Pool “Seniors”: {words}."
    ]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "you were number 2 of 3, by turn with 0.20 ahead; a colleague was ahead of you"),
        ({"ranking": Ranking.LOAD}, "you were number 3 of 3, fewest open leads first with 7 open; a colleague was ahead of you"),
        ({"ranking": Ranking.NONE, "mode": Mode.CLAIM}, "you were one of 3 who could take it"),
    ],
)  # fmt: skip
def test_whoever_was_in_line_reads_her_own_place_and_numbers(
    facts: dict[str, Any], words: str
) -> None:
    members = (
        seat(1, credit=-533_333_333, load=7), seat(2, credit=500_000_000, load=1),
        seat(3, credit=-600_000_000, load=2),
    )  # fmt: skip

    assert mine(place(*members, **facts)) == [f"Pool “Seniors”: {words}."]


def test_whoever_got_it_reads_so() -> None:
    assert mine(place(seat(1))) == ["Pool “Seniors”: it went to you."]
    cover = place(seat(1, covered_by=uuid(103)))
    assert mine(cover, LENA) == ["Pool “Seniors”: it went to you as cover for a colleague."]
    assert mine(cover) == ["Pool “Seniors”: a colleague took your place as your cover."]


def test_a_kept_owner_is_told_without_a_name() -> None:
    choice = choose(
        pool(seat(1), seat(2)), now=NOON, preferred=[Preferred(uuid(102), "company")]
    )  # fmt: skip

    assert mine(choice) == [
        (
            "Pool “Seniors”: you were number 1 of 2, by turn with 0.50 due; "
            "it stayed with a colleague who had this company before."
        )
    ]


def test_a_lead_that_went_elsewhere_says_which_rule_sent_it_where() -> None:
    rules = [
        {"rule": "a", "n": 1, "name": "Depots", "matched": False},
        {"rule": "b", "n": 2, "name": "DACH", "matched": True},
    ]

    assert mine(place(seat(2)), rules=rules) == [
        "Rule 2 “DACH” decided where it went.",
        "You have no seat in pool “Seniors”.",
    ]
    assert why_not_me({"rules": rules, "steps": [], "end": "assign"}, MIA) == [
        "Rule 2 “DACH” decided where it went.",
        "It went to one member directly, without a choice among colleagues.",
    ]
    assert why_not_me({"steps": [], "end": "manager", "reason": "no_rule_matched"}, MIA) == [
        "A manager was asked to place it: no rule matched."
    ]


def test_each_pool_of_a_ladder_has_her_result() -> None:
    steps = [
        choose(pool(seat(1)), now=NOON, tried={uuid(101)}).to_trace("hops"),
        choose(pool(seat(1), ranking=Ranking.NONE, mode=Mode.CLAIM), now=NOON).to_trace(),
    ]

    assert why_not_me({"steps": steps, "end": "open"}, MIA) == [
        "Pool “Seniors”: you already had this lead.",
        "The lead had been passed on there as often as the pool allows.",
        "Pool “Seniors”: you were one of 1 who could take it.",
        "Whoever claims it first gets it.",
    ]


def busy() -> PoolFacts:
    away = ((NOON - timedelta(days=1), LATER),)
    return pool(
        seat(1, load=1, years=1), seat(2, credit=123_000_000, load=41, years=31, name="Jonas"),
        seat(3, time_off=away, name="Lena"), prefer=(Ranking.LOAD,), timezone="UTC",
    )  # fmt: skip


def test_nothing_of_a_colleague_is_revealed() -> None:
    said = " ".join(mine(choose(busy(), now=NOON, lead=LEAD)))

    for marker in ("Jonas", "Lena", JONAS, LENA, "0.12", "41", "31", "away", "15:00"):
        assert marker not in said
