"""What happens when a deadline passes, and who is told: owner, managers, escalation contacts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.alerts.models import Alert, Kind
from apps.assignments.models import Assignment, HopperEntry
from apps.assignments.moves.ownership import release
from apps.assignments.road import deadlines
from apps.assignments.services import assign_by_hand, expire_due
from apps.assignments.work.attempts import confirm_attempt, log_attempt
from apps.leads.models import Activity, Lead
from apps.routing.calendar import Schedule
from apps.rules.models import Mode, OnExpiry, Overflow, Pool
from apps.teams.models import Membership, Team
from apps.teams.permissions import Role
from tests.assignments.test_routing import kinds_told
from tests.assignments.world import NOW, World, overdue_assignment, overdue_offer

pytestmark = pytest.mark.django_db


def reason_told(member: Membership, kind: Kind) -> str:
    return str(Alert.objects.get(user=member.user, kind=kind).data["reason"])


@pytest.fixture
def manager(world: World) -> Membership:
    return world.member("Max", Role.MANAGER)


# --- Stay ---


def stays(world: World, **settings: Any) -> tuple[Membership, Lead]:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    pool = world.pool(mia, jonas, on_expiry=OnExpiry.STAY, **settings)
    world.rules(pool)
    lead = world.routed()
    return Assignment.objects.get(lead=lead).member, lead


def test_it_stays_where_the_pool_says_so_and_the_managers_are_told(
    world: World, manager: Membership
) -> None:
    owner, lead = stays(world)
    overdue_assignment(lead)

    done = expire_due()

    lead.refresh_from_db()
    assert (done.get("stayed_overdue"), done.get("taken_back")) == (1, None)
    assert lead.owner_id == owner.pk
    assert reason_told(manager, Kind.ESCALATED) == "stays_overdue"
    assert reason_told(owner, Kind.REMINDER) == "deadline_passed"
    assert Activity.objects.get(lead=lead, kind=Activity.Kind.EXPIRED).data["stays"]


def test_the_managers_are_told_once(world: World, manager: Membership) -> None:
    _owner, lead = stays(world)
    overdue_assignment(lead)

    expire_due()
    again = expire_due()

    assert "stayed_overdue" not in again
    assert kinds_told(manager) == [Kind.ESCALATED]


def test_an_attempt_after_the_deadline_counts_all_the_same(world: World) -> None:
    owner, lead = stays(world)
    overdue_assignment(lead)
    expire_due()

    made = log_attempt(lead, channel="call", by=world.access(owner), now=NOW)
    confirm_attempt(made, outcome="no_answer", by=world.access(owner), now=NOW)

    assert Assignment.objects.get(lead=lead).responded_at == NOW


# --- Overflow ---


def test_it_goes_to_the_overflow_at_once_where_the_pool_says_so(world: World) -> None:
    mia, jonas, head = world.member("Mia"), world.member("Jonas"), world.member("Head")
    pool = world.pool(
        mia, jonas, on_expiry=OnExpiry.OVERFLOW, overflow=Overflow.MEMBER, overflow_member=head
    )
    world.rules(pool)
    lead = world.routed()
    overdue_assignment(lead)

    expire_due()

    lead.refresh_from_db()
    assert lead.owner_id == head.pk


def test_a_declined_offer_still_goes_to_the_next_member(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    pool = world.pool(mia, jonas, mode=Mode.OFFER, on_expiry=OnExpiry.OVERFLOW)
    world.rules(pool)
    lead = world.routed()
    first = overdue_offer(lead).member_id

    expire_due()

    lead.refresh_from_db()
    assert lead.stage == Lead.Stage.OFFERED
    assert lead.offers.get(state="open").member_id != first


def test_the_next_member_gets_it_otherwise_and_never_the_same(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    world.rules(world.pool(mia, jonas, max_hops=9))
    lead = world.routed()
    owners = []
    for _ in range(2):
        owners.append(overdue_assignment(lead).member_id)
        expire_due()

    lead.refresh_from_db()
    assert set(owners) == {mia.pk, jonas.pk}
    assert lead.stage == Lead.Stage.MANAGER


# --- Escalation contacts ---


def call_upon(world: World, member: Membership, pool: Pool | None = None) -> None:
    where: Any = Pool if pool else Team
    where.objects.filter(pk=(pool or world.team).pk).update(escalate_to=[member.pk])
    world.team.refresh_from_db()


@pytest.mark.parametrize("by_pool", [True, False])
def test_contacts_are_told_when_a_deadline_passes(
    world: World, manager: Membership, by_pool: bool
) -> None:
    mia, jonas, lead_of_sales = world.member("Mia"), world.member("Jonas"), world.member("Ida")
    pool = world.pool(mia, jonas)
    world.rules(pool)
    call_upon(world, lead_of_sales, pool if by_pool else None)
    overdue_assignment(world.routed())

    expire_due()

    assert reason_told(lead_of_sales, Kind.ESCALATED) == "no_attempt_in_time"
    assert kinds_told(manager) == []


def test_the_pool_s_contacts_come_before_the_team_s(world: World) -> None:
    mia, of_pool, of_team = world.member("Mia"), world.member("Pia"), world.member("Ted")
    pool = world.pool(mia)
    world.rules(pool)
    call_upon(world, of_team)
    call_upon(world, of_pool, pool)
    overdue_assignment(world.routed())

    expire_due()

    assert Kind.ESCALATED in kinds_told(of_pool)
    assert kinds_told(of_team) == []


def test_contacts_are_told_of_a_held_lead_beside_the_managers(
    world: World, manager: Membership
) -> None:
    contact = world.member("Ida")
    pool = world.pool(world.member("Mia", is_paused=True))
    world.rules(pool)
    call_upon(world, contact, pool)

    world.routed()

    assert kinds_told(contact) == [Kind.ESCALATED]
    assert kinds_told(manager) == [Kind.HELD]


def test_a_manager_who_is_a_contact_is_told_once(world: World, manager: Membership) -> None:
    call_upon(world, manager)

    world.routed()

    assert kinds_told(manager) == [Kind.ESCALATED]


def test_contacts_are_told_when_nobody_claims_or_picks(world: World) -> None:
    contact = world.member("Ida")
    hopper = world.pool(world.member("Mia"), mode=Mode.HOPPER, overflow=Overflow.HOPPER)
    claim = world.pool(
        world.member("Jonas"), mode=Mode.CLAIM, overflow=Overflow.POOL, overflow_pool=hopper
    )
    world.rules(claim)
    call_upon(world, contact)
    lead = world.routed()
    overdue_offer(lead)
    expire_due()
    past = datetime.now(UTC) - timedelta(seconds=1)
    HopperEntry.objects.filter(lead=lead).update(expires_at=past)
    expire_due()

    reasons = [
        alert.data["reason"]
        for alert in Alert.objects.filter(user=contact.user, kind=Kind.ESCALATED).order_by("pk")
    ]
    assert reasons == ["nobody_claimed", "too_long_in_hopper"]


def test_a_contact_who_left_is_not_told(world: World) -> None:
    contact = world.member("Gone", is_active=False)
    call_upon(world, contact)

    world.routed()

    assert kinds_told(contact) == []


# --- Who loses a lead is told, and why ---


def test_a_manager_who_gives_it_back_says_so_to_its_owner(
    world: World, manager: Membership
) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    world.rules(world.pool(mia, jonas))
    lead = world.routed()
    owner = Assignment.objects.get(lead=lead).member

    release(lead, by=world.access(manager), now=NOW)

    assert reason_told(owner, Kind.TAKEN_BACK) == "released"


def test_whoever_gives_back_her_own_is_not_told_what_she_knows(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    world.rules(world.pool(mia, jonas))
    lead = world.routed()
    owner = Assignment.objects.get(lead=lead).member

    release(lead, by=world.access(owner), now=NOW)

    assert Kind.TAKEN_BACK not in kinds_told(owner)


def test_reassigned_she_learns_to_whom(world: World, manager: Membership) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    world.rules(mia)
    lead = world.routed()

    assign_by_hand(lead, member=jonas, by=world.access(manager), now=NOW)

    told = Alert.objects.get(user=mia.user, kind=Kind.TAKEN_BACK)
    assert (told.data["reason"], told.data["to"]) == ("reassigned", "Jonas")


# --- Limits and warnings in time ---


def test_a_pool_says_how_long_leads_stay_in_its_hopper(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia, mode=Mode.HOPPER, hopper_hours=5))
    short = HopperEntry.objects.get(lead=world.routed())
    world.rules(world.pool(mia, mode=Mode.HOPPER))
    usual = HopperEntry.objects.get(lead=world.routed())

    assert short.expires_at - short.entered_at == timedelta(hours=5)
    assert usual.expires_at - usual.entered_at == timedelta(days=world.team.hopper_days)


def test_nobody_is_warned_at_night_of_a_deadline_in_the_morning() -> None:
    nine_to_six = [Schedule.from_json({str(d): [["09:00", "18:00"]] for d in range(5)}, "UTC")]
    friday = datetime(2026, 11, 20, 17, 50, tzinfo=UTC)
    monday = datetime(2026, 11, 23, 9, 10, tzinfo=UTC)  # 20 minutes of hours later

    half = deadlines.warn_at(friday, monday, friday, hours=nine_to_six)
    assert half == datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
    most = deadlines.warn_at(friday, monday, half, hours=nine_to_six)
    assert most == datetime(2026, 11, 23, 9, 6, tzinfo=UTC)
    assert deadlines.warn_at(friday, monday, most, hours=nine_to_six) is None


def test_a_deadline_whose_hours_are_gone_is_warned_by_the_clock() -> None:
    never = [Schedule("UTC")]
    due = NOW + timedelta(minutes=10)

    assert deadlines.warn_at(NOW, due, NOW, hours=never) == NOW + timedelta(minutes=5)
