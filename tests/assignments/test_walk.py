"""Where rules lead: through other sets, on to the next rule or nowhere; what they do as they go."""

from datetime import timedelta

import pytest
from django.db import transaction

from apps.alerts.models import Alert, Kind
from apps.assignments import services
from apps.assignments.models import Assignment, Decision, Door, HopperEntry
from apps.assignments.services import expire_due
from apps.leads.models import Activity, InterestGroup, Lead
from apps.rules.models import Destination, EmptyPolicy, Mode, Overflow, RuleSet
from apps.rules.sets.compiled import Target, live_set
from apps.teams.models import Cover
from apps.teams.permissions import Role
from tests.assignments.world import NOW, WHOLE_SUITE, World, overdue_assignment, overdue_offer

pytestmark = pytest.mark.django_db

GERMAN = {"field": "country", "op": "is", "value": "DE"}


def decision_of(lead: Lead) -> Decision:
    return Decision.objects.filter(lead=lead).latest("at", "id")


# --- through other sets ---


def test_a_rule_sends_leads_through_another_set(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    called = world.rules_for(
        "called", {"pool": world.pool(mia), "conditions": GERMAN}, world.pool(jonas)
    )
    world.rules({"destination": Destination.RULE_SET, "rule_set": called})

    german, french = world.routed(country="DE"), world.routed(country="FR")

    assert (german.owner_id, french.owner_id) == (mia.pk, jonas.pk)
    trace = decision_of(french).trace
    assert [rule["matched"] for rule in trace["rules"]] == [True]
    (asked,) = trace["sets"]
    assert asked["rule_set"] == str(called.pk)
    assert asked["from"] == trace["rules"][0]["rule"]
    assert [rule["matched"] for rule in asked["rules"]] == [False, True]


def test_what_the_other_set_does_not_place_goes_on_with_the_next_rule(world: World) -> None:
    mia = world.member("Mia")
    called = world.rules_for(
        "called", {"pool": world.pool(world.member("Jonas")), "conditions": GERMAN}
    )
    world.rules({"destination": Destination.RULE_SET, "rule_set": called}, world.pool(mia))

    assert world.routed(country="FR").owner_id == mia.pk


def test_a_set_that_is_switched_off_places_nothing(world: World) -> None:
    mia = world.member("Mia")
    called = world.rules_for("called", world.pool(world.member("Jonas")))
    RuleSet.objects.filter(pk=called.pk).update(is_active=False)
    world.rules({"destination": Destination.RULE_SET, "rule_set": called}, world.pool(mia))

    assert world.routed().owner_id == mia.pk


def test_sets_that_call_each_other_end(world: World) -> None:
    """Refused when published; a pair that came about all the same must not loop."""
    mia = world.member("Mia")
    first = world.rules_for("called")
    second = world.rules_for("called", {"destination": Destination.RULE_SET, "rule_set": first})
    first.versions.update(state="retired")
    world._publish(first, {"destination": Destination.RULE_SET, "rule_set": second})
    world.rules({"destination": Destination.RULE_SET, "rule_set": first}, world.pool(mia))

    assert world.routed().owner_id == mia.pk


def test_the_response_target_of_the_calling_rule_holds_unless_the_other_has_its_own(
    world: World,
) -> None:
    pool = world.pool(world.member("Mia"))
    own = {"pool": pool, "conditions": GERMAN, "response_seconds": 60}
    called = world.rules_for("called", own, pool)
    world.rules({"destination": Destination.RULE_SET, "rule_set": called, "response_seconds": 300})

    given = [
        Assignment.objects.get(lead=world.routed(country=country)).respond_by
        for country in ("DE", "FR")
    ]

    assert given == [NOW + timedelta(seconds=60), NOW + timedelta(seconds=300)]


def test_a_lead_goes_on_by_the_set_that_it_was_sent_through(world: World) -> None:
    """The rules for new leads would send it elsewhere: they are not asked again."""
    mia, jonas, eva = (world.member(name) for name in ("Mia", "Jonas", "Eva"))
    world.rules(world.pool(eva))
    silent = world.rules_for("silent", world.pool(mia, jonas, mode=Mode.OFFER), days=3)
    lead = world.lead()
    rules = live_set(world.team, silent.pk)
    with transaction.atomic():
        services.route(lead, door=Door.SILENT, by=world.system, now=NOW, rules=rules)

    overdue_offer(lead)
    expire_due()

    lead.refresh_from_db()
    assert lead.stage == Lead.Stage.OFFERED
    assert decision_of(lead).chosen == jonas
    assert decision_of(lead).trace["road"] == {"rule_set": str(silent.pk)}


def test_a_lead_goes_on_from_the_destination_that_it_was_sent_to(world: World) -> None:
    mia, jonas, eva = (world.member(name) for name in ("Mia", "Jonas", "Eva"))
    world.rules(world.pool(eva))
    pool = world.pool(mia, jonas)
    lead = world.routed()
    with transaction.atomic():
        Assignment.objects.filter(lead=lead).update(ended_at=NOW, end_reason="rule")
        target = Target.by_hand(Destination.POOL, pool_id=pool.pk)
        services.route(
            lead, door=Door.BULK, by=world.system, now=NOW, freeing=eva.pk, target=target
        )
    assert lead.owner_id == mia.pk

    overdue_assignment(lead)
    expire_due()

    lead.refresh_from_db()
    assert lead.owner_id == jonas.pk
    assert decision_of(lead).rule_id is None


def test_a_pool_that_gave_up_on_a_lead_may_have_it_again_when_somebody_sends_it_there(
    world: World,
) -> None:
    mia = world.member("Mia")
    pool = world.pool(mia)
    world.rules(pool)
    lead = world.routed()
    overdue_assignment(lead)
    expire_due()
    lead.refresh_from_db()
    assert lead.stage == Lead.Stage.MANAGER

    target = Target.by_hand(Destination.POOL, pool_id=pool.pk)
    with transaction.atomic():
        services.route(lead, door=Door.BULK, by=world.system, now=NOW, target=target)

    assert lead.owner_id == mia.pk


# --- on to the next rule, or nowhere ---


def test_a_rule_that_goes_on_does_its_work_and_leaves_the_lead_to_the_next(world: World) -> None:
    mia = world.member("Mia")
    group = InterestGroup.objects.create(team=world.team, name="Depots")
    first = {
        "destination": Destination.CONTINUE, "group_ids": [group.pk], "priority": 5,
        "response_seconds": 60, "conditions": GERMAN,
    }  # fmt: skip
    world.rules(first, world.pool(mia))

    lead = world.routed(country="DE")
    other = world.routed(country="FR")

    lead.refresh_from_db()
    assert (lead.owner_id, lead.group_ids, lead.priority) == (mia.pk, [group.pk], 5)
    assert Assignment.objects.get(lead=lead).respond_by == NOW + timedelta(seconds=60)
    line = Activity.objects.get(lead=lead, kind=Activity.Kind.RULE)
    assert (line.data["groups"], line.data["priority"]) == (["Depots"], 5)
    (action,) = decision_of(lead).trace["actions"]
    assert action["groups"] == [str(group.pk)]
    other.refresh_from_db()
    assert (other.owner_id, other.group_ids, other.priority) == (mia.pk, [], 0)
    assert not Activity.objects.filter(lead=other, kind=Activity.Kind.RULE).exists()


def test_what_a_rule_does_is_done_also_when_a_later_rule_places_the_lead(world: World) -> None:
    mia, boss = world.member("Mia"), world.member("Boss", role=Role.MANAGER)
    empty = world.pool(empty_policy=EmptyPolicy.NEXT_RULE, name="nobody")
    world.rules({"pool": empty, "priority": 3, "notify": [boss.pk]}, world.pool(mia))

    lead = world.routed()

    assert (lead.owner_id, lead.priority) == (mia.pk, 3)
    notice = Alert.objects.get(user=boss.user)
    assert (notice.kind, notice.lead_id) == (Kind.NOTICE, lead.pk)


def test_nobody_is_told_again_when_the_lead_goes_on(world: World) -> None:
    mia, jonas, boss = world.member("Mia"), world.member("Jonas"), world.member("Boss")
    world.rules({"pool": world.pool(mia, jonas, mode=Mode.OFFER), "notify": [boss.pk]})
    lead = world.routed()

    overdue_offer(lead)
    expire_due()

    assert Alert.objects.filter(user=boss.user).count() == 1


def test_a_group_that_was_merged_is_the_one_it_was_merged_into(world: World) -> None:
    kept = InterestGroup.objects.create(team=world.team, name="Depots")
    gone = InterestGroup.objects.create(
        team=world.team, name="Yards", is_active=False, merged_into=kept
    )
    world.rules({"pool": world.pool(world.member("Mia")), "group_ids": [gone.pk]})

    lead = world.routed()

    lead.refresh_from_db()
    assert lead.group_ids == [kept.pk]


def test_a_lead_that_a_rule_stops_goes_to_nobody(world: World) -> None:
    world.rules(
        {"destination": Destination.STOP, "conditions": GERMAN}, world.pool(world.member("Mia"))
    )

    lead = world.lead(country="DE")
    placement = world.route(lead)

    lead.refresh_from_db()
    assert (placement.outcome, lead.stage, lead.owner_id) == ("kept", Lead.Stage.OUT, None)
    assert lead.is_open
    assert not Alert.objects.exists()


def test_a_stop_within_a_called_set_stops_the_lead_for_good(world: World) -> None:
    called = world.rules_for("called", {"destination": Destination.STOP})
    world.rules(
        {"destination": Destination.RULE_SET, "rule_set": called},
        world.pool(world.member("Mia")),
    )

    assert world.route(world.lead()).outcome == "kept"


def test_a_lead_that_nothing_matches_goes_to_the_manager(world: World) -> None:
    boss = world.member("Boss", role=Role.MANAGER)
    world.rules({"pool": world.pool(world.member("Mia")), "conditions": GERMAN})

    lead = world.routed(country="FR")

    assert lead.stage == Lead.Stage.MANAGER
    assert Alert.objects.get(user=boss.user).kind == Kind.UNPLACED
    assert decision_of(lead).trace["reason"] == "no_rule_matched"


def test_an_empty_pool_that_passes_on_is_logged_before_the_catch_all(world: World) -> None:
    mia = world.member("Mia")
    empty = world.pool(empty_policy=EmptyPolicy.NEXT_RULE, name="nobody")
    world.rules(empty, world.pool(mia, name="everybody"))

    lead = world.routed()

    steps = decision_of(lead).trace["steps"]
    assert lead.owner_id == mia.pk
    assert [(step["pool"]["name"], step["why"]) for step in steps] == [
        ("nobody", "empty"),
        ("everybody", "placed"),
    ]


def test_two_rules_that_send_to_the_same_empty_pool_are_no_circle(world: World) -> None:
    mia = world.member("Mia")
    empty = world.pool(empty_policy=EmptyPolicy.NEXT_RULE)
    world.rules({"pool": empty, "conditions": GERMAN}, empty, world.pool(mia))

    assert world.routed(country="DE").owner_id == mia.pk


# --- the hopper ---


def test_a_caretaker_owns_the_lead_while_it_waits_in_the_hopper(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    world.rules({"destination": Destination.HOPPER, "caretaker": mia})

    lead = world.routed()

    lead.refresh_from_db()
    mia.refresh_from_db()
    assert (lead.stage, lead.owner_id, mia.open_leads) == (Lead.Stage.HOPPER, mia.pk, 0)
    assert not Assignment.objects.filter(lead=lead).exists()
    assert Alert.objects.get(user=mia.user).data["reason"] == "caretaker"
    services.pick(lead.pk, by=world.access(jonas), now=NOW)
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id) == (Lead.Stage.OWNED, jonas.pk)


def test_a_caretaker_who_left_the_team_is_none(world: World) -> None:
    mia = world.member("Mia", is_active=False)
    world.rules({"destination": Destination.HOPPER, "caretaker": mia})

    assert world.routed().owner_id is None


def test_a_hopper_pool_says_how_long_leads_wait(world: World) -> None:
    world.rules(world.pool(world.member("Mia"), mode=Mode.HOPPER, hopper_hours=5))

    lead = world.routed()

    assert HopperEntry.objects.get(lead=lead).expires_at == NOW + timedelta(hours=5)


# --- for leads that are owned ---


def sent(world: World, lead: Lead, *targets: object) -> services.Placement:
    called = world.rules_for("called", *targets)  # type: ignore[arg-type]
    with transaction.atomic():
        return services.route(
            lead, door=Door.CHANGED, by=world.system, now=NOW, freeing=lead.owner_id,
            rules=live_set(world.team, called.pk),
        )  # fmt: skip


def test_rules_that_match_nothing_leave_an_owned_lead_as_it_is(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    lead = world.routed()
    before = (lead.generation, lead.version)

    placement = sent(world, lead, {"pool": world.pool(), "conditions": GERMAN})

    lead.refresh_from_db()
    assert placement.outcome == "kept"
    assert (lead.owner_id, lead.stage) == (mia.pk, Lead.Stage.OWNED)
    assert lead.generation == before[0]
    assert Assignment.objects.get(lead=lead).ended_at is None


def test_a_rule_that_leaves_a_lead_to_its_owner_is_passed_over(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    lead = world.routed()
    gentle = {"pool": world.pool(world.member("Sam")), "replaces_owner": False, "priority": 7}

    assert sent(world, lead, gentle).outcome == "kept"

    lead.refresh_from_db()
    assert (lead.owner_id, lead.priority) == (mia.pk, 7)


# --- sent to one member ---


def test_a_lead_for_a_member_who_is_covered_goes_to_the_colleague(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    Cover.objects.create(
        team=world.team, membership=mia, by_member=jonas, starts_at=NOW - timedelta(days=1),
        ends_at=NOW + timedelta(days=1), created_at=NOW, via="membership",
    )  # fmt: skip
    world.rules(mia)

    assert world.routed().owner_id == jonas.pk
    assert world.routed(now=NOW + timedelta(days=2)).owner_id == mia.pk


def test_the_overflow_of_a_pool_is_a_member(world: World) -> None:
    boss = world.member("Boss", role=Role.MANAGER)
    world.rules(
        world.pool(
            empty_policy=EmptyPolicy.OVERFLOW, overflow=Overflow.MEMBER, overflow_member=boss,
            window_seconds=WHOLE_SUITE,
        )
    )  # fmt: skip

    lead = world.routed()

    assert lead.owner_id == boss.pk
    assert Assignment.objects.get(lead=lead).how == Assignment.How.OVERFLOW
