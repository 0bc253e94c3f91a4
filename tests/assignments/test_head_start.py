"""Head start: some may claim before the others, who are told how long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from apps.assignments.models import Offer
from apps.assignments.pages import cards
from apps.assignments.services import ClaimRefused, claim
from apps.rules.models import Mode, Pool, Seat
from apps.teams.models import Membership
from tests.assignments.test_pages import at, browser_of
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db


def early(world: World, *first: Membership, others: Membership, seconds: int = 600) -> Pool:
    pool = world.pool(*first, others, mode=Mode.CLAIM, head_start_seconds=seconds)
    Seat.objects.filter(pool=pool, membership__in=first).update(has_head_start=True)
    world.rules(pool)
    return pool


def open_offer(world: World) -> Offer:
    return Offer.objects.get(lead=world.routed())


def test_who_has_it_claims_at_once_and_the_others_are_told_how_long(world: World) -> None:
    senior, junior = world.member("Senior"), world.member("Junior")
    early(world, senior, others=junior)
    offer = open_offer(world)

    with pytest.raises(ClaimRefused) as refused:
        claim(offer.pk, by=world.access(junior), now=NOW)
    won = claim(offer.pk, by=world.access(senior), now=NOW)

    assert refused.value.reason == "head_start"
    assert "seconds" in refused.value.message
    assert won.lead.owner_id == senior.pk


def test_a_refusal_leaves_offer_and_counters_as_they_were(world: World) -> None:
    senior, junior = world.member("Senior"), world.member("Junior")
    early(world, senior, others=junior)
    offer = open_offer(world)

    with pytest.raises(ClaimRefused):
        claim(offer.pk, by=world.access(junior), now=NOW)

    offer.refresh_from_db()
    junior.refresh_from_db()
    assert (offer.state, junior.open_leads, junior.claims_count) == ("open", 0, 0)


def test_afterwards_everyone_may_claim_by_the_database_s_clock(world: World) -> None:
    senior, junior = world.member("Senior"), world.member("Junior")
    early(world, senior, others=junior)
    offer = open_offer(world)
    Offer.objects.filter(pk=offer.pk).update(opened_at=F("opened_at") - timedelta(seconds=601))

    assert claim(offer.pk, by=world.access(junior), now=NOW).lead.owner_id == junior.pk


@pytest.mark.parametrize("gone", ["seat", "member"])
def test_without_anybody_who_has_it_nobody_waits(world: World, gone: str) -> None:
    senior, junior = world.member("Senior"), world.member("Junior")
    early(world, senior, others=junior)
    if gone == "seat":
        Seat.objects.filter(membership=senior).update(is_active=False)
    else:
        Membership.objects.filter(pk=senior.pk).update(is_paused=True)

    assert claim(open_offer(world).pk, by=world.access(junior), now=NOW)


def test_the_card_counts_down_for_those_who_wait_only(world: World) -> None:
    senior, junior = world.member("Senior"), world.member("Junior")
    early(world, senior, others=junior)
    offer = open_offer(world)

    (waits,) = cards.offers(world.access(junior), NOW)
    (first,) = cards.offers(world.access(senior), NOW)
    (later,) = cards.offers(world.access(junior), NOW + timedelta(seconds=600))

    assert waits.opens_at == offer.opened_at + timedelta(seconds=600)
    assert (first.opens_at, later.opens_at) == (None, None)
    page = browser_of(junior).get(at(world, "today")).content.decode()
    assert "data-head-start" in page
