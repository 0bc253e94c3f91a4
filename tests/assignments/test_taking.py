"""Claim, accept, decline and pick: who gets it, and what the others are told."""

from datetime import timedelta

import pytest

from apps.alerts.models import Alert, Kind
from apps.assignments.models import Assignment, HopperEntry, Offer
from apps.assignments.services import ClaimRefused, OfferGone, claim, decline, expire_due, pick
from apps.leads.models import Lead
from apps.rules.models import Mode, Overflow
from apps.teams.models import Membership
from apps.teams.permissions import Role
from tests.assignments.test_routing import kinds_told
from tests.assignments.world import NOW, World, overdue_offer

pytestmark = pytest.mark.django_db


def test_the_first_claim_wins_and_the_others_learn_who(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    world.rules(world.pool(mia, jonas, mode=Mode.CLAIM))
    lead = world.routed()
    offer = Offer.objects.get(lead=lead)

    claimed = claim(offer.pk, by=world.access(mia), now=NOW)
    with pytest.raises(OfferGone) as gone:
        claim(offer.pk, by=world.access(jonas), now=NOW + timedelta(seconds=1))

    lead.refresh_from_db()
    assert (lead.owner_id, lead.stage, lead.claimed_at) == (mia.pk, "owned", NOW)
    assert claimed.assignment.how == Assignment.How.CLAIMED
    assert (gone.value.state, gone.value.taken_by) == ("accepted", "Mia")
    assert gone.value.ms_before is not None
    assert gone.value.words.startswith("Taken by Mia, ")
    assert kinds_told(jonas) == [Kind.OPEN, Kind.CLAIMED]
    assert Alert.objects.get(user=jonas.user, kind=Kind.CLAIMED).data["by"] == "Mia"


def test_the_winner_may_ask_again(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia, mode=Mode.CLAIM))
    offer = Offer.objects.get(lead=world.routed())

    first = claim(offer.pk, by=world.access(mia), now=NOW)
    again = claim(offer.pk, by=world.access(mia), now=NOW)

    assert again.assignment.pk == first.assignment.pk
    assert Assignment.objects.count() == 1
    mia.refresh_from_db()
    assert (mia.open_leads, mia.claims_count) == (1, 1)


def test_an_offer_that_was_put_to_others_does_not_exist(world: World) -> None:
    mia, stranger = world.member("Mia"), world.member("Stranger")
    world.rules(world.pool(mia, mode=Mode.CLAIM))
    offer = Offer.objects.get(lead=world.routed())
    foreign = World("other")

    for outsider in (world.access(stranger), foreign.access(foreign.member("Spy"))):
        with pytest.raises(Offer.DoesNotExist):
            claim(offer.pk, by=outsider, now=NOW)


def test_a_claim_after_the_deadline_is_too_late_even_before_the_tick(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia, mode=Mode.CLAIM))
    offer = overdue_offer(world.routed())

    with pytest.raises(OfferGone) as gone:
        claim(offer.pk, by=world.access(mia), now=NOW)

    assert gone.value.state == "expired"


def test_limits_refuse_and_leave_the_offer_open(world: World) -> None:
    limited = world.member("Limited")
    world.rules(world.pool(limited, mode=Mode.CLAIM, claims_per_day=2, max_unworked=None))
    offers = [Offer.objects.get(lead=world.routed()) for _ in range(3)]

    for offer in offers[:2]:
        claim(offer.pk, by=world.access(limited), now=NOW)
    with pytest.raises(ClaimRefused) as refused:
        claim(offers[2].pk, by=world.access(limited), now=NOW)

    offers[2].refresh_from_db()
    assert (refused.value.reason, offers[2].state) == ("limit", "open")
    tomorrow = NOW + timedelta(days=1)
    Offer.objects.filter(pk=offers[2].pk).update(expires_at=NOW + timedelta(days=2))
    assert claim(offers[2].pk, by=world.access(limited), now=tomorrow).lead.owner_id == limited.pk


