"""A lead reaches a person: route() by mode, ranking, policy and overflow."""

from datetime import timedelta

import pytest

from apps.alerts.models import Alert, Kind
from apps.assignments.models import Assignment, Decision, Hold, HopperEntry, Offer
from apps.assignments.services import expire_due
from apps.leads.models import Activity, Lead
from apps.rules.models import Destination, EmptyPolicy, Mode, Overflow, Pool, Seat, TurnEntry
from apps.teams.permissions import Role
from tests.assignments.world import NOW, World, overdue_assignment, overdue_offer

pytestmark = pytest.mark.django_db


def kinds_told(member: object) -> list[str]:
    user_id = member.user_id  # type: ignore[attr-defined]
    return list(
        Alert.objects.filter(user_id=user_id)
        .order_by("created_at", "id")
        .values_list("kind", flat=True)
    )


def test_a_pool_that_assigns_makes_one_member_the_owner(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))

    lead = world.lead()
    placement = world.route(lead)

    lead.refresh_from_db()
    assignment = Assignment.objects.get(lead=lead)
    assert placement.outcome == "assigned"
    assert placement.owner == mia
    assert (lead.stage, lead.owner_id, lead.assigned_at) == ("owned", mia.pk, NOW)
    assert assignment.respond_by == NOW + timedelta(seconds=world.team.response_seconds)
    assert assignment.warn_at == NOW + timedelta(seconds=world.team.response_seconds / 2)
    assert kinds_told(mia) == [Kind.ASSIGNED]
    mia.refresh_from_db()
    assert mia.open_leads == 1


