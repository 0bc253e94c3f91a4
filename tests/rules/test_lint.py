"""What the page says before a publication: dead ends, shadows, names of what is gone."""

from __future__ import annotations

from typing import Any

import pytest

from apps.rules.builder import board
from apps.rules.lint.coverage import covers
from apps.rules.lint.findings import Note
from apps.rules.models import Destination, Overflow, Rule, RuleSet
from apps.rules.sets import services as rule_sets
from apps.rules.sets import versions
from apps.rules.sets.checking import RuleFields
from apps.teams.access import Access
from apps.teams.models import Membership, Team
from tests.rules import makers
from tests.rules.makers import NOW, leaf

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def manager(team: Team) -> Access:
    return makers.manager_of(team)


def notes(by: Access, rule_set: RuleSet | None = None) -> list[Note]:
    return board.load(by, rule_set.pk if rule_set else None, now=NOW).notes


def texts(by: Access, rule_set: RuleSet | None = None) -> str:
    return "\n".join(f"{note.tone}: {note.title}: {note.text}" for note in notes(by, rule_set))


def called_set(by: Access, name: str = "Called") -> RuleSet:
    return rule_sets.create_rule_set(by.team, name=name, trigger="called", by=by, now=NOW)


def test_nothing_is_said_of_rules_that_are_well(team: Team, manager: Access) -> None:
    pool = makers.make_pool(manager)
    makers.make_seat(pool, "Mia Brandt", manager)
    makers.add_rule(manager, pool=pool)

    assert notes(manager) == []


def test_an_empty_pool_and_an_overflow_that_ends_nowhere(team: Team, manager: Access) -> None:
    empty = makers.make_pool(manager, "Night")
    pool = makers.make_pool(manager, "Day", overflow=Overflow.POOL, overflow_pool_id=empty.pk)
    makers.make_seat(pool, "Mia Brandt", manager)
    makers.add_rule(manager, pool=pool, name="By day")
    makers.add_rule(
        manager, pool=empty, name="By night", conditions={"all": [leaf("city", "is", "A")]}
    )

    said = texts(manager)

    assert "urgent: Night: Nobody has an active seat" in said
    assert "urgent: Day: The overflow of this pool ends in Night, where nobody is." in said


def test_a_rule_that_an_earlier_one_shadows(team: Team, manager: Access) -> None:
    makers.add_rule(
        manager,
        name="Wide",
        conditions={"any": [leaf("country", "is", "DE"), leaf("country", "is", "AT")]},
    )
    makers.add_rule(
        manager,
        name="Narrow",
        conditions={"all": [leaf("country", "is", "at"), leaf("score", "gt", 4)]},
    )

    assert "“Wide” above catches everything" in texts(manager)


def test_a_rule_that_only_goes_on_shadows_nothing(team: Team, manager: Access) -> None:
    on_the_way = RuleFields(
        name="Mark", destination=Destination.CONTINUE, priority=24,
        conditions={"all": [leaf("country", "is", "DE")]},
    )  # fmt: skip
    versions.add_rule(versions.main_set(team), on_the_way, by=manager, now=NOW)
    makers.add_rule(manager, name="Germany")

    assert "catches everything" not in texts(manager)


def test_a_source_that_no_rule_catches(team: Team, manager: Access) -> None:
    fair, website = makers.make_source(team, "fair"), makers.make_source(team)
    makers.make_lead(team, fair, country="FR")
    makers.make_lead(team, website, country="DE")
    makers.add_rule(manager)

    said = texts(manager)

    assert "Fair: No rule above “Everything else” catches" in said
    assert "Website:" not in said


def test_a_field_that_is_gone_and_an_option_that_is_gone(team: Team, manager: Access) -> None:
    field = makers.make_field(team, "stage", "choice", options=["Early", "Late"])
    makers.add_rule(
        manager, name="Early", conditions={"all": [leaf("custom.stage", "is", "Early")]}
    )
    field.options = ["Late"]
    field.save()
    makers.moved(team)
    assert "is not an option of" in texts(manager)

    field.delete()
    makers.moved(team)
    assert "urgent: Rule 1 “Early”: A condition can’t work any more" in texts(manager)


