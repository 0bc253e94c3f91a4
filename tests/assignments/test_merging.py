"""Two leads that are one person become one: what stays, what goes along, and who may do it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from apps.alerts.models import Alert, Kind
from apps.assignments import services
from apps.assignments.models import Assignment, Decision, Hold, HopperEntry, Offer
from apps.assignments.moves.merging import MergeRefused
from apps.leads.models import Attempt, FollowUp, Lead, LeadEvent, StatusKind
from apps.leads.services import StaleLead
from apps.rules.models import Mode
from apps.teams.access import Access
from apps.teams.models import AuditEntry, Membership
from apps.teams.permissions import Role
from tests.assignments.pairs import merge, owned, place_of
from tests.assignments.world import NOW, World


@pytest.fixture
def mia(world: World) -> Membership:
    return world.member("Mia")


@pytest.fixture
def jonas(world: World) -> Membership:
    return world.member("Jonas")


@pytest.fixture
def manager(world: World) -> Access:
    return world.access(world.member("Henrike", role=Role.MANAGER))


def test_what_one_does_not_know_the_other_says(
    world: World, mia: Membership, manager: Access
) -> None:
    lead = owned(world, mia, name="Rosa Steiner", email="rosa@example.com", company="")
    other = world.lead(
        name="R. Steiner", phone="+43 664 1", phone_key="+436641234567", email="",
        company="Isarwerk GmbH", facts={"employees": 80}, custom={"roof": "flat"},
        message="Call me", domain="isarwerk.example",
    )  # fmt: skip

    kept = merge(lead, other, manager)

    assert (kept.name, kept.email, kept.phone_key) == (
        "Rosa Steiner", "rosa@example.com", "+436641234567",
    )  # fmt: skip
    assert (kept.company, kept.company_key, kept.domain) == (
        "Isarwerk GmbH", "isarwerk", "isarwerk.example",
    )  # fmt: skip
    assert (kept.facts, kept.custom, kept.message) == (
        {"employees": 80}, {"roof": "flat"}, "Call me",
    )  # fmt: skip


def test_the_other_is_right_where_that_was_chosen(
    world: World, mia: Membership, manager: Access
) -> None:
    facts = {"budget": 100_00, "budget_currency": "EUR", "need": "roof"}
    lead = owned(world, mia, email="rosa@example.com", email_key="rosa@example.com", facts=facts)
    other = world.lead(
        email="steiner@work.example", email_key="steiner@work.example",
        facts={"budget": 500_00, "budget_currency": "CHF", "need": "fleet"}, custom={"a": 1},
    )  # fmt: skip

    kept = merge(lead, other, manager, takes=frozenset({"email", "budget"}))

    assert (kept.email, kept.email_key, kept.domain) == (
        "steiner@work.example", "steiner@work.example", "work.example",
    )  # fmt: skip
    assert kept.facts == {"budget": 500_00, "budget_currency": "CHF", "need": "roof"}


def test_the_other_is_kept_and_points_to_the_one_that_it_is_now(
    world: World, mia: Membership, manager: Access
) -> None:
    lead, other = owned(world, mia), owned(world, mia)

    merge(lead, other, manager)

    other.refresh_from_db()
    assert (other.merged_into_id, other.owner_id, other.stage) == (lead.pk, None, "out")
    assert other.deleted_at is not None
    assert Decision.objects.filter(lead=other).count() == 1
    ended = Assignment.objects.get(lead=other)
    assert (ended.end_reason, ended.ended_at is None) == (Assignment.Ended.MERGED, False)
    assert AuditEntry.objects.get(action="lead.merged").target_id == lead.pk


def test_a_chain_of_merges_leads_to_the_last(
    world: World, mia: Membership, manager: Access
) -> None:
    first, second, third = (owned(world, mia) for _ in range(3))

    merge(second, first, manager)
    merge(third, second, manager)

    assert Lead.objects.get(pk=first.pk).merged_into_id == third.pk


def test_the_place_of_the_other_lead_is_freed(
    world: World, mia: Membership, jonas: Membership, manager: Access
) -> None:
    lead, other = owned(world, mia), owned(world, jonas)

    merge(lead, other, manager)

    assert (place_of(mia), place_of(jonas)) == (1, 0)
    told = Alert.objects.get(kind=Kind.TAKEN_BACK)
    assert (told.user_id, told.lead_id) == (jonas.user_id, lead.pk)


def test_the_other_owner_may_be_chosen(
    world: World, mia: Membership, jonas: Membership, manager: Access
) -> None:
    lead, other = owned(world, mia), owned(world, jonas)

    kept = merge(lead, other, manager, other_owner=True)

    assert kept.owner_id == jonas.pk
    assert (place_of(mia), place_of(jonas)) == (0, 1)
    assert Assignment.objects.filter(lead=lead, ended_at=None).count() == 1


def test_a_lead_that_nobody_owns_goes_to_the_others_owner(
    world: World, mia: Membership, manager: Access
) -> None:
    lead, other = world.lead(), owned(world, mia)

    assert merge(lead, other, manager).owner_id == mia.pk


@pytest.mark.parametrize("mode", [Mode.OFFER, Mode.CLAIM, Mode.HOPPER])
def test_what_is_open_about_the_other_lead_ends(
    world: World, mia: Membership, manager: Access, mode: str
) -> None:
    lead = owned(world, mia)
    world.rules(world.pool(mia, mode=mode))
    other = world.routed()

    merge(lead, other, manager)

    assert not Offer.objects.filter(lead=other, state=Offer.State.OPEN).exists()
    assert not HopperEntry.objects.filter(lead=other, left_at=None).exists()
    assert place_of(mia) == 1
    assert Lead.objects.get(pk=lead.pk).owner_id == mia.pk


def test_a_held_lead_is_held_no_longer(world: World, mia: Membership, manager: Access) -> None:
    lead = owned(world, mia)
    Membership.objects.filter(pk=mia.pk).update(is_paused=True)
    other = world.routed()

    merge(lead, other, manager)

    assert Hold.objects.filter(lead=other).exists()
    assert not Hold.objects.filter(lead=other, released_at=None).exists()


def test_attempts_come_along_and_stop_the_clock(
    world: World, mia: Membership, manager: Access
) -> None:
    lead, other = owned(world, mia), owned(world, mia)
    by = world.access(mia)
    attempt = services.log_attempt(other, channel="call", by=by, now=NOW + timedelta(seconds=5))
    services.confirm_attempt(attempt, outcome="talked", by=by, now=NOW + timedelta(seconds=9))

    kept = merge(lead, other, manager)

    live = Assignment.objects.get(lead=lead, ended_at=None)
    assert Attempt.objects.get().lead_id == lead.pk
    assert kept.first_attempt_at == live.responded_at == NOW + timedelta(seconds=5)
    assert kept.first_contact_at is not None
    assert kept.business_response_seconds is not None


def test_it_counts_as_one_lead_from_the_first_coming(
    world: World, mia: Membership, manager: Access
) -> None:
    week = NOW - timedelta(days=7)
    lead = owned(world, mia, came_again=1)
    other = world.lead(received_at=week, came_again=2, last_heard_at=NOW)

    kept = merge(lead, other, manager)

    assert (kept.received_at, kept.came_again, kept.last_heard_at) == (week, 4, NOW)
    assert Lead.objects.counted().filter(team=world.team).count() == 1


def test_the_open_follow_up_comes_along(world: World, mia: Membership, manager: Access) -> None:
    lead, other = owned(world, mia), owned(world, mia)
    planned(other, mia, days=2)

    merge(lead, other, manager)

    assert FollowUp.objects.get(cancelled_at=None).lead_id == lead.pk


@pytest.mark.parametrize(("takes_other", "days"), [(False, 1), (True, 2)])
def test_of_two_open_follow_ups_the_chosen_one_stays(
    world: World, mia: Membership, manager: Access, takes_other: bool, days: int
) -> None:
    lead, other = owned(world, mia), owned(world, mia)
    planned(lead, mia, days=1)
    planned(other, mia, days=2)

    merge(lead, other, manager, other_follow_up=takes_other)

    left = FollowUp.objects.get(cancelled_at=None)
    assert (left.lead_id, left.due_at) == (lead.pk, NOW + timedelta(days=days))


def planned(lead: Lead, member: Membership, *, days: int) -> None:
    FollowUp.objects.create(
        team=lead.team, lead=lead, member=member, due_at=NOW + timedelta(days=days),
        created_at=NOW, via="membership",
    )  # fmt: skip


def test_the_others_status_may_be_chosen(world: World, mia: Membership, manager: Access) -> None:
    lead, other = owned(world, mia), owned(world, mia)
    services.change_status(other, status=world.statuses[StatusKind.LOST], by=manager, now=NOW)

    kept = merge(lead, other, manager, other_status=True)

    assert kept.status_kind == StatusKind.LOST
    assert place_of(mia) == 0


def test_who_asked_to_be_left_alone_is_left_alone(
    world: World, mia: Membership, manager: Access
) -> None:
    lead, other = owned(world, mia), world.lead(do_not_contact=True)

    assert merge(lead, other, manager).do_not_contact


def test_rules_hear_what_changed(world: World, mia: Membership, manager: Access) -> None:
    lead, other = owned(world, mia), world.lead(company="Isarwerk", facts={"need": "roof"})

    merge(lead, other, manager)

    event = LeadEvent.objects.filter(lead=lead, kind="changed").latest("at")
    assert {"company", "facts"} <= set(event.data["fields"])


def test_somebody_who_may_not_work_both_may_not_merge(
    world: World, mia: Membership, jonas: Membership
) -> None:
    lead, other = owned(world, mia), owned(world, jonas)

    with pytest.raises(PermissionDenied):
        merge(lead, other, world.access(mia))

    assert Lead.objects.filter(merged_into=None).count() == 2


def test_a_salesperson_may_merge_her_own(world: World, mia: Membership) -> None:
    lead, other = owned(world, mia), owned(world, mia)

    assert merge(lead, other, world.access(mia)).owner_id == mia.pk
    assert not Alert.objects.filter(kind=Kind.TAKEN_BACK).exists()


def test_without_the_permission_no_owner_is_changed(
    world: World, mia: Membership, jonas: Membership
) -> None:
    lead, other = owned(world, mia), owned(world, jonas)
    Membership.objects.filter(pk=mia.pk).update(switches=["see_others"])

    with pytest.raises(MergeRefused):
        merge(lead, other, world.access(mia), other_owner=True)


def test_a_lead_is_not_merged_into_itself(world: World, mia: Membership, manager: Access) -> None:
    lead = owned(world, mia)

    with pytest.raises(MergeRefused):
        merge(lead, lead, manager)


def test_a_merged_lead_is_merged_once(world: World, mia: Membership, manager: Access) -> None:
    lead, other = owned(world, mia), owned(world, mia)
    merge(lead, other, manager)

    with pytest.raises(Lead.DoesNotExist):
        merge(lead, other, manager)
    assert services.restore_lead(other, by=Access.system(world.team), now=NOW) is None


def test_what_changed_since_the_preview_is_looked_at_again(
    world: World, mia: Membership, manager: Access
) -> None:
    lead, other = owned(world, mia), owned(world, mia)

    with pytest.raises(StaleLead):
        merge(lead, other, manager, versions={lead.pk: lead.version, other.pk: 999})
