"""Drafting, publishing, rolling back: what is live never changes under a lead."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from apps.rules.facts import lead_facts
from apps.rules.models import Destination, Rule, RuleSet, Version
from apps.rules.refusals import Refused
from apps.rules.sets import compiled, defaults, versions
from apps.rules.sets.checking import RuleFields
from apps.rules.sets.comparison import Kind, Known, compare
from apps.teams.access import Access
from apps.teams.models import AuditEntry, Team
from apps.teams.permissions import Role
from tests.rules import makers
from tests.rules.makers import NOW, add_rule, fields, leaf, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def manager(team: Team) -> Access:
    return makers.manager_of(team)


def names(version: Version | None) -> list[str]:
    return [rule.name for rule in versions.rules_of(version)]


def test_a_first_draft_ends_with_a_rule_that_catches_the_rest(team: Team, manager: Access) -> None:
    draft = versions.draft_of(versions.main_set(team), by=manager, now=NOW)

    last = draft.rules.latest("position")
    assert last.conditions == {}
    assert last.destination == Destination.MANAGER


def test_a_new_rule_stands_just_above_the_last(team: Team, manager: Access) -> None:
    add_rule(manager, name="First")
    add_rule(manager, name="Second")

    assert names(versions.draft(versions.main_set(team))) == ["First", "Second", "Everything else"]


def test_a_draft_decides_nothing_until_it_is_published(team: Team, manager: Access) -> None:
    add_rule(manager, name="Germany")

    assert compiled.live(team) is None
    publish(manager)
    live = compiled.live(team)
    assert live is not None
    assert [target.name for target in live.targets.values()] == ["Germany", "Everything else"]


def test_the_compiled_rules_are_kept_while_nothing_is_published(
    team: Team, manager: Access, django_assert_num_queries: object
) -> None:
    add_rule(manager)
    publish(manager)
    first = compiled.live(team)

    with django_assert_num_queries(0):  # type: ignore[operator]
        assert compiled.live(team) is first


def test_the_compiled_rules_move_with_the_version(team: Team, manager: Access) -> None:
    add_rule(manager)
    publish(manager)
    before = compiled.live(team)
    add_rule(manager, name="Another")
    publish(manager)

    after = compiled.live(Team.objects.get(pk=team.pk))

    assert before is not None
    assert after is not None
    assert (before.number, after.number) == (1, 2)
    assert len(after.compiled.rules) == len(before.compiled.rules) + 1


def test_a_request_that_began_before_a_publication_does_not_bring_the_old_rules_back(
    team: Team, manager: Access
) -> None:
    early = Team.objects.get(pk=team.pk)
    add_rule(manager)
    publish(manager)
    late = Team.objects.get(pk=team.pk)
    newest = compiled.live(late)

    compiled.live(early)

    assert compiled.live(late) is newest


def test_every_lead_is_decided_by_one_version(team: Team, manager: Access) -> None:
    source = makers.make_source(team)
    lead = lead_facts(makers.make_lead(team, source, country="DE"))
    add_rule(manager, name="Germany")
    publish(manager)
    held = compiled.live(team)
    rule = versions.draft_of(versions.main_set(team), by=manager, now=NOW).rules.first()
    assert rule is not None
    changed = fields(name="Austria", conditions={"all": [leaf("country", "is", "AT")]})
    versions.save_rule(versions.main_set(team), rule.key, changed, by=manager, now=NOW)
    publish(manager)

    assert held is not None
    assert next(held.compiled.matches(lead)).name == "Germany"
    fresh = compiled.live(team)
    assert fresh is not None
    assert next(fresh.compiled.matches(lead)).name == "Everything else"


def test_live_rules_are_of_one_version_whatever_is_published_while_they_are_read(
    team: Team, manager: Access
) -> None:
    add_rule(manager, name="First")
    publish(manager)
    early = Team.objects.get(pk=team.pk)
    published: list[Version] = []

    def publish_after(execute: Any, sql: str, *given: Any) -> Any:
        found = execute(sql, *given)
        if "rules_version" in sql and not published:
            published.append(Version())  # only once, and not for what it asks itself
            add_rule(manager, name="Meanwhile")
            published[0] = publish(manager)
        return found

    with connection.execute_wrapper(publish_after):
        live = compiled.live(early)

    assert live is not None
    assert published[0].number == 2
    versions_read = Rule.objects.filter(pk__in=live.targets).values_list("version", flat=True)
    assert set(versions_read) == {live.version_id}


def test_conditions_that_cannot_work_are_refused_with_the_path(manager: Access) -> None:
    tree = {"all": [leaf("country", "is", "DE"), {"not": leaf("employees", "gte", "many")}]}

    with pytest.raises(Refused) as refused:
        add_rule(manager, conditions=tree)

    assert [each.path for each in refused.value.problems] == ["conditions.all[1].not.value"]


def test_an_unknown_field_is_refused_with_the_path(manager: Access) -> None:
    with pytest.raises(Refused) as refused:
        add_rule(manager, conditions={"any": [leaf("shoe_size", "is", "44")]})

    assert refused.value.problems[0].path == "conditions.any[0].field"


def test_a_pool_of_another_team_is_refused(manager: Access) -> None:
    rival = makers.manager_of(makers.make_team("rival"))
    foreign = makers.make_pool(rival)

    with pytest.raises(Refused) as refused:
        add_rule(manager, pool=foreign)

    assert [each.path for each in refused.value.problems] == ["pool"]


def test_a_pool_that_was_switched_off_meanwhile_stops_the_publication(manager: Access) -> None:
    pool = makers.make_pool(manager)
    add_rule(manager, pool=pool)
    pool.is_active = False
    pool.save()

    with pytest.raises(Refused) as refused:
        publish(manager)

    assert refused.value.problems[0].path == "rules[1].pool"


def test_the_last_rule_takes_no_conditions_and_stays(team: Team, manager: Access) -> None:
    last = versions.draft_of(versions.main_set(team), by=manager, now=NOW).rules.latest("position")

    with pytest.raises(Refused):
        versions.save_rule(versions.main_set(team), last.key, fields(), by=manager, now=NOW)
    with pytest.raises(Refused):
        versions.remove_rule(versions.main_set(team), last.key, by=manager, now=NOW)
    with pytest.raises(Refused):
        versions.set_active(versions.main_set(team), last.key, is_active=False, by=manager, now=NOW)
    with pytest.raises(Refused):
        versions.move_rule(versions.main_set(team), last.key, to=1, by=manager, now=NOW)


def test_rules_move_but_never_below_the_last(team: Team, manager: Access) -> None:
    first = add_rule(manager, name="First")
    add_rule(manager, name="Second")

    versions.move_rule(versions.main_set(team), first.key, to=9, by=manager, now=NOW)

    assert names(versions.draft(versions.main_set(team))) == ["Second", "First", "Everything else"]


def test_what_is_live_stays_while_a_draft_is_changed(team: Team, manager: Access) -> None:
    rule = add_rule(manager, name="Germany")
    publish(manager)
    versions.remove_rule(versions.main_set(team), rule.key, by=manager, now=NOW)

    assert names(versions.published(versions.main_set(team))) == ["Germany", "Everything else"]
    assert names(versions.draft(versions.main_set(team))) == ["Everything else"]


def test_a_published_rule_refuses_every_change(manager: Access) -> None:
    add_rule(manager, name="Germany")
    version = publish(manager)

    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        version.rules.update(name="Elsewhere")
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Rule.objects.create(
            team=manager.team, version=version, position=9, name="Late", destination="manager"
        )
    with transaction.atomic():
        version.rules.all().delete()
        with pytest.raises(DatabaseError, match="never changes"):
            connection.check_constraints()
        transaction.set_rollback(True)


def test_a_published_version_can_only_be_retired(manager: Access) -> None:
    version = publish_something(manager)

    for change in ({"number": 9}, {"note": "other"}, {"state": "draft"}):
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            Version.objects.filter(pk=version.pk).update(**change)
    Version.objects.filter(pk=version.pk).update(state="retired", retired_at=NOW)


def publish_something(manager: Access) -> Version:
    add_rule(manager)
    return publish(manager)


def test_a_team_can_be_erased_with_its_published_rules(manager: Access) -> None:
    version = publish_something(manager)

    RuleSet.objects.filter(pk=version.rule_set_id).delete()
    connection.check_constraints()

    assert not Rule.objects.exists()


def test_publishing_retires_the_version_before(team: Team, manager: Access) -> None:
    first = publish_something(manager)
    later = NOW + timedelta(hours=1)
    add_rule(manager, name="Another")
    second = publish(manager, now=later, note="Another rule")

    first.refresh_from_db()
    assert (first.state, first.retired_at) == ("retired", later)
    assert (second.number, second.note, second.published_at) == (2, "Another rule", later)
    assert versions.draft(versions.main_set(team)) is None


def test_nothing_to_publish_is_refused(manager: Access) -> None:
    with pytest.raises(Refused, match="no draft"):
        publish(manager)


def test_rolling_back_publishes_a_copy(team: Team, manager: Access) -> None:
    add_rule(manager, name="Germany")
    publish(manager)
    rule = versions.draft_of(versions.main_set(team), by=manager, now=NOW).rules.get(name="Germany")
    versions.remove_rule(versions.main_set(team), rule.key, by=manager, now=NOW)
    publish(manager)

    version = versions.roll_back(versions.main_set(team), to=1, by=manager, now=NOW)

    assert version.number == 3
    assert names(versions.published(versions.main_set(team))) == ["Germany", "Everything else"]
    assert versions.rules_of(version)[0].key == rule.key


def test_rolling_back_leaves_the_draft_and_numbers_grow(team: Team, manager: Access) -> None:
    publish_something(manager)
    add_rule(manager, name="Being written")
    rolled_back = versions.roll_back(versions.main_set(team), to=1, by=manager, now=NOW)

    assert "Being written" in names(versions.draft(versions.main_set(team)))
    assert rolled_back.number == 2
    assert publish(manager).number == 3


def test_discarding_leaves_what_is_live(team: Team, manager: Access) -> None:
    publish_something(manager)
    add_rule(manager, name="Being written")
    versions.discard(versions.main_set(team), by=manager, now=NOW)

    assert versions.draft(versions.main_set(team)) is None
    assert names(versions.published(versions.main_set(team))) == ["DACH", "Everything else"]


def test_undo_brings_back_the_live_rule(team: Team, manager: Access) -> None:
    rule = add_rule(manager, name="Germany")
    add_rule(manager, name="Austria")
    publish(manager)
    versions.save_rule(
        versions.main_set(team), rule.key, fields(name="Changed"), by=manager, now=NOW
    )
    versions.undo_rule(versions.main_set(team), rule.key, by=manager, now=NOW)
    assert names(versions.draft(versions.main_set(team))) == [
        "Germany",
        "Austria",
        "Everything else",
    ]

    versions.remove_rule(versions.main_set(team), rule.key, by=manager, now=NOW)
    versions.undo_rule(versions.main_set(team), rule.key, by=manager, now=NOW)
    assert names(versions.draft(versions.main_set(team))) == [
        "Germany",
        "Austria",
        "Everything else",
    ]


def test_a_comparison_says_what_changes_rule_by_rule(team: Team, manager: Access) -> None:
    kept, moved, gone = (add_rule(manager, name=name) for name in ("Kept", "Moved", "Gone"))
    publish(manager)
    conditions = {"all": [leaf("country", "is_one_of", ["DE", "AT"])]}
    changed = fields(name="Kept", conditions=conditions)
    versions.save_rule(versions.main_set(team), kept.key, changed, by=manager, now=NOW)
    versions.move_rule(versions.main_set(team), moved.key, to=1, by=manager, now=NOW)
    versions.remove_rule(versions.main_set(team), gone.key, by=manager, now=NOW)
    add_rule(manager, name="New")

    changes = compare(
        versions.rules_of(versions.draft(versions.main_set(team))),
        versions.rules_of(versions.published(versions.main_set(team))),
        known=Known.of(versions.main_set(team)),
    )

    kinds = {change.name: change.kind for change in changes}
    assert kinds["New"] is Kind.ADDED
    assert kinds["Gone"] is Kind.REMOVED
    assert kinds["Kept"] is Kind.CHANGED
    assert "Everything else" not in kinds
    when = next(c for c in changes if c.name == "Kept").differences[0]
    assert (when.before, when.after) == ("country is DE", "country is one of DE, AT")


def test_default_rules_send_everything_to_the_pool(team: Team, manager: Access) -> None:
    pool = makers.make_pool(manager)

    version = defaults.add_default_rules(team, pool=pool, by=manager, now=NOW)

    assert version.number == 1
    live = compiled.live(team)
    assert live is not None
    assert [target.pool_id for target in live.targets.values()] == [pool.pk]


def test_a_salesperson_changes_no_rules(team: Team) -> None:
    salesperson = Access.of(makers.make_member(team, "Mia Brandt"))

    with pytest.raises(PermissionDenied):
        add_rule(salesperson)


def test_every_change_is_in_the_audit_log(team: Team, manager: Access) -> None:
    publish_something(manager)
    versions.roll_back(versions.main_set(team), to=1, by=manager, now=NOW)

    actions = set(AuditEntry.objects.filter(team=team).values_list("action", flat=True))
    assert {"rules.rule_added", "rules.published", "rules.rolled_back"} <= actions


def test_a_rule_can_t_send_to_somebody_who_only_looks_on(team: Team, manager: Access) -> None:
    viewer = makers.make_member(team, "Ruth Sommer", Role.VIEWER)
    to_viewer = RuleFields(
        name="To Ruth", destination=Destination.MEMBER, conditions={}, member_id=viewer.pk
    )

    with pytest.raises(Refused):
        versions.add_rule(versions.main_set(team), to_viewer, by=manager, now=NOW)