def test_turns_go_round_and_are_kept_in_the_ledger(world: World) -> None:
    members = [world.member(name) for name in ("Ann", "Ben", "Cem")]
    pool = world.pool(*members)
    world.rules(pool)

    owners = [world.routed().owner_id for _ in range(6)]

    assert owners == [member.pk for member in members] * 2
    assert sum(Seat.objects.filter(pool=pool).values_list("credit", flat=True)) == 0
    entries = TurnEntry.objects.filter(pool=pool).order_by("turn_no")
    assert [entry.turn_no for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert all(sum(entry.deltas.values()) == 0 for entry in entries)


def test_weights_decide_the_share(world: World) -> None:
    light, heavy = world.member("Light"), world.member("Heavy")
    world.rules(world.pool(light, heavy, weights=[1, 2]))

    owners = [world.routed().owner_id for _ in range(9)]

    assert (owners.count(light.pk), owners.count(heavy.pk)) == (3, 6)


def test_an_exclusive_offer_holds_a_place_but_makes_no_owner(world: World) -> None:
    mia = world.member("Mia", capacity=1)
    world.rules(world.pool(mia, mode=Mode.OFFER, window_seconds=90))

    lead = world.routed()

    offer = Offer.objects.get(lead=lead)
    mia.refresh_from_db()
    assert (lead.stage, lead.owner_id, offer.member_id) == ("offered", None, mia.pk)
    assert offer.expires_at == NOW + timedelta(seconds=90)
    assert mia.open_leads == 1
    assert kinds_told(mia) == [Kind.OFFERED]


def test_a_claim_pool_opens_the_lead_to_everyone_eligible(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    paused = world.member("Paused", is_paused=True)
    world.rules(world.pool(mia, jonas, paused, mode=Mode.CLAIM))

    lead = world.routed()

    offer = Offer.objects.get(lead=lead)
    assert lead.stage == Lead.Stage.OPEN
    assert set(offer.candidates) == {mia.pk, jonas.pk}
    assert kinds_told(mia) == [Kind.OPEN]
    assert kinds_told(paused) == []


def test_a_hopper_pool_keeps_the_lead_for_whoever_picks_it(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia, mode=Mode.HOPPER))

    lead = world.routed()

    assert lead.stage == Lead.Stage.HOPPER
    assert HopperEntry.objects.get(lead=lead).expires_at == NOW + timedelta(days=7)


def test_the_first_matching_rule_decides(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    germany = {"field": "country", "op": "is_one_of", "value": ["DE", "AT"]}
    first = {"pool": world.pool(mia), "conditions": {"all": [germany]}, "name": "DACH"}
    world.rules(first, world.pool(jonas))

    german, french = world.routed(country="DE"), world.routed(country="FR")

    assert (german.owner_id, french.owner_id) == (mia.pk, jonas.pk)
    decision = Decision.objects.get(lead=french)
    assert [rule["matched"] for rule in decision.trace["rules"]] == [False, True]
    assert decision.trace["rules"][0]["failed"]["field"] == "country"


def test_a_decision_keeps_no_personal_value(world: World) -> None:
    world.rules(world.pool(world.member("Mia")))

    lead = world.routed(name="Rosa Steiner", email="rosa@example.com", message="call me")

    text = str(Decision.objects.values_list("trace").get(lead=lead))
    assert "Rosa" not in text
    assert "rosa@" not in text


def test_a_member_at_capacity_is_passed_over(world: World) -> None:
    busy, free = world.member("Busy", capacity=1), world.member("Free")
    world.rules(world.pool(busy, free))

    owners = [world.routed().owner_id for _ in range(4)]

    assert owners == [busy.pk, free.pk, free.pk, free.pk]


def test_a_daily_cap_is_passed_over_and_starts_anew_tomorrow(world: World) -> None:
    capped, free = world.member("Capped"), world.member("Free")
    world.rules(world.pool(capped, free, caps=[1, None]))

    today = [world.routed().owner_id for _ in range(4)]
    tomorrow = [world.routed(now=NOW + timedelta(days=1)).owner_id for _ in range(2)]

    assert today.count(capped.pk) == 1
    assert tomorrow == [free.pk, capped.pk]


def test_nobody_eligible_holds_the_lead_and_tells_the_manager(world: World) -> None:
    boss = world.member("Boss", Role.MANAGER)
    world.rules(world.pool(world.member("Away", is_paused=True)))

    lead = world.routed()

    assert lead.stage == Lead.Stage.HELD
    assert Hold.objects.filter(lead=lead, released_at=None).exists()
    assert kinds_told(boss) == [Kind.HELD]


def test_a_held_lead_goes_on_when_somebody_is_back(world: World) -> None:
    mia = world.member("Mia", is_paused=True)
    world.rules(world.pool(mia))
    lead = world.routed()
    Hold.objects.update(retry_at=NOW - timedelta(seconds=1))

    still_held = expire_due()["drained"]
    mia.is_paused = False
    mia.save()
    Hold.objects.update(retry_at=NOW - timedelta(seconds=1))
    drained = expire_due()["drained"]

    lead.refresh_from_db()
    assert (still_held, drained) == (0, 1)
    assert lead.owner_id == mia.pk
    assert Decision.objects.filter(lead=lead).count() == 2


def test_next_rule_goes_on_past_an_empty_pool(world: World) -> None:
    mia = world.member("Mia")
    empty = world.pool(world.member("Away", is_paused=True), empty_policy=EmptyPolicy.NEXT_RULE)
    world.rules(empty, world.pool(mia))

    lead = world.routed()

    assert lead.owner_id == mia.pk
    steps = Decision.objects.get(lead=lead).trace["steps"]
    assert [step["why"] for step in steps] == ["empty", "placed"]


def test_an_empty_pool_may_overflow_at_once(world: World) -> None:
    mia = world.member("Mia")
    second = world.pool(mia)
    first = world.pool(
        world.member("Away", is_paused=True), empty_policy=EmptyPolicy.OVERFLOW,
        overflow=Overflow.POOL, overflow_pool=second,
    )  # fmt: skip
    world.rules(first)

    assert world.routed().owner_id == mia.pk


def test_no_rules_and_no_match_both_tell_the_manager(world: World) -> None:
    boss = world.member("Boss", Role.MANAGER)
    unruled = world.routed()
    world.rules({"pool": world.pool(boss), "conditions": {
        "field": "country", "op": "is", "value": "DE"}})  # fmt: skip

    unmatched = world.routed(country="FR")

    assert {unruled.stage, unmatched.stage} == {"manager"}
    assert kinds_told(boss) == [Kind.UNPLACED, Kind.UNPLACED]


def test_a_rule_may_disqualify_with_a_reason(world: World) -> None:
    world.rules({"destination": Destination.DISQUALIFY, "reason": "Out of market", "pool": None})

    lead = world.routed()

    assert (lead.stage, lead.status_kind) == ("out", "disqualified")
    assert lead.disqualified_reason == "Out of market"


def test_an_offer_that_expires_goes_to_the_next_then_the_overflow(world: World) -> None:
    first, second, third = (world.member(name) for name in ("Ann", "Ben", "Cem"))
    overflow = world.pool(third)
    pool = world.pool(
        first, second, mode=Mode.OFFER, overflow=Overflow.POOL, overflow_pool=overflow
    )
    world.rules(pool)
    lead = world.routed()

    asked = []
    for _ in range(2):
        asked.append(overdue_offer(lead).member_id)
        expire_due()
    lead.refresh_from_db()

    assert asked == [first.pk, second.pk]
    assert lead.owner_id == third.pk
    assert kinds_told(first) == [Kind.OFFERED, Kind.EXPIRED]
    for member in (first, second):
        member.refresh_from_db()
        assert member.open_leads == 0
    assert [d.hop for d in Decision.objects.filter(lead=lead).order_by("at", "id")] == [0, 1, 2]


def test_an_expired_open_claim_goes_to_the_overflow(world: World) -> None:
    boss = world.member("Boss", Role.MANAGER)
    world.rules(world.pool(world.member("Mia"), mode=Mode.CLAIM, overflow=Overflow.HOPPER))
    lead = world.routed()

    overdue_offer(lead)
    expire_due()

    lead.refresh_from_db()
    assert lead.stage == Lead.Stage.HOPPER
    HopperEntry.objects.filter(lead=lead).update(expires_at=NOW - timedelta(seconds=1))
    expire_due()
    lead.refresh_from_db()
    assert lead.stage == Lead.Stage.MANAGER
    assert kinds_told(boss) == [Kind.UNPLACED]


def test_a_lead_without_an_attempt_is_taken_back_and_goes_on(world: World) -> None:
    silent, next_one = world.member("Silent"), world.member("Next")
    world.rules(world.pool(silent, next_one))
    lead = world.routed()

    overdue_assignment(lead)
    expire_due()

    lead.refresh_from_db()
    silent.refresh_from_db()
    assert lead.owner_id == next_one.pk
    assert silent.open_leads == 0
    assert kinds_told(silent) == [Kind.ASSIGNED, Kind.TAKEN_BACK]
    assert Activity.objects.filter(lead=lead, kind=Activity.Kind.TAKEN_BACK).exists()


def test_a_second_tick_does_nothing(world: World) -> None:
    world.rules(world.pool(world.member("Ann"), world.member("Ben"), mode=Mode.OFFER))
    lead = world.routed()
    overdue_offer(lead)

    first, second = expire_due(), expire_due()

    assert (first["offers_expired"], second.get("offers_expired", 0)) == (1, 0)


def test_a_timer_of_an_older_generation_does_nothing(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    world.rules(world.pool(mia, jonas, mode=Mode.OFFER))
    lead = world.routed()
    overdue_offer(lead)
    Lead.objects.filter(pk=lead.pk).update(generation=lead.generation + 1)

    expire_due()

    assert Decision.objects.filter(lead=lead).count() == 1
    assert kinds_told(jonas) == []


def test_warnings_come_at_half_and_at_four_fifths(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    lead = world.routed()
    assignment = Assignment.objects.get(lead=lead)

    Assignment.objects.update(warn_at=NOW - timedelta(seconds=1))
    warned = expire_due()["assignments_warned"]

    assignment.refresh_from_db()
    assert warned == 1
    assert kinds_told(mia) == [Kind.ASSIGNED, Kind.REMINDER]


def test_a_rule_may_send_to_one_member_who_loses_it_to_the_manager(world: World) -> None:
    mia, boss = world.member("Mia"), world.member("Boss", Role.MANAGER)
    world.rules(mia)
    lead = world.routed()
    assert lead.owner_id == mia.pk

    overdue_assignment(lead)
    expire_due()

    lead.refresh_from_db()
    assert lead.stage == Lead.Stage.MANAGER
    assert kinds_told(boss) == [Kind.UNPLACED]


def test_hops_are_limited(world: World) -> None:
    members = [world.member(f"M{number}") for number in range(5)]
    pool = world.pool(*members, mode=Mode.OFFER, max_hops=2, overflow=Overflow.HOPPER)
    world.rules(pool)
    lead = world.routed()

    for _ in range(2):
        overdue_offer(lead)
        expire_due()

    lead.refresh_from_db()
    assert lead.stage == Lead.Stage.HOPPER
    assert Offer.objects.filter(lead=lead).count() == 2


def test_routing_a_fresh_lead_takes_four_statements(
    world: World, django_assert_num_queries: object
) -> None:
    pool = world.pool(*(world.member(f"M{number}") for number in range(12)))
    world.rules(pool)
    world.routed()  # compiles the rules
    lead = world.lead()

    # Lock the pool, read its seats, reserve a place, write all of it.
    with django_assert_num_queries(4 + 2):  # type: ignore[operator]  # with the savepoint's two
        world.route(lead)

    assert Pool.objects.get(pk=pool.pk).turn_no == 2