def test_unworked_leads_come_first(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia, mode=Mode.CLAIM, max_unworked=1))
    first, second = (Offer.objects.get(lead=world.routed()) for _ in range(2))
    claim(first.pk, by=world.access(mia), now=NOW)

    with pytest.raises(ClaimRefused) as refused:
        claim(second.pk, by=world.access(mia), now=NOW)

    assert refused.value.reason == "unworked"
    second.refresh_from_db()
    assert second.state == Offer.State.OPEN


def test_capacity_and_a_pause_refuse_a_claim(world: World) -> None:
    full = world.member("Full", capacity=0)
    world.rules(world.pool(full, mode=Mode.CLAIM))
    offer = Offer.objects.get(lead=world.routed())

    with pytest.raises(ClaimRefused) as by_capacity:
        claim(offer.pk, by=world.access(full), now=NOW)
    Membership.objects.filter(pk=full.pk).update(is_paused=True, capacity=None)
    with pytest.raises(ClaimRefused) as by_pause:
        claim(offer.pk, by=world.access(full), now=NOW)

    assert (by_capacity.value.reason, by_pause.value.reason) == ("capacity", "paused")


def test_accepting_makes_the_member_the_owner_with_one_place(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia, mode=Mode.OFFER))
    lead = world.routed()

    claim(Offer.objects.get(lead=lead).pk, by=world.access(mia), now=NOW)

    mia.refresh_from_db()
    lead.refresh_from_db()
    assert (lead.owner_id, mia.open_leads, mia.claims_count) == (mia.pk, 1, 0)


def test_declining_sends_the_lead_on_at_no_cost(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    world.rules(world.pool(mia, jonas, mode=Mode.OFFER))
    lead = world.routed()
    offer = Offer.objects.get(lead=lead)

    decline(offer.pk, by=world.access(mia), now=NOW, reason="On a train")
    again = decline(offer.pk, by=world.access(mia), now=NOW)

    mia.refresh_from_db()
    assert again is None
    assert mia.open_leads == 0
    assert Offer.objects.get(lead=lead, state="open").member_id == jonas.pk


def test_declining_too_late_says_so(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia, mode=Mode.OFFER, overflow=Overflow.HOPPER))
    offer = overdue_offer(world.routed())
    expire_due()

    with pytest.raises(OfferGone) as gone:
        decline(offer.pk, by=world.access(mia), now=NOW)

    assert gone.value.state == "expired"


def test_picking_from_the_hopper_is_a_claim_with_the_same_limits(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    world.rules(world.pool(mia, jonas, mode=Mode.HOPPER, claims_per_day=1))
    first, second = world.routed(), world.routed()

    picked = pick(first.pk, by=world.access(mia), now=NOW)
    with pytest.raises(ClaimRefused):
        pick(second.pk, by=world.access(mia), now=NOW)
    with pytest.raises(OfferGone) as gone:
        pick(first.pk, by=world.access(jonas), now=NOW)

    assert picked.lead.owner_id == mia.pk
    assert gone.value.taken_by == "Mia"
    assert HopperEntry.objects.waiting().get().lead_id == second.pk


def test_a_pool_s_hopper_does_not_exist_for_members_without_a_seat(world: World) -> None:
    seated, other = world.member("Seated"), world.member("Other")
    world.rules(world.pool(seated, mode=Mode.HOPPER))
    lead = world.routed()

    with pytest.raises(HopperEntry.DoesNotExist):
        pick(lead.pk, by=world.access(other), now=NOW)


def test_a_claim_takes_three_statements(world: World, django_assert_num_queries: object) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia, mode=Mode.CLAIM))
    offer = Offer.objects.get(lead=world.routed())
    access = world.access(mia)
    viewer = world.member("Viewer", Role.VIEWER)
    assert viewer.pk not in offer.candidates

    # Read the offer, take and count it, write all: and the savepoint's two.
    with django_assert_num_queries(3 + 2):  # type: ignore[operator]
        claim(offer.pk, by=access, now=NOW)

    assert Lead.objects.get().owner_id == mia.pk
