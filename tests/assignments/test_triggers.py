"""Rules about leads that are there already: they changed, did something, or were silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.alerts.models import Alert, Kind
from apps.assignments import services
from apps.assignments.models import Assignment, Decision
from apps.assignments.road import silence
from apps.leads import services as leads
from apps.leads.models import Lead, LeadEvent
from apps.rules.models import Destination, Mode
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db

BIG = {"field": "employees", "op": "gte", "value": 500}


def owner_of(lead: Lead) -> object:
    lead.refresh_from_db()
    return lead.owner


def asked() -> int:
    return services.expire_due().get("rules_asked", 0)


def test_a_lead_that_grows_goes_to_those_for_big_ones(world: World) -> None:
    mia, senior = world.member("Mia"), world.member("Sam")
    world.rules(world.pool(mia))
    world.rules_for(
        "changed", {"pool": world.pool(senior), "conditions": BIG}, changes=["employees"]
    )
    lead = world.routed()

    leads.edit(lead, changes={"facts": {"employees": 800}}, by=world.access(mia), now=NOW)
    asked()

    assert owner_of(lead) == senior
    ended = Assignment.objects.get(lead=lead, member=mia)
    assert ended.end_reason == Assignment.Ended.RULE
    decision = Decision.objects.filter(lead=lead).latest("at", "id")
    assert (decision.door, decision.chosen) == ("changed", senior)
    told = Alert.objects.filter(user=mia.user, kind=Kind.TAKEN_BACK).get()
    assert (told.data["to"], told.data["reason"]) == ("Sam", "rule")
    mia.refresh_from_db()
    senior.refresh_from_db()
    assert (mia.open_leads, senior.open_leads) == (0, 1)


def test_a_change_that_the_set_does_not_watch_asks_nothing(world: World) -> None:
    mia, senior = world.member("Mia"), world.member("Sam")
    world.rules(world.pool(mia))
    world.rules_for("changed", world.pool(senior), changes=["budget"])
    lead = world.routed()

    leads.edit(lead, changes={"city": "Wien"}, by=world.access(mia), now=NOW)
    asked()

    assert owner_of(lead) == mia
    assert Decision.objects.filter(lead=lead).count() == 1


def test_a_lead_that_no_rule_catches_stays_and_leaves_no_decision(world: World) -> None:
    mia, senior = world.member("Mia"), world.member("Sam")
    world.rules(world.pool(mia))
    world.rules_for("changed", {"pool": world.pool(senior), "conditions": BIG})
    lead = world.routed()

    leads.edit(lead, changes={"facts": {"employees": 3}}, by=world.access(mia), now=NOW)
    asked()

    assert owner_of(lead) == mia
    assert Decision.objects.filter(lead=lead).count() == 1


def test_where_nobody_can_take_it_the_owner_keeps_it(world: World) -> None:
    mia, away = world.member("Mia"), world.member("Away", is_paused=True)
    world.rules(world.pool(mia))
    world.rules_for("changed", world.pool(away))
    lead = world.routed()

    leads.edit(lead, changes={"city": "Wien"}, by=world.access(mia), now=NOW)
    asked()

    assert owner_of(lead) == mia
    kept = Decision.objects.filter(lead=lead).latest("at", "id")
    assert kept.outcome == Decision.Outcome.KEPT
    assert Assignment.objects.get(lead=lead, ended_at=None).member == mia
    mia.refresh_from_db()
    assert mia.open_leads == 1


def test_a_rule_that_leaves_the_owner_still_does_its_deeds(world: World) -> None:
    mia, boss, senior = world.member("Mia"), world.member("Boss"), world.member("Sam")
    world.rules(world.pool(mia))
    deed = {
        "pool": world.pool(senior), "replaces_owner": False, "priority": 5, "notify": [boss.pk],
    }  # fmt: skip
    world.rules_for("changed", deed)
    lead = world.routed()

    leads.edit(lead, changes={"city": "Wien"}, by=world.access(mia), now=NOW)
    asked()

    assert owner_of(lead) == mia
    assert lead.priority == 5
    assert Alert.objects.filter(user=boss.user, lead_id=lead.pk).exists()


def test_a_reply_is_a_deed_of_the_lead(world: World) -> None:
    mia, closer = world.member("Mia"), world.member("Cleo")
    world.rules(world.pool(mia))
    world.rules_for("activity", world.pool(closer), events=["replied"])
    lead = world.routed()
    attempt = services.log_attempt(lead, channel="email", by=world.access(mia), now=NOW)

    services.confirm_attempt(attempt, outcome="replied", by=world.access(mia), now=NOW)
    asked()

    assert owner_of(lead) == closer


def test_what_another_system_tells_is_heard(world: World) -> None:
    mia, closer = world.member("Mia"), world.member("Cleo")
    world.rules(world.pool(mia))
    world.rules_for("activity", world.pool(closer), events=["opened_content"])
    lead = world.routed()

    leads.report(lead, "replied", by=world.system, now=NOW)
    asked()
    assert owner_of(lead) == mia

    leads.report(lead, "opened_content", by=world.system, now=NOW)
    asked()
    assert owner_of(lead) == closer
    assert lead.opened_content_at == NOW


def test_an_unknown_event_is_refused_and_changes_nothing(world: World) -> None:
    lead = world.routed()

    with pytest.raises(ValueError, match="use one of replied"):
        leads.report(lead, "danced", by=world.system, now=NOW)

    assert not LeadEvent.objects.exists()


def silent_for(lead: Lead, days: float) -> None:
    # Silence is judged by the database's clock.
    heard = datetime.now(UTC) - timedelta(days=days)
    Lead.objects.filter(pk=lead.pk).update(last_heard_at=heard)


def test_a_silent_lead_goes_on_once(world: World) -> None:
    mia, reviver = world.member("Mia"), world.member("Rev")
    world.rules(world.pool(mia))
    world.rules_for("silent", world.pool(reviver), days=14)
    lead, fresh = world.routed(), world.routed()
    silent_for(lead, 14.1)
    silent_for(fresh, 13.9)

    assert silence.find_silent() == 1
    assert silence.find_silent() == 0
    asked()

    assert owner_of(lead) == reviver
    assert owner_of(fresh) == mia
    assert Decision.objects.filter(lead=lead).latest("at", "id").door == "silent"


def test_silence_that_was_broken_is_told_again(world: World) -> None:
    world.rules(world.pool(world.member("Mia")))
    world.rules_for("silent", {"destination": Destination.STOP}, days=7)
    lead = world.routed()
    silent_for(lead, 20)
    assert silence.find_silent() == 1

    silent_for(lead, 8)

    assert silence.find_silent() == 1


def test_closed_leads_are_not_silent(world: World) -> None:
    world.rules(world.pool(world.member("Mia")))
    world.rules_for("silent", {"destination": Destination.STOP}, days=7)
    lead = world.routed(status_kind="lost")
    silent_for(lead, 20)

    assert silence.find_silent() == 0


def test_what_a_rule_changes_asks_no_rule_again(world: World) -> None:
    """Two sets that send leads to each other's members end after one step."""
    mia, sam = world.member("Mia"), world.member("Sam")
    world.rules(world.pool(mia))
    world.rules_for("changed", {"pool": world.pool(sam), "priority": 3})
    lead = world.routed()

    leads.edit(lead, changes={"city": "Wien"}, by=world.access(mia), now=NOW)

    assert asked() == 1
    assert asked() == 0
    assert owner_of(lead) == sam