def test_a_member_who_left(team: Team, manager: Access) -> None:
    mia = makers.make_member(team, "Mia Brandt")
    sent: list[dict[str, Any]] = [
        {"destination": Destination.MEMBER, "member_id": mia.pk},
        {"destination": Destination.HOPPER, "caretaker_id": mia.pk},
        {"destination": Destination.MANAGER, "notify": (mia.pk,)},
    ]
    for number, fields in enumerate(sent):
        rule = RuleFields(
            name=f"Rule {number}", conditions={"all": [leaf("score", "is", number)]}, **fields
        )
        versions.add_rule(versions.main_set(team), rule, by=manager, now=NOW)
    Membership.objects.filter(pk=mia.pk).update(is_active=False)

    said = texts(manager)

    assert "sends leads to Mia Brandt, who is no longer active" in said
    assert "Mia Brandt, who should look after these leads, is no longer active" in said
    assert "tells a member who is no longer active" in said


def test_an_interest_group_that_is_not_in_use(team: Team, manager: Access) -> None:
    group = makers.make_group(team, "Solar")
    makers.moved(team)
    rule = RuleFields(
        name="Solar", destination=Destination.MANAGER, group_ids=(group.pk,),
        conditions={"all": [leaf("interest_group", "has_any_of", ["Wind"])]},
    )  # fmt: skip
    versions.add_rule(versions.main_set(team), rule, by=manager, now=NOW)
    group.is_active = False
    group.save()
    makers.moved(team)

    said = texts(manager)

    assert "It asks for the interest group “Wind”" in said
    assert "adds leads to an interest group that is not in use" in said


def test_a_set_that_nobody_calls_and_one_that_was_never_published(
    team: Team, manager: Access
) -> None:
    called = called_set(manager)
    versions.draft_of(called, by=manager, now=NOW)
    assert "No rule sends leads here yet" in texts(manager, called)

    through = RuleFields(
        name="Through", destination=Destination.RULE_SET, conditions={}, rule_set_id=called.pk
    )
    versions.add_rule(versions.main_set(team), through, by=manager, now=NOW)

    assert "The rule set “Called” was never published" in texts(manager)
    assert "No rule sends leads here yet" not in texts(manager, called)


def test_a_lead_that_a_called_set_gives_back_is_counted_below(team: Team, manager: Access) -> None:
    called = called_set(manager)
    versions.add_rule(called, makers.fields(name="Germans"), by=manager, now=NOW)
    versions.publish(called, by=manager, now=NOW)
    main = versions.main_set(team)
    through = RuleFields(
        name="Through", destination=Destination.RULE_SET, conditions={}, rule_set_id=called.pk
    )
    rule = versions.add_rule(main, through, by=manager, now=NOW)
    source = makers.make_source(team)
    for country in ("DE", "FR"):
        makers.make_lead(team, source, country=country)

    page = board.load(manager, now=NOW)

    last = page.rules[-1]
    assert page.trial.counts[rule.key] == 2
    assert page.trial.counts[last.key] == 1
    assert [lead.country for lead in page.trial.leads_of(last.key)] == ["FR"]


@pytest.mark.parametrize(
    ("wide", "narrow", "is_covered"),
    [
        ({"all": [leaf("score", "gte", 5)]}, {"all": [leaf("score", "gt", 5)]}, True),
        ({"all": [leaf("score", "gt", 5)]}, {"all": [leaf("score", "gte", 5)]}, False),
        (
            {"any": [leaf("city", "is", "A"), leaf("city", "is", "B")]},
            leaf("city", "is", "B"),
            True,
        ),
        (
            leaf("city", "is", "B"),
            {"any": [leaf("city", "is", "A"), leaf("city", "is", "B")]},
            False,
        ),
        ({"not": leaf("city", "is", "B")}, {"not": leaf("city", "is_one_of", ["A", "B"])}, True),
        ({"not": leaf("city", "is_one_of", ["A", "B"])}, {"not": leaf("city", "is", "B")}, False),
        (leaf("city", "is_known"), leaf("city", "contains", ["x"]), True),
        (leaf("city", "is_known"), {"not": leaf("city", "contains", ["x"])}, False),
        (leaf("city", "is_known"), leaf("city", "is_empty"), False),
    ],
)
def test_one_condition_covers_another(
    wide: dict[str, Any], narrow: dict[str, Any], is_covered: bool
) -> None:
    assert covers(wide, narrow) is is_covered


def test_notes_stand_beside_the_rule_they_are_about(team: Team, manager: Access) -> None:
    rule: Rule = makers.add_rule(
        manager, name="Fair", conditions={"all": [leaf("source", "is", "nowhere")]}
    )

    page = board.load(manager, now=NOW)

    line = next(each for each in page.lines if each.rule.key == rule.key)
    assert "does not have" in line.notes[0].text
