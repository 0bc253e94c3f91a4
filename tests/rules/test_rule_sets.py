"""Several rule sets of a team: which is asked when, and that none sends leads in a circle."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from apps.rules.models import Destination, RuleSet
from apps.rules.refusals import Refused
from apps.rules.sets import compiled, shelf, versions
from apps.rules.sets import services as rule_sets
from apps.rules.sets.checking import RuleFields
from apps.teams.access import Access
from apps.teams.models import AuditEntry, Team
from tests.rules import makers
from tests.rules.makers import NOW, leaf

pytestmark = pytest.mark.django_db

Trigger = RuleSet.Trigger


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def manager(team: Team) -> Access:
    return makers.manager_of(team)


def make_set(by: Access, name: str, trigger: str = Trigger.CALLED, **settings: Any) -> RuleSet:
    return rule_sets.create_rule_set(
        by.team, name=name, trigger=trigger, settings=settings, by=by, now=NOW
    )


def calls(target: RuleSet, name: str = "Through") -> RuleFields:
    return RuleFields(
        name=name, destination=Destination.RULE_SET, conditions={}, rule_set_id=target.pk
    )


def publish(by: Access, rule_set: RuleSet, *rules: RuleFields) -> None:
    for fields in rules:
        versions.add_rule(rule_set, fields, by=by, now=NOW)
    if not rules:
        versions.draft_of(rule_set, by=by, now=NOW)
    versions.publish(rule_set, by=by, now=NOW)


def test_each_set_has_drafts_and_versions_of_its_own(team: Team, manager: Access) -> None:
    silent = make_set(manager, "Silent", Trigger.SILENT, days=3)
    publish(manager, versions.main_set(team))

    publish(manager, silent)
    publish(manager, silent, makers.fields(name="Wake up"))

    assert versions.published(silent).number == 2  # type: ignore[union-attr]
    assert versions.published(versions.main_set(team)).number == 1  # type: ignore[union-attr]
    assert compiled.live(team).number == 1  # type: ignore[union-attr]
    assert compiled.live_set(team, silent.pk).number == 2  # type: ignore[union-attr]


def test_sets_are_found_by_what_triggers_them_in_their_order(
    team: Team, manager: Access, django_assert_num_queries: Any
) -> None:
    first = make_set(manager, "First", Trigger.ACTIVITY, events=["replied"])
    second = make_set(manager, "Second", Trigger.ACTIVITY, events=["came_again"])
    draft_only = make_set(manager, "Draft", Trigger.ACTIVITY, events=["replied"])
    for each in (second, first):
        publish(manager, each)
    versions.draft_of(draft_only, by=manager, now=NOW)

    asked = compiled.triggered(team, Trigger.ACTIVITY)

    assert [each.name for each in asked] == ["First", "Second"]
    assert asked[0].settings == {"events": ["replied"]}
    assert asked[0].rules.name == "First"
    with django_assert_num_queries(0):
        assert not compiled.triggered(team, Trigger.SILENT)


def test_a_set_that_is_switched_off_is_not_asked(team: Team, manager: Access) -> None:
    changed = make_set(manager, "Changed", Trigger.CHANGED, changes=["status"])
    publish(manager, changed)
    rule_sets.switch_rule_set(changed, is_active=False, by=manager, now=NOW)
    team.refresh_from_db()

    assert not compiled.triggered(team, Trigger.CHANGED)
    assert compiled.live_set(team, changed.pk) is None


def test_new_leads_end_with_somebody_and_others_may_stay(team: Team, manager: Access) -> None:
    main, called = versions.main_set(team), make_set(manager, "Called")
    silent = make_set(manager, "Silent", Trigger.SILENT, days=9)

    lasts = [
        versions.draft_of(each, by=manager, now=NOW).rules.latest("position")
        for each in (main, called, silent)
    ]

    assert [last.destination for last in lasts] == ["manager", "continue", "stop"]
    stop = RuleFields(name="Rest", destination=Destination.STOP, conditions={})
    with pytest.raises(Refused, match="none is lost"):
        versions.save_rule(main, lasts[0].key, stop, by=manager, now=NOW)


def test_a_circle_of_sets_is_refused_with_the_way_it_goes(team: Team, manager: Access) -> None:
    main = versions.main_set(team)
    first, second = make_set(manager, "First"), make_set(manager, "Second")
    publish(manager, second)
    publish(manager, first, calls(second))
    publish(manager, main, calls(first))

    with pytest.raises(Refused) as refused:
        versions.add_rule(second, calls(main), by=manager, now=NOW)

    assert refused.value.problems[0].path == "rule_set"
    way = f"Second → {main.name} → First → Second"
    assert way in refused.value.problems[0].message


def test_two_drafts_that_would_close_a_circle_do_not_both_go_live(
    team: Team, manager: Access
) -> None:
    first, second = make_set(manager, "First"), make_set(manager, "Second")
    versions.add_rule(first, calls(second), by=manager, now=NOW)
    versions.add_rule(second, calls(first), by=manager, now=NOW)
    versions.publish(first, by=manager, now=NOW)

    with pytest.raises(Refused, match="Second → First → Second"):
        versions.publish(second, by=manager, now=NOW)


def test_a_set_may_not_call_itself(manager: Access) -> None:
    own = make_set(manager, "Own")

    with pytest.raises(Refused, match="Own → Own"):
        versions.add_rule(own, calls(own), by=manager, now=NOW)


def test_a_set_of_another_team_is_none(team: Team, manager: Access) -> None:
    rival = makers.manager_of(makers.make_team("rival"))
    foreign = make_set(rival, "Theirs")

    with pytest.raises(Refused) as refused:
        versions.add_rule(versions.main_set(team), calls(foreign), by=manager, now=NOW)
    with pytest.raises(RuleSet.DoesNotExist):
        versions.draft_of(foreign, by=manager, now=NOW)
    with pytest.raises(RuleSet.DoesNotExist):
        rule_sets.delete_rule_set(foreign, by=manager, now=NOW)

    assert [each.path for each in refused.value.problems] == ["rule_set"]


def test_a_set_that_rules_call_is_neither_switched_off_nor_deleted(
    team: Team, manager: Access
) -> None:
    called = make_set(manager, "Called")
    publish(manager, called)
    publish(manager, versions.main_set(team), calls(called, "Large firms"))

    with pytest.raises(Refused, match="Large firms"):
        rule_sets.switch_rule_set(called, is_active=False, by=manager, now=NOW)
    with pytest.raises(Refused, match="Large firms"):
        rule_sets.delete_rule_set(called, by=manager, now=NOW)


def test_a_set_that_decided_is_kept_and_one_that_never_did_goes(
    team: Team, manager: Access
) -> None:
    decided, fresh = make_set(manager, "Decided"), make_set(manager, "Fresh")
    publish(manager, decided)
    versions.draft_of(fresh, by=manager, now=NOW)

    with pytest.raises(Refused, match="Switch it off instead"):
        rule_sets.delete_rule_set(decided, by=manager, now=NOW)
    rule_sets.delete_rule_set(fresh, by=manager, now=NOW)

    assert not RuleSet.objects.filter(pk=fresh.pk).exists()


def test_the_rules_for_new_leads_stay_on(team: Team, manager: Access) -> None:
    main = versions.main_set(team)

    with pytest.raises(Refused):
        rule_sets.switch_rule_set(main, is_active=False, by=manager, now=NOW)
    with pytest.raises(Refused):
        rule_sets.delete_rule_set(main, by=manager, now=NOW)
    with pytest.raises(Refused):
        make_set(manager, "Another", Trigger.NEW)


@pytest.mark.parametrize(
    ("trigger", "settings", "path"),
    [
        (Trigger.SILENT, {"days": 0}, "days"),
        (Trigger.SILENT, {"days": "three"}, "days"),
        (Trigger.SILENT, {"days": True}, "days"),
        (Trigger.SILENT, {"days": 10**9}, "days"),
        (Trigger.ACTIVITY, {"events": []}, "events"),
        (Trigger.ACTIVITY, {"events": ["died"]}, "events"),
        (Trigger.CHANGED, {"changes": ["shoe_size"]}, "changes"),
        (Trigger.CHANGED, {"changes": ["score"], "score_crosses": "high"}, "score_crosses"),
        (Trigger.CHANGED, {"changes": ["score"], "score_crosses": 10**9}, "score_crosses"),
        (Trigger.CHANGED, {"changes": [{"a": 1}]}, "changes"),
        ("whenever", {}, "trigger"),
    ],
)
def test_what_a_set_can_t_wait_for_is_refused(
    manager: Access, trigger: str, settings: dict[str, Any], path: str
) -> None:
    with pytest.raises(Refused) as refused:
        make_set(manager, "New", trigger, **settings)

    assert [each.path for each in refused.value.problems] == [path]


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "Taken", "\x00"])
def test_a_name_is_given_once(manager: Access, name: str) -> None:
    make_set(manager, "Taken")

    with pytest.raises(Refused) as refused:
        make_set(manager, name)

    assert [each.path for each in refused.value.problems] == ["name"]


def test_only_those_who_edit_routing_make_sets_and_it_is_logged(
    team: Team, manager: Access
) -> None:
    with pytest.raises(PermissionDenied):
        make_set(Access.of(makers.make_member(team, "Mia Brandt")), "Mine")
    rule_sets.change_rule_set(make_set(manager, "Old"), name="New", by=manager, now=NOW)

    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"rules.set_created", "rules.set_changed"} <= actions


def test_the_shelf_says_when_each_is_asked_and_who_calls_it(team: Team, manager: Access) -> None:
    called = make_set(manager, "Called")
    make_set(manager, "Heard", Trigger.ACTIVITY, events=["replied", "came_again"])
    make_set(manager, "Silent", Trigger.SILENT, days=1)
    publish(manager, called)
    publish(manager, versions.main_set(team), calls(called))

    cards = {card.rule_set.name: card for card in shelf.cards(manager)}

    assert [card.is_main for card in cards.values()] == [True, False, False, False]
    assert list(cards["Called"].callers) == [versions.main_set(team).name]
    assert cards["Heard"].when == "when a lead replies or comes again"
    assert cards["Silent"].when == "after 1 day of silence"
    assert "decides nothing" in cards["Silent"].problem


def test_what_a_rule_does_on_the_way_is_kept_and_compiled(team: Team, manager: Access) -> None:
    member = makers.make_member(team, "Mia Brandt")
    group = makers.make_group(team, "Solar")
    fields = RuleFields(
        name="Large", destination=Destination.HOPPER,
        conditions={"all": [leaf("employees", "gte", 500)]}, caretaker_id=member.pk,
        group_ids=(group.pk, group.pk), priority=24, notify=(member.pk,), replaces_owner=False,
    )  # fmt: skip
    publish(manager, versions.main_set(team), fields)

    target = next(iter(compiled.live(team).targets.values()))  # type: ignore[union-attr]

    assert target.caretaker_id == member.pk
    assert (target.group_ids, target.priority, target.notify) == (
        (group.pk,), 24, (member.pk,),
    )  # fmt: skip
    assert not target.replaces_owner


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"priority": 101}, "priority"),
        ({"group_ids": ("foreign",)}, "groups"),
        ({"notify": ("foreign",)}, "notify"),
        ({"destination": Destination.HOPPER, "caretaker_id": "foreign"}, "caretaker"),
        ({"destination": "the moon"}, "destination"),
    ],
)
def test_what_a_rule_can_t_do_is_refused(
    team: Team, manager: Access, change: dict[str, Any], path: str
) -> None:
    rival = makers.make_team("rival")
    foreign = {
        "group_ids": (makers.make_group(rival, "Theirs").pk,),
        "notify": (makers.make_member(rival, "Rita Rival").pk,),
        "caretaker_id": makers.make_member(rival, "Ruth Rival").pk,
    }
    given = {key: foreign[key] if "foreign" in str(value) else value
             for key, value in change.items()}  # fmt: skip
    whole: dict[str, Any] = {"name": "New", "destination": "manager", "conditions": {}}
    fields = RuleFields(**(whole | given))

    with pytest.raises(Refused) as refused:
        versions.add_rule(versions.main_set(team), fields, by=manager, now=NOW)

    assert [each.path for each in refused.value.problems] == [path]


def test_a_copy_of_a_rule_stands_below_it_and_waits_switched_off(
    team: Team, manager: Access
) -> None:
    main = versions.main_set(team)
    first = makers.add_rule(manager, name="First")
    makers.add_rule(manager, name="Second")

    copy = versions.duplicate_rule(main, first.key, by=manager, now=NOW)
    last = versions.rules_of(versions.draft(main))[-1]
    of_last = versions.duplicate_rule(main, last.key, by=manager, now=NOW)

    rules = versions.rules_of(versions.draft(main))
    assert [rule.name for rule in rules] == [
        "First", "First, copy", "Second", "Everything else, copy", "Everything else",
    ]  # fmt: skip
    assert [rule.position for rule in rules] == [1, 2, 3, 4, 5]
    assert not copy.is_active
    assert not of_last.is_active
    assert copy.conditions == first.conditions
    assert copy.key != first.key
