"""Merges together with claims, expiries and other merges: one lead, one owner, nothing torn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from apps.assignments import services
from apps.assignments.models import Assignment, Offer
from apps.leads.models import Lead
from apps.rules.models import Mode
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Role
from tests.assignments.pairs import merge, owned, place_of
from tests.assignments.world import NOW, World, overdue_offer
from tests.capture.inbox import in_own_connection


def test_two_merges_crosswise_leave_one_lead(transactional_db: None) -> None:
    for _round in range(5):
        world = World(f"team-{_round}")
        mia = world.member("Mia")
        manager = world.access(world.member("Henrike", role=Role.MANAGER))
        one, two = owned(world, mia), owned(world, mia)
        work = [partial(tried, one, two, manager), partial(tried, two, one, manager)]
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(in_own_connection, work))

        left = Lead.objects.filter(team=world.team, deleted_at=None)
        assert left.count() == 1
        assert place_of(mia) == 1


def tried(lead: Lead, other: Lead, by: Access) -> str:
    try:
        merge(lead, other, by)
    except Lead.DoesNotExist:
        return "gone"
    return "merged"


@pytest.mark.parametrize("rival", ["claim", "expire"])
def test_a_merge_against_a_claim_or_an_expiry_tears_nothing(
    transactional_db: None, rival: str
) -> None:
    for number in range(6):
        world = World(f"team-{number}")
        mia, jonas = world.member("Mia"), world.member("Jonas")
        manager = world.access(world.member("Henrike", role=Role.MANAGER))
        lead = owned(world, mia)
        world.rules(world.pool(jonas, mode=Mode.CLAIM if rival == "claim" else Mode.OFFER))
        other = world.routed()
        offer = Offer.objects.get(lead=other) if rival == "claim" else overdue_offer(other)
        work = [
            partial(tried, lead, other, manager),
            partial(rivals, rival, world, jonas, offer),
        ]
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(in_own_connection, work))

        other.refresh_from_db()
        live = Assignment.objects.filter(lead__team=world.team, ended_at=None)
        assert other.merged_into_id == lead.pk
        assert [one.lead_id for one in live] == [lead.pk]
        assert not Offer.objects.filter(lead=other, state=Offer.State.OPEN).exists()
        assert (place_of(mia), place_of(jonas)) == (1, 0)


def rivals(rival: str, world: World, jonas: Membership, offer: Offer) -> None:
    if rival == "expire":
        services.expire_due()
        return
    try:
        services.claim(offer.pk, by=world.access(jonas), now=NOW)
    except (services.OfferGone, Offer.DoesNotExist):
        return
