"""Attempts, statuses and changes by hand: what stops a clock and who owns the lead after."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from apps.alerts.models import Kind
from apps.assignments import services
from apps.assignments.models import Assignment, Offer
from apps.assignments.services import expire_due
from apps.leads.models import Activity, FollowUp, Lead, StatusKind
from apps.rules.models import Mode, Seat
from apps.teams.permissions import Role
from tests.assignments.test_routing import kinds_told
from tests.assignments.world import NOW, World, overdue_assignment

pytestmark = pytest.mark.django_db


def test_a_confirmed_attempt_stops_the_clock_from_the_tap(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    lead = world.routed()
    tap = NOW + timedelta(seconds=60)

    attempt = services.log_attempt(lead, channel="call", by=world.access(mia), now=tap)
    services.confirm_attempt(
        attempt, outcome="no_answer", by=world.access(mia), now=tap + timedelta(minutes=2)
    )

    lead.refresh_from_db()
    assignment = Assignment.objects.get(lead=lead)
    assert (lead.first_attempt_at, lead.first_contact_at) == (tap, None)
    assert (assignment.responded_at, lead.status_kind) == (tap, StatusKind.WORKING)


def test_an_unconfirmed_attempt_holds_the_take_back_for_a_quarter_of_an_hour(
    world: World,
) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia, world.member("Jonas")))
    lead = world.routed()
    services.log_attempt(lead, channel="whatsapp", by=world.access(mia), now=NOW)
    overdue_assignment(lead)

    kept = expire_due().get("taken_back", 0)
    Assignment.objects.filter(lead=lead).update(held_until=NOW - timedelta(seconds=1))
    taken = expire_due()["taken_back"]

    lead.refresh_from_db()
    assert (kept, taken) == (0, 1)
    assert lead.first_attempt_at is None


def test_a_misdial_never_counts(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    lead = world.routed()
    attempt = services.log_attempt(lead, channel="call", by=world.access(mia), now=NOW)

    services.confirm_attempt(attempt, outcome="misdial", by=world.access(mia), now=NOW)

    lead.refresh_from_db()
    assert lead.first_attempt_at is None
    assert Assignment.objects.get(lead=lead).responded_at is None


def test_talking_is_contact_and_plans_the_follow_up(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    lead = world.routed()
    attempt = services.log_attempt(lead, channel="call", by=world.access(mia), now=NOW)
    due = NOW + timedelta(hours=3)

    services.confirm_attempt(
        attempt, outcome="talked", by=world.access(mia), now=NOW, note="Send offer",
        follow_up_at=due,
    )  # fmt: skip

    lead.refresh_from_db()
    assert lead.first_contact_at == NOW
    assert FollowUp.objects.get(lead=lead).due_at == due
    assert Activity.objects.filter(lead=lead, kind="note").exists()


def test_someone_who_must_not_be_contacted_is_not(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    lead = world.routed(do_not_contact=True)

    with pytest.raises(services.DoNotContact):
        services.log_attempt(lead, channel="call", by=world.access(mia), now=NOW)


def test_closing_a_lead_frees_the_place_and_opening_takes_it_again(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    lead = world.routed()

    services.change_status(
        lead, status=world.statuses[StatusKind.WON], by=world.access(mia), now=NOW
    )
    mia.refresh_from_db()
    closed = mia.open_leads
    overdue_assignment(lead)
    taken = expire_due().get("taken_back", 0)
    services.change_status(
        lead, status=world.statuses[StatusKind.WORKING], by=world.access(mia), now=NOW
    )
    mia.refresh_from_db()

    assert (closed, taken, mia.open_leads) == (0, 0, 1)


def test_closing_an_offered_lead_withdraws_it(world: World) -> None:
    mia, boss = world.member("Mia"), world.member("Boss", Role.MANAGER)
    world.rules(world.pool(mia, mode=Mode.OFFER))
    lead = world.routed()

    services.change_status(
        lead, status=world.statuses[StatusKind.LOST], by=world.access(boss), now=NOW
    )

    mia.refresh_from_db()
    assert Offer.objects.get(lead=lead).state == Offer.State.WITHDRAWN
    assert mia.open_leads == 0
    assert kinds_told(mia) == [Kind.OFFERED, Kind.WITHDRAWN]


def test_a_closed_lead_that_changes_hands_is_never_taken_back(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    boss = world.member("Boss", Role.MANAGER)
    world.rules(world.pool(mia))
    lead = world.routed()
    won = world.statuses[StatusKind.WON]
    services.change_status(lead, status=won, by=world.access(mia), now=NOW)

    services.assign_by_hand(lead, member=jonas, by=world.access(boss), now=NOW)

    overdue_assignment(lead)
    assert expire_due().get("taken_back", 0) == 0
    lead.refresh_from_db()
    assert (lead.stage, lead.owner) == (Lead.Stage.OWNED, jonas)


def test_a_closed_lead_can_not_be_given_back(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))
    lead = world.routed()
    won = world.statuses[StatusKind.WON]
    services.change_status(lead, status=won, by=world.access(mia), now=NOW)

    with pytest.raises(services.ClaimRefused, match="closed"):
        services.release(lead, by=world.access(mia), now=NOW)


def test_who_lost_a_lead_meanwhile_can_not_give_it_back(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    boss = world.member("Boss", Role.MANAGER)
    world.rules(world.pool(mia))
    lead_as_mia_saw_it = world.routed()
    services.assign_by_hand(lead_as_mia_saw_it, member=jonas, by=world.access(boss), now=NOW)

    with pytest.raises(PermissionDenied):
        services.release(lead_as_mia_saw_it, by=world.access(mia), now=NOW)


def test_a_manager_reassigns_and_both_are_told(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    boss = world.member("Boss", Role.MANAGER)
    world.rules(world.pool(mia))
    lead = world.routed()

    services.assign_by_hand(lead, member=jonas, by=world.access(boss), now=NOW)

    lead.refresh_from_db()
    mia.refresh_from_db()
    jonas.refresh_from_db()
    assert (lead.owner_id, mia.open_leads, jonas.open_leads) == (jonas.pk, 0, 1)
    assert kinds_told(mia) == [Kind.ASSIGNED, Kind.TAKEN_BACK]
    assert kinds_told(jonas) == [Kind.ASSIGNED]


def test_a_hand_assignment_counts_as_a_turn_only_on_request(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    boss = world.member("Boss", Role.MANAGER)
    pool = world.pool(mia, jonas)
    world.rules(pool)
    lead = world.routed()
    before = dict(Seat.objects.filter(pool=pool).values_list("membership", "credit"))

    services.assign_by_hand(lead, member=jonas, by=world.access(boss), now=NOW)
    free = dict(Seat.objects.filter(pool=pool).values_list("membership", "credit"))
    services.assign_by_hand(world.routed(), member=jonas, by=world.access(boss), now=NOW,
                            counts_as_turn=True)  # fmt: skip
    charged = dict(Seat.objects.filter(pool=pool).values_list("membership", "credit"))

    assert free == before
    assert charged != before
    assert sum(charged.values()) == 0


def test_a_salesperson_may_not_reassign(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    world.rules(world.pool(mia))
    lead = world.routed()

    with pytest.raises(PermissionDenied):
        services.assign_by_hand(lead, member=jonas, by=world.access(mia), now=NOW)


def test_a_released_lead_goes_past_the_one_who_released_it(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    world.rules(world.pool(mia, jonas))
    lead = world.routed()

    services.release(lead, by=world.access(mia), now=NOW, reason="My sister")

    lead.refresh_from_db()
    mia.refresh_from_db()
    assert (lead.owner_id, mia.open_leads) == (jonas.pk, 0)


def test_a_deleted_lead_is_gone_and_comes_back_to_its_owner(world: World) -> None:
    mia, admin = world.member("Mia"), world.member("Admin", Role.ADMIN)
    world.rules(world.pool(mia))
    lead = world.routed()

    services.delete_lead(lead, by=world.access(admin), now=NOW)
    gone = Lead.objects.visible_to(world.access(admin)).filter(pk=lead.pk).exists()
    mia.refresh_from_db()
    freed = mia.open_leads
    services.restore_lead(lead, by=world.access(admin), now=NOW)

    lead.refresh_from_db()
    mia.refresh_from_db()
    assert (gone, freed) == (False, 0)
    assert (lead.deleted_at, lead.owner_id, mia.open_leads) == (None, mia.pk, 1)
    assert kinds_told(mia) == [Kind.ASSIGNED, Kind.DELETED, Kind.ASSIGNED]


def test_nothing_is_told_when_the_transaction_is_rolled_back(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia))

    with transaction.atomic():
        world.routed()
        transaction.set_rollback(True)

    assert kinds_told(mia) == []