def test_the_first_set_that_moves_the_lead_is_the_last_one_asked(world: World) -> None:
    mia, first, second = world.member("Mia"), world.member("One"), world.member("Two")
    world.rules(world.pool(mia))
    world.rules_for("changed", {"pool": world.pool(first), "conditions": BIG})
    world.rules_for("changed", world.pool(second))
    world.rules_for("changed", world.pool(first))
    lead = world.routed()

    leads.edit(lead, changes={"city": "Wien"}, by=world.access(mia), now=NOW)
    asked()

    assert owner_of(lead) == second
    assert Decision.objects.filter(lead=lead).count() == 2


def test_a_deleted_lead_is_left_alone(world: World) -> None:
    mia, sam = world.member("Mia", role="admin"), world.member("Sam")
    world.rules(world.pool(mia))
    world.rules_for("changed", world.pool(sam))
    lead = world.routed()
    leads.edit(lead, changes={"city": "Wien"}, by=world.access(mia), now=NOW)
    services.delete_lead(lead, by=world.access(mia), now=NOW)

    assert asked() == 1
    assert Decision.objects.filter(lead=lead).count() == 1


def test_an_offered_lead_is_taken_off_the_screens_it_was_on(world: World) -> None:
    mia, sam = world.member("Mia"), world.member("Sam")
    world.rules(world.pool(mia, mode=Mode.CLAIM))
    world.rules_for("changed", world.pool(sam))
    lead = world.routed()

    leads.edit(lead, changes={"city": "Wien"}, by=world.system, now=NOW)
    asked()

    assert owner_of(lead) == sam
    assert Alert.objects.filter(user=mia.user, kind=Kind.WITHDRAWN).exists()


def test_a_rule_may_put_a_lead_into_the_hopper_with_a_caretaker(world: World) -> None:
    mia, care = world.member("Mia"), world.member("Care")
    world.rules(world.pool(mia))
    world.rules_for("changed", {"destination": Destination.HOPPER, "caretaker": care})
    lead = world.routed()

    leads.edit(lead, changes={"city": "Wien"}, by=world.access(mia), now=NOW)
    asked()

    assert owner_of(lead) == care
    assert lead.stage == Lead.Stage.HOPPER
