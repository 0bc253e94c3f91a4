"""Claims: whoever is first, and nobody else, whatever comes at the same moment."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.assignments import services
from apps.assignments.models import Assignment, Offer
from apps.leads.models import Lead
from apps.rules.models import Mode
from apps.teams.models import ApiToken, Membership
from apps.teams.secrets import token_hash
from tests.assignments.world import World
from tests.concurrency.crew import Crew
from tests.concurrency.sizes import CLAIM_ROUNDS, CLAIMERS, EXPIRY_ROUNDS
from tests.sender import Line, Reply, at_once
from tests.site import Site

pytestmark = pytest.mark.django_db(transaction=True)


class Claimers:
    """Members with keys to the API and a connection each, in one pool that is open to claims."""

    def __init__(self, site: Site, number: int, **pool: Any) -> None:
        self.world = World()
        self.members = _members(self.world, number)
        self.keys = _keys(self.members)
        self.pool = self.world.pool(*self.members, mode=Mode.CLAIM, **pool)
        self.world.rules(self.pool)
        self.port = site.port

    def open_lead(self) -> Offer:
        lead = self.world.routed(now=timezone.now())
        return Offer.objects.get(lead=lead)

    def claim_together(self, offers: list[Offer]) -> list[Reply]:
        """Each key claims its offer; all requests leave at the same moment."""
        return asyncio.run(self._claim_together(offers))

    async def _claim_together(self, offers: list[Offer]) -> list[Reply]:
        lines = [Line(self.port) for _ in offers]
        try:
            return await at_once(lines, lambda number, line: self._claim(number, line, offers))
        finally:
            await asyncio.gather(*(line.close() for line in lines))

    async def _claim(self, number: int, line: Line, offers: list[Offer]) -> Reply:
        key = self.keys[number % len(self.keys)]
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        return await line.post(f"/api/v1/offers/{offers[number].pk}/claim/", b"{}", headers)


def _members(world: World, number: int) -> list[Membership]:
    users = User.objects.bulk_create(
        User(email=f"claimer{place}@example.com", name=f"Claimer {place}")
        for place in range(number)
    )
    return Membership.objects.bulk_create(
        Membership(team=world.team, user=user, role="salesperson") for user in users
    )


def _keys(members: list[Membership]) -> list[str]:
    keys = [f"lr_of-{member.pk}" for member in members]
    now = timezone.now()
    ApiToken.objects.bulk_create(
        ApiToken(
            team_id=member.team_id, membership=member, name="claims", hint=key[:8],
            token_hash=token_hash(key), created_at=now, last_used_at=now,
        )
        for member, key in zip(members, keys, strict=True)
    )  # fmt: skip
    return keys


def statuses(replies: list[Reply]) -> Counter[int]:
    return Counter(reply.status for reply in replies)


def test_of_all_who_claim_at_once_one_wins_and_the_rest_are_told(live_site: Site) -> None:
    crowd = Claimers(live_site, CLAIMERS)

    for _round in range(CLAIM_ROUNDS):
        offer = crowd.open_lead()
        replies = crowd.claim_together([offer] * CLAIMERS)

        assert statuses(replies) == {200: 1, 409: CLAIMERS - 1}, live_site.log("web")[-2000:]
        offer.refresh_from_db()
        owned = Assignment.objects.get(lead_id=offer.lead_id)
        assert replies[crowd.members.index(owned.member)].status == 200
        assert offer.state == Offer.State.ACCEPTED
        assert offer.taken_by == owned.member
        assert Lead.objects.get(pk=offer.lead_id).owner == owned.member
        taken_by = {json.loads(one.body)["taken_by"] for one in replies if one.status == 409}
        assert taken_by == {owned.member.user.name}
    assert sum(Membership.objects.values_list("open_leads", flat=True)) == CLAIM_ROUNDS


def test_the_winner_may_ask_again_and_reads_the_same(live_site: Site) -> None:
    crowd = Claimers(live_site, 1)
    offer = crowd.open_lead()

    replies = crowd.claim_together([offer] * 20)

    assert statuses(replies) == {200: 20}
    assert Assignment.objects.count() == 1
    assert Membership.objects.get().open_leads == 1


def test_a_member_with_a_limit_of_five_gets_five_of_twenty_claimed_at_once(
    live_site: Site,
) -> None:
    crowd = Claimers(live_site, 1, claims_per_day=5)
    offers = [crowd.open_lead() for _ in range(20)]

    replies = crowd.claim_together(offers)

    assert statuses(replies) == {200: 5, 403: 15}
    assert Assignment.objects.count() == 5
    member = Membership.objects.get()
    assert (member.open_leads, member.claims_count) == (5, 5)
    assert Offer.objects.filter(state=Offer.State.OPEN).count() == 15


@pytest.fixture
def expiring() -> Iterator[Crew]:
    """A process that acts on deadlines without a pause, as beat, workers and relay do in turns."""
    crew = Crew(1, _expire_until_stopped).start()
    yield crew
    crew.stop.set()
    crew.results()


def _expire_until_stopped(number: int, stop: Any) -> int:
    done = 0
    while not stop.is_set():
        done += sum(services.expire_due().values())
    return done


def test_a_claim_and_the_expiry_never_both_have_the_lead(live_site: Site, expiring: Crew) -> None:
    crowd = Claimers(live_site, CLAIMERS // 4, window_seconds=60)
    ends: Counter[str] = Counter()

    for number in range(EXPIRY_ROUNDS):
        offer = crowd.open_lead()
        _expires_in(offer, milliseconds=5 + 60 * (number % 8))
        replies = crowd.claim_together([offer] * (CLAIMERS // 4))
        _settled(offer)

        won = statuses(replies)[200]
        assert won in (0, 1)
        assert statuses(replies)[409] == len(replies) - won
        offer.refresh_from_db()
        lead = Lead.objects.get(pk=offer.lead_id)
        assert offer.state == (Offer.State.ACCEPTED if won else Offer.State.EXPIRED)
        assert (lead.owner_id is not None) == bool(won) == (lead.stage == Lead.Stage.OWNED)
        assert Assignment.objects.filter(lead=lead).count() == won
        ends[offer.state] += 1

    assert set(ends) == {Offer.State.ACCEPTED, Offer.State.EXPIRED}, "They did not race."


def _expires_in(offer: Offer, milliseconds: int) -> None:
    soon = timezone.now() + timedelta(milliseconds=milliseconds)
    Offer.objects.filter(pk=offer.pk).update(expires_at=soon, warn_at=None)


def _settled(offer: Offer) -> None:
    """Wait until whoever takes the row last has taken it: a claim or the expiry."""
    from ops.embedded import wait_until

    def is_closed() -> bool:
        return not Offer.objects.filter(pk=offer.pk, state=Offer.State.OPEN).exists()

    wait_until(is_closed, seconds=20, what="The end of the offer")
