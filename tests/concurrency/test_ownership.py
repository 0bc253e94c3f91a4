"""Whatever races for a lead, its history replays to exactly the row that is there."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from apps.assignments import services
from apps.assignments.models import Assignment, Door, HopperEntry, Offer
from apps.assignments.services import ClaimRefused, OfferGone
from apps.leads.models import Lead, Source, Status
from apps.rules.models import Mode, Overflow, Seat, TurnEntry
from apps.teams.access import Access
from apps.teams.models import Membership, Team
from apps.teams.permissions import Role
from tests.assignments.world import World
from tests.concurrency.crew import Crew
from tests.concurrency.history import replay
from tests.concurrency.sizes import RACE_LEADS, RACE_STEPS

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 6
# Too late is an answer; anything else that is raised fails the test, a deadlock first of all.
TOO_LATE = (
    OfferGone, ClaimRefused, PermissionDenied, Offer.DoesNotExist, HopperEntry.DoesNotExist,
    Lead.DoesNotExist, Assignment.DoesNotExist,
)  # fmt: skip


def test_claims_timeouts_hand_overs_and_deletions_leave_no_torn_lead() -> None:
    world = World(response_seconds=3600)
    sellers = [world.member(f"Seller{number}", capacity=RACE_LEADS) for number in range(4)]
    manager = world.member("Henrike", role=Role.ADMIN)
    last = world.pool(*sellers, mode=Mode.HOPPER, name="last")
    asked = world.pool(
        *sellers, mode=Mode.OFFER, overflow=Overflow.POOL, overflow_pool=last, name="asked"
    )
    first = world.pool(
        *sellers, mode=Mode.CLAIM, overflow=Overflow.POOL, overflow_pool=asked, name="first"
    )
    turns = world.pool(*sellers, name="turns", empty_policy="manager")
    world.rules(
        {"pool": turns, "conditions": {"field": "country", "op": "is", "value": "AT"}}, first
    )
    leads = [world.routed(country="AT" if n % 2 else "DE").pk for n in range(RACE_LEADS)]

    crew = Crew(WORKERS, _race, leads, manager.pk, RACE_STEPS // WORKERS).start()
    done: Counter[str] = sum(crew.results(), Counter())

    assert all(done[name] for name in ("claim", "time_out", "reassign", "delete", "restore")), done
    torn = {lead: said for lead in leads if (said := replay(lead))}
    assert not torn, torn
    assert _open_leads() == _recounted()
    assert sum(Seat.objects.values_list("credit", flat=True)) == 0
    assert all(sum(entry.deltas.values()) == 0 for entry in TurnEntry.objects.all())


def test_offers_that_are_declined_while_others_are_made_never_wait_for_each_other() -> None:
    world = World()
    sellers = [world.member(f"Seller{number}") for number in range(3)]
    world.rules(world.pool(*sellers, mode=Mode.OFFER, caps=[10_000] * 3))
    each = RACE_STEPS // 8 // WORKERS

    crew = Crew(WORKERS, _offer_and_decline, world.team.pk, each).start()

    assert sum(crew.results()) == 3 * WORKERS * each
    assert _open_leads() == _recounted()
    assert not any(Seat.objects.values_list("placed_at", flat=True))


def test_leads_that_visit_pools_in_opposite_orders_never_wait_for_each_other() -> None:
    world = World()
    seller = world.member("Seller")
    one, other = (
        world.pool(world.member(name, is_paused=True), empty_policy="next_rule", name=name)
        for name in ("one", "other")
    )
    austrian = {"field": "country", "op": "is", "value": "AT"}
    world.rules({"pool": one, "conditions": austrian}, other, one, world.pool(seller))
    each = RACE_STEPS // 4 // WORKERS

    crew = Crew(WORKERS, _route_many, world.team.pk, each).start()

    assert sum(crew.results()) == WORKERS * each
    assert _open_leads() == _recounted()


def _route_many(number: int, stop: Any, team_id: UUID, leads: int) -> int:
    """Route leads that look at both pools: half the workers at the one first, half at the other."""
    team = Team.objects.get(pk=team_id)
    source, status = Source.objects.get(team=team), Status.objects.get(team=team, kind="new")
    country, owned = "AT" if number % 2 else "DE", 0
    for _lead in range(leads):
        now = timezone.now()
        lead = Lead.objects.create(
            team=team, source=source, status=status, received_at=now, country=country
        )
        with transaction.atomic():
            services.route(lead, door=Door.WEBHOOK, by=Access.system(team), now=now)
        owned += lead.owner_id is not None
    return owned


def _offer_and_decline(number: int, stop: Any, team_id: UUID, leads: int) -> int:
    """Offer a lead to one member after the other; every one of them says no."""
    everyone = Membership.objects.select_related("team", "user").filter(team=team_id)
    accesses = {member.pk: Access.of(member) for member in everyone}
    team = next(iter(accesses.values())).team
    source, status = Source.objects.get(team=team), Status.objects.get(team=team, kind="new")
    declined = 0
    for _lead in range(leads):
        now = timezone.now()
        lead = Lead.objects.create(team=team, source=source, status=status, received_at=now)
        with transaction.atomic():
            services.route(lead, door=Door.WEBHOOK, by=Access.system(team), now=now)
        while offer := Offer.objects.filter(lead=lead, state="open").first():
            assert offer.member_id is not None
            services.decline(offer.pk, by=accesses[offer.member_id], now=timezone.now())
            declined += 1
    return declined


def _race(number: int, stop: Any, leads: list[UUID], manager: UUID, steps: int) -> Counter[str]:
    """Do anything to any of the leads, again and again."""
    chance = random.Random(number)
    deeds = Deeds(chance, manager)
    done: Counter[str] = Counter()
    for _step in range(steps):
        deed = chance.choice(deeds.all)
        try:
            if deed(chance.choice(leads)) is not False:
                done[deed.__name__] += 1
        except TOO_LATE:
            done["too late"] += 1
    return done


class Deeds:
    """What may happen to a lead. False: there was nothing to do."""

    def __init__(self, chance: random.Random, manager: UUID) -> None:
        self._chance = chance
        everyone = Membership.objects.select_related("team", "user")
        self._manager = Access.of(everyone.get(pk=manager))
        self._sellers = [Access.of(one) for one in everyone.exclude(pk=manager).order_by("pk")]
        statuses = Status.objects.filter(team=self._manager.team)
        self._statuses = list(statuses.filter(kind__in=("working", "won")))
        self.all: list[Callable[[UUID], Any]] = [
            self.claim, self.claim, self.decline, self.pick, self.time_out, self.time_out,
            self.reassign, self.release, self.delete, self.restore, self.restore, self.status,
        ]  # fmt: skip

    def claim(self, lead: UUID) -> Any:
        offer = Offer.objects.filter(lead=lead, state="open").first()
        if offer is None:
            return False
        return services.claim(offer.pk, by=self._one_of(offer), now=timezone.now())

    def decline(self, lead: UUID) -> Any:
        offer = Offer.objects.filter(lead=lead, state="open").first()
        if offer is None:
            return False
        return services.decline(offer.pk, by=self._one_of(offer), now=timezone.now())

    def pick(self, lead: UUID) -> Any:
        return services.pick(lead, by=self._seller(), now=timezone.now())

    def time_out(self, lead: UUID) -> bool:
        """Let whatever runs for this lead run out now, and act on all that is due."""
        past = timezone.now() - timedelta(seconds=1)
        offers = Offer.objects.filter(lead=lead, state="open", expires_at__gt=past)
        owned = Assignment.objects.filter(lead=lead, ended_at=None, respond_by__gt=past)
        waits = HopperEntry.objects.filter(lead=lead, left_at=None, expires_at__gt=past)
        offers.update(expires_at=past) or owned.update(respond_by=past) or waits.update(
            expires_at=past
        )
        done = services.expire_due()
        return any(done.values())

    def reassign(self, lead: UUID) -> Any:
        member = self._seller().membership
        assert member is not None
        return services.assign_by_hand(
            self._lead(lead), member=member, by=self._manager, now=timezone.now(),
            counts_as_turn=self._chance.random() < 0.5,
        )  # fmt: skip

    def release(self, lead: UUID) -> Any:
        return services.release(self._lead(lead), by=self._manager, now=timezone.now())

    def delete(self, lead: UUID) -> Any:
        return services.delete_lead(self._lead(lead), by=self._manager, now=timezone.now())

    def restore(self, lead: UUID) -> Any:
        gone = Lead.objects.select_related("source").filter(pk=lead, deleted_at__isnull=False)
        if (found := gone.first()) is None:
            return False
        return services.restore_lead(found, by=self._manager, now=timezone.now())

    def status(self, lead: UUID) -> Any:
        status = self._chance.choice(self._statuses)
        return services.change_status(
            self._lead(lead), status=status, by=self._manager, now=timezone.now()
        )

    def _lead(self, lead: UUID) -> Lead:
        return Lead.objects.visible_to(self._manager).select_related("source").get(pk=lead)

    def _seller(self) -> Access:
        return self._chance.choice(self._sellers)

    def _one_of(self, offer: Offer) -> Access:
        if offer.member_id is None:
            return self._seller()
        return next(one for one in self._sellers if one.member_id == offer.member_id)


def _open_leads() -> dict[UUID, int]:
    return dict(Membership.objects.values_list("pk", "open_leads"))


def _recounted() -> dict[UUID, int]:
    """Open leads owned and places reserved by offers, counted from the rows."""
    counted: Counter[UUID] = Counter(
        dict.fromkeys(Membership.objects.values_list("pk", flat=True), 0)
    )
    owned = Assignment.objects.live().filter(lead__status_kind__in=("new", "working", "qualified"))
    counted.update(owned.values_list("member_id", flat=True))
    offered = Offer.objects.filter(state="open", member__isnull=False)
    counted.update(offered.values_list("member_id", flat=True))
    return dict(counted)
