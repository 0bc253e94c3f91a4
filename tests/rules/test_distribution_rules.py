"""Distribution rules: drafted, checked, published and undone beside the assignment rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from apps.rules import usage
from apps.rules.builder import board
from apps.rules.models import Destination, Recipient, RecipientPool, Rule, RuleSet
from apps.rules.refusals import Refused
from apps.rules.sets import compiled, versions
from apps.rules.sets import services as rule_sets
from apps.rules.sets.checking import RuleFields
from apps.rules.sets.comparison import Known, compare
from apps.teams.access import Access
from apps.teams.models import Team
from tests import factories
from tests.rules import makers
from tests.rules.makers import NOW, leaf

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def manager(team: Team) -> Access:
    return makers.manager_of(team)


@pytest.fixture
def rules(team: Team) -> RuleSet:
    return versions.distribution_set(team)


@pytest.fixture
def nord(team: Team) -> Recipient:
    return factories.RecipientFactory(team=team, name="Nord Solar")


@pytest.fixture
def alpen(team: Team) -> Recipient:
    return factories.RecipientFactory(team=team, name="Alpen Dach")


def a_pool(team: Team, *recipients: Recipient, **columns: Any) -> RecipientPool:
    pool: RecipientPool = factories.RecipientPoolFactory(team=team, name="Partners", **columns)
    for recipient in recipients:
        factories.RecipientSeatFactory(team=team, pool=pool, recipient=recipient)
    return pool


def copies_to(*recipients: Recipient, name: str = "Copies", **given: Any) -> RuleFields:
    tree = given.pop("conditions", {})
    ids = tuple(each.pk for each in recipients)
    return RuleFields(name, Destination.RECIPIENTS, tree, recipient_ids=ids, **given)


def add(rules: RuleSet, fields: RuleFields, by: Access) -> Rule:
    return versions.add_rule(rules, fields, by=by, now=NOW)


def names(rules: RuleSet) -> list[str]:
    return [rule.name for rule in versions.rules_of(versions.draft(rules))]


def test_a_team_has_one_distribution_set_whatever_its_other_sets_are_called(team: Team) -> None:
    RuleSet.objects.create(team=team, name="Distribution rules", trigger="called")

    made = versions.distribution_set(team)

    assert (made.kind, made.trigger) == ("distribution", "new")
    assert made.name == "Distribution rules 2"
    assert versions.distribution_set(team) == made
    assert versions.main_set(team) != made


def test_the_first_draft_is_empty_and_may_go_live(rules: RuleSet, manager: Access) -> None:
    versions.draft_of(rules, by=manager, now=NOW)
    assert names(rules) == []

    assert versions.publish(rules, by=manager, now=NOW).number == 1
    assert compiled.distribution(manager.team) is None


def test_any_rule_is_moved_switched_copied_and_removed(
    rules: RuleSet, manager: Access, nord: Recipient
) -> None:
    a, b, c = (add(rules, copies_to(nord, name=name), manager) for name in "abc")
    assert names(rules) == ["a", "b", "c"]

    versions.move_rule(rules, a.key, to=9, by=manager, now=NOW)
    assert names(rules) == ["b", "c", "a"]
    versions.move_rule(rules, a.key, to=1, by=manager, now=NOW)
    versions.set_active(rules, c.key, is_active=False, by=manager, now=NOW)
    copied = versions.duplicate_rule(rules, c.key, by=manager, now=NOW)
    assert names(rules) == ["a", "b", "c", "c, copy"]
    assert copied.recipient_ids == [nord.pk]
    for each in (copied, c, b, a):
        versions.remove_rule(rules, each.key, by=manager, now=NOW)
    assert names(rules) == []


def test_what_a_rule_sends_is_kept_through_publication_and_undone(
    rules: RuleSet, manager: Access, team: Team, nord: Recipient, alpen: Recipient
) -> None:
    pool = a_pool(team, nord)
    rule = add(rules, copies_to(nord, alpen, stops=True, keeps_out=True), manager)
    versions.publish(rules, by=manager, now=NOW)
    live = compiled.distribution(team)
    assert live is not None
    [target] = live.targets.values()
    assert target.recipient_ids == (nord.pk, alpen.pk)
    assert (target.stops, target.keeps_out) == (True, True)

    to_pool = RuleFields("Copies", Destination.RECIPIENT_POOL, {}, recipient_pool_id=pool.pk)
    versions.save_rule(rules, rule.key, to_pool, by=manager, now=NOW)
    draft = versions.rules_of(versions.draft(rules))
    was = versions.rules_of(versions.published(rules))
    [change] = compare(draft, was, known=Known.of(rules))
    said = {each.label: (each.before, each.after) for each in change.differences}
    assert said == {
        "Send to": ("Nord Solar and Alpen Dach", "Partners"),
        "Also": ("keeps it out of the team; then stops here", ""),
    }

    versions.undo_rule(rules, rule.key, by=manager, now=NOW)
    [undone] = versions.rules_of(versions.draft(rules))
    assert (undone.recipient_ids, undone.recipient_pool) == ([nord.pk, alpen.pk], None)
    assert undone.stops
    assert undone.keeps_out


def test_nobody_and_stop_forgets_ticks_of_copies(
    rules: RuleSet, manager: Access, nord: Recipient
) -> None:
    fields = replace(copies_to(nord, stops=True, keeps_out=True), destination="stop")

    rule = add(rules, fields, manager)

    assert (rule.recipient_ids, rule.stops, rule.keeps_out) == ([], False, False)


def of_others() -> UUID:
    return factories.RecipientFactory().pk


def archived(team: Team) -> UUID:
    return factories.RecipientFactory(team=team, is_active=False).pk


@pytest.mark.parametrize("whose", ["none", "foreign", "archived", "unknown", "too many"])
def test_recipients_that_can_t_be_are_refused(
    rules: RuleSet, manager: Access, team: Team, whose: str
) -> None:
    ids = {
        "none": (), "foreign": (of_others(),), "archived": (archived(team),),
        "unknown": (uuid4(),),
        "too many": tuple(factories.RecipientFactory(team=team).pk for _ in range(51)),
    }[whose]  # fmt: skip
    fields = RuleFields("Copies", Destination.RECIPIENTS, {}, recipient_ids=ids)

    with pytest.raises(Refused) as refused:
        add(rules, fields, manager)

    assert [each.path for each in refused.value.problems] == ["recipients"]
    assert names(rules) == []


@pytest.mark.parametrize("whose", ["none", "foreign", "archived"])
def test_a_pool_that_can_t_be_is_refused(
    rules: RuleSet, manager: Access, team: Team, whose: str
) -> None:
    pool = {
        "none": None, "foreign": factories.RecipientPoolFactory().pk,
        "archived": a_pool(team, is_active=False).pk,
    }[whose]  # fmt: skip
    fields = RuleFields("Copies", Destination.RECIPIENT_POOL, {}, recipient_pool_id=pool)

    with pytest.raises(Refused, match="active pool of recipients"):
        add(rules, fields, manager)


@pytest.mark.parametrize(
    "destination", ["pool", "member", "hopper", "manager", "disqualify", "rule_set", "continue", ""]
)
def test_distribution_rules_assign_nobody(
    rules: RuleSet, manager: Access, destination: str
) -> None:
    with pytest.raises(Refused, match="Choose recipients"):
        add(rules, RuleFields("Copies", destination, {}), manager)


@pytest.mark.parametrize(
    "deed", [{"priority": 24}, {"notify": (uuid4(),)}, {"group_ids": (uuid4(),)}]
)
def test_distribution_rules_do_nothing_else(
    rules: RuleSet, manager: Access, nord: Recipient, deed: dict[str, Any]
) -> None:
    with pytest.raises(Refused, match="does nothing else"):
        add(rules, copies_to(nord, **deed), manager)


@pytest.mark.parametrize("destination", ["recipients", "recipient_pool"])
def test_assignment_rules_send_no_copies(
    manager: Access, team: Team, nord: Recipient, destination: str
) -> None:
    fields = RuleFields(
        "Copies", destination, {}, recipient_ids=(nord.pk,), recipient_pool_id=a_pool(team).pk
    )

    with pytest.raises(Refused, match="Choose where to send"):
        versions.add_rule(versions.main_set(team), fields, by=manager, now=NOW)


def test_a_version_that_names_an_archived_recipient_does_not_come_back(
    rules: RuleSet, manager: Access, nord: Recipient, alpen: Recipient
) -> None:
    rule = add(rules, copies_to(nord), manager)
    versions.publish(rules, by=manager, now=NOW)
    versions.save_rule(rules, rule.key, copies_to(alpen), by=manager, now=NOW)
    versions.publish(rules, by=manager, now=NOW)
    Recipient.objects.filter(pk=nord.pk).update(is_active=False)

    with pytest.raises(Refused, match="in use"):
        versions.roll_back(rules, to=1, by=manager, now=NOW)

    live = versions.published(rules)
    assert live is not None
    assert live.number == 2


def test_rules_are_named_by_the_recipients_and_pools_that_they_use(
    rules: RuleSet, manager: Access, team: Team, nord: Recipient, alpen: Recipient
) -> None:
    pool = a_pool(team, nord)
    to_pool = RuleFields("By turn", Destination.RECIPIENT_POOL, {}, recipient_pool_id=pool.pk)
    gone = add(rules, copies_to(nord, name="Formerly"), manager)
    versions.publish(rules, by=manager, now=NOW)
    versions.remove_rule(rules, gone.key, by=manager, now=NOW)
    versions.publish(rules, by=manager, now=NOW)
    add(rules, copies_to(nord, name="To the north"), manager)
    add(rules, to_pool, manager)

    assert usage.rules_of_recipient(nord) == ["the rule “To the north”"]
    assert usage.rules_of_recipient(alpen) == []
    assert usage.rules_of_recipient_pool(pool) == ["the rule “By turn”"]


def test_every_rule_counts_its_matches_until_one_stops(
    rules: RuleSet, manager: Access, team: Team, nord: Recipient, alpen: Recipient
) -> None:
    source = makers.make_source(team)
    for country in ("DE", "DE", "AT", "CH"):
        makers.make_lead(team, source, country=country)
    away = makers.make_lead(team, source, country="AT")
    type(away).objects.filter(pk=away.pk).update(stage="away", deleted_at=NOW)
    german = {"all": [leaf("country", "is", "DE")]}
    add(rules, copies_to(nord, name="All"), manager)
    add(rules, copies_to(alpen, name="German", conditions=german, stops=True), manager)
    add(rules, copies_to(nord, name="The others"), manager)

    page = board.load(manager, rules.pk, now=NOW)

    assert [line.count for line in page.lines] == [5, 2, 3]
    assert [line.to for line in page.lines] == ["Nord Solar", "Alpen Dach", "Nord Solar"]
    assert page.lines[1].deeds == ("then stops here",)
    assert not any(line.is_last for line in page.lines)


def texts(rules: RuleSet, by: Access) -> list[str]:
    return [f"{note.tone}: {note.text}" for note in board.load(by, rules.pk, now=NOW).notes]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"is_paused": True}, "soon: Nord Solar is paused"),
        ({"disabled_at": NOW}, "urgent: Nord Solar is switched off because deliveries failed"),
        ({"ends_at": NOW}, "urgent: Nord Solar has a campaign that is over"),
        ({"quota": 3, "campaign_count": 3}, "urgent: Nord Solar has got all leads of its campaign"),
        ({"is_active": False}, "urgent: Nord Solar is archived"),
    ],
    ids=["paused", "disabled", "over", "full", "archived"],
)
def test_a_rule_says_who_of_its_recipients_gets_nothing(
    rules: RuleSet, manager: Access, nord: Recipient, columns: dict[str, Any], words: str
) -> None:
    add(rules, copies_to(nord), manager)
    assert texts(rules, manager) == []

    Recipient.objects.filter(pk=nord.pk).update(**columns)

    assert texts(rules, manager) == [f"{words}, so it gets no copies."]


def test_a_pool_in_which_nobody_takes_leads_is_told(
    rules: RuleSet, manager: Access, team: Team, nord: Recipient
) -> None:
    pool = a_pool(team)
    add(rules, RuleFields("Pool", "recipient_pool", {}, recipient_pool_id=pool.pk), manager)
    assert "No recipient is in the pool “Partners”" in texts(rules, manager)[0]

    factories.RecipientSeatFactory(team=team, pool=pool, recipient=nord)
    assert texts(rules, manager) == []
    Recipient.objects.filter(pk=nord.pk).update(is_paused=True)
    assert "No recipient in the pool “Partners” takes leads now" in texts(rules, manager)[0]


def test_rules_below_one_that_stops_every_lead_are_told(
    rules: RuleSet, manager: Access, nord: Recipient
) -> None:
    german = {"all": [leaf("country", "is", "DE")]}
    add(rules, copies_to(nord, name="German", conditions=german, stops=True), manager)
    add(rules, copies_to(nord, name="All"), manager)
    assert texts(rules, manager) == []

    add(rules, copies_to(nord, name="German too", conditions=german), manager)
    add(rules, RuleFields("Nobody", Destination.STOP, {}), manager)
    add(rules, copies_to(nord, name="Below"), manager)

    assert texts(rules, manager) == [
        "soon: Never reached: rule 1 “German” above stops all these leads.",
        "soon: Never reached: rule 4 “Nobody” above stops all these leads.",
    ]


def test_the_set_can_t_be_deleted_or_switched_off(rules: RuleSet, manager: Access) -> None:
    with pytest.raises(Refused):
        rule_sets.delete_rule_set(rules, by=manager, now=NOW)
    with pytest.raises(Refused):
        rule_sets.switch_rule_set(rules, is_active=False, by=manager, now=NOW)


def test_no_rule_sends_leads_through_distribution_rules(
    rules: RuleSet, manager: Access, team: Team, nord: Recipient
) -> None:
    add(rules, copies_to(nord), manager)
    versions.publish(rules, by=manager, now=NOW)
    fields = RuleFields("Through it", Destination.RULE_SET, {}, rule_set_id=rules.pk)

    with pytest.raises(Refused, match="Choose a rule set"):
        versions.add_rule(versions.main_set(team), fields, by=manager, now=NOW)

    main = board.load(manager, now=NOW)
    assert main.rule_sets == [versions.main_set(team)]
