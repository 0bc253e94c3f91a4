"""The pages of rule sets: made, named, switched, written, compared, without scripts."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.rules.models import Destination, RuleSet
from apps.rules.sets import services as rule_sets
from apps.rules.sets import versions
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Role
from tests.rules import makers
from tests.rules.makers import NOW, leaf
from tests.rules.reader import posted

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def manager(team: Team) -> Access:
    return makers.manager_of(team)


@pytest.fixture
def desk(manager: Access) -> Client:
    client = Client()
    assert manager.user is not None
    client.force_login(manager.user)
    return client


def at(team: Team, name: str, **parts: Any) -> str:
    return reverse(f"rules:{name}", kwargs={"team": team.slug, **parts})


def called_set(by: Access, name: str = "Called") -> RuleSet:
    return rule_sets.create_rule_set(by.team, name=name, trigger="called", by=by, now=NOW)


def test_a_set_is_made_written_published_and_called(
    desk: Client, team: Team, manager: Access
) -> None:
    form = {"name": "Silent leads", "trigger": "silent", "days": "4", "events": ["replied"]}
    answer = desk.post(at(team, "new_set"), form)
    made = RuleSet.objects.get(name="Silent leads")
    assert answer.url == at(team, "rules", rule_set=made.pk)  # type: ignore[attr-defined]
    assert made.trigger_settings == {"days": 4}
    assert "after 4 days of silence" in desk.get(at(team, "rules", rule_set=made.pk)).text

    rule = {"name": "To the hopper", "to": "hopper", "do": "save", "row": ["0"],
            "field-0": "score", "op-0": "gte", "value-0": "5"}  # fmt: skip
    desk.post(at(team, "new", rule_set=made.pk), rule)
    desk.post(at(team, "publish", rule_set=made.pk), {"note": "First"})

    live = versions.published(made)
    assert [rule.name for rule in versions.rules_of(live)] == ["To the hopper", "Everything else"]
    assert versions.published(versions.main_set(team)) is None
    shelf = desk.get(at(team, "sets")).text
    assert "Version 1, live" in shelf


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 500},
        {"trigger": "new"},
        {"trigger": "silent", "days": "9" * 5000},
        {"trigger": "silent", "days": "-1"},
        {"trigger": "activity"},
        {"trigger": "changed", "changes": ["\x00", "shoe_size"]},
    ],
)
def test_a_set_that_can_t_be_is_said_beside_its_field(
    desk: Client, team: Team, change: dict[str, Any]
) -> None:
    answer = desk.post(at(team, "new_set"), {"name": "New", "trigger": "called"} | change)

    assert answer.status_code == 422
    assert 'class="error"' in answer.text
    assert not RuleSet.objects.filter(trigger__in=["called", "silent", "activity"]).exists()


def test_a_refusal_to_switch_or_delete_names_the_caller(
    desk: Client, team: Team, manager: Access
) -> None:
    called = called_set(manager)
    versions.draft_of(called, by=manager, now=NOW)
    versions.publish(called, by=manager, now=NOW)
    form = {"name": "Through it", "to": f"rule_set:{called.pk}", "do": "save"}
    desk.post(at(team, "new"), form)

    page = desk.post(at(team, "switch_set", rule_set=called.pk), {"on": "0"}, follow=True).text

    assert "Through it" in page
    called.refresh_from_db()
    assert called.is_active


def test_a_set_is_renamed_and_goes_while_it_never_decided(
    desk: Client, team: Team, manager: Access
) -> None:
    made = called_set(manager)
    settings = at(team, "set_settings", rule_set=made.pk)

    desk.post(settings, {"name": "Distribution", "trigger": "silent", "days": "3"})
    made.refresh_from_db()
    assert (made.name, made.trigger) == ("Distribution", "called")  # when stays

    desk.post(at(team, "delete_set", rule_set=made.pk))
    assert desk.get(settings).status_code == 404


def test_the_builder_offers_other_sets_and_what_a_rule_may_do_with_owners(
    desk: Client, team: Team, manager: Access
) -> None:
    called = called_set(manager)
    makers.make_pool(manager)

    main = desk.get(at(team, "rules") + "?new=1").text
    other = desk.get(at(team, "rules", rule_set=called.pk) + "?new=1").text

    assert f'value="rule_set:{called.pk}"' in main
    assert f'value="rule_set:{called.pk}"' not in other
    assert 'name="replaces_owner"' in other
    assert 'name="replaces_owner"' not in main


def test_whether_the_owner_gives_way_is_chosen_and_kept(
    desk: Client, team: Team, manager: Access
) -> None:
    called = called_set(manager)
    form = {"name": "Owned ones", "to": "hopper", "do": "save", "asks_owner": "1"}
    desk.post(at(team, "new", rule_set=called.pk), form)
    rule = versions.rules_of(versions.draft(called))[0]
    assert not rule.replaces_owner

    page = desk.get(f"{at(team, 'rules', rule_set=called.pk)}?rule={rule.key}").text
    again = posted(page) | {"replaces_owner": "1"}
    desk.post(at(team, "rule", rule_set=called.pk, rule=rule.key), again)

    rule.refresh_from_db()
    assert rule.replaces_owner


def test_any_two_versions_are_compared_rule_by_rule(
    desk: Client, team: Team, manager: Access
) -> None:
    main = versions.main_set(team)
    rule = makers.add_rule(manager, name="Germany")
    makers.publish(manager)
    changed = makers.fields(name="Germany", conditions={"all": [leaf("country", "is", "AT")]})
    versions.save_rule(main, rule.key, changed, by=manager, now=NOW)
    makers.publish(manager)
    makers.add_rule(manager, name="France")
    makers.publish(manager)

    latest = desk.get(at(team, "compare_versions")).text
    whole = desk.get(at(team, "compare_versions"), {"before": "1", "after": "3"}).text

    assert "Version 2 against version 3" in latest
    assert "France" in latest
    assert "country is AT" not in latest
    assert "country is DE" in whole
    assert "country is AT" in whole
    for hostile in ("9" * 5000, "-1", "x", "\x00", "²"):
        answer = desk.get(at(team, "compare_versions"), {"before": hostile, "after": hostile})
        assert answer.status_code == 200, hostile


def test_publishing_a_circle_is_refused_with_the_way(
    desk: Client, team: Team, manager: Access
) -> None:
    first, second = called_set(manager, "First"), called_set(manager, "Second")
    for one, other in ((first, second), (second, first)):
        form = {"name": "On", "to": f"rule_set:{other.pk}", "do": "save"}
        desk.post(at(team, "new", rule_set=one.pk), form)
    desk.post(at(team, "publish", rule_set=first.pk))

    page = desk.post(at(team, "publish", rule_set=second.pk), follow=True).text

    assert "Second → First → Second" in page


def test_a_rule_is_duplicated_from_its_menu(desk: Client, team: Team, manager: Access) -> None:
    rule = makers.add_rule(manager, name="Germany")

    desk.post(at(team, "duplicate", rule=rule.key))

    names = [each.name for each in versions.rules_of(versions.draft(versions.main_set(team)))]
    assert names == ["Germany", "Germany, copy", "Everything else"]


def test_the_list_of_sets_does_not_ask_more_with_more_sets(
    desk: Client, team: Team, manager: Access, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        made = called_set(manager, f"Set {number}")
        versions.draft_of(made, by=manager, now=NOW)
    desk.get(at(team, "sets"))

    with django_assert_max_num_queries(MOST_QUERIES):
        desk.get(at(team, "sets"))


def test_only_those_who_see_routing_see_sets(team: Team, manager: Access) -> None:
    made = called_set(manager)
    client = Client()
    client.force_login(makers.make_member(team, "Mia Brandt", Role.SALESPERSON).user)

    for name, parts in (("sets", {}), ("rules", {"rule_set": made.pk}), ("compare_versions", {})):
        assert client.get(at(team, name, **parts)).status_code == 403, name
    assert client.post(at(team, "new_set"), {"name": "Mine"}).status_code == 403


def test_a_set_of_another_team_is_not_found(desk: Client, team: Team) -> None:
    foreign = called_set(makers.manager_of(makers.make_team("rival")))

    for name in ("rules", "compare", "history", "compare_versions", "set_settings"):
        assert desk.get(at(team, name, rule_set=foreign.pk)).status_code == 404, name
    for name in ("publish", "new", "probe", "switch_set", "delete_set"):
        assert desk.post(at(team, name, rule_set=foreign.pk)).status_code == 404, name
    assert RuleSet.objects.filter(pk=foreign.pk, is_active=True).exists()


def test_stopping_leaves_leads_where_they_are_only_where_that_is_allowed(
    desk: Client, team: Team, manager: Access
) -> None:
    main = versions.main_set(team)
    last = versions.draft_of(main, by=manager, now=NOW).rules.latest("position")

    answer = desk.post(
        at(team, "rule", rule=last.key), {"name": "Rest", "to": "stop", "do": "save"}
    )

    assert answer.status_code == 422
    assert "none is lost" in answer.text
    last.refresh_from_db()
    assert last.destination == Destination.MANAGER
