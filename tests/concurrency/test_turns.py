"""Turns are fair whoever routes: in lock order nobody is ever more than one turn off her share."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from apps.assignments import services
from apps.assignments.models import Assignment, Door
from apps.leads.models import Lead, Source, Status
from apps.routing.credit import NANO
from apps.rules.models import Pool, Seat, TurnEntry
from apps.teams.access import Access
from apps.teams.models import Team
from tests.assignments.world import World
from tests.concurrency.crew import Crew
from tests.concurrency.sizes import TURN_LEADS, TURN_PROCESSES

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("weights", [(1, 1, 1, 1), (5, 3, 1, 1)], ids=["equal", "5:3:1:1"])
def test_each_member_is_within_one_turn_of_her_share_at_every_moment(
    weights: tuple[int, ...],
) -> None:
    world = World()
    sellers = [world.member(f"Seller{number}") for number in range(len(weights))]
    pool = world.pool(*sellers, weights=list(weights))
    world.rules(pool)
    each = TURN_LEADS // TURN_PROCESSES

    routed = Crew(TURN_PROCESSES, _route, world.team.pk, each).start().results()

    assert sum(routed) == TURN_PROCESSES * each
    ledger = Ledger(pool)
    assert ledger.furthest_from_share() < 1
    assert ledger.turns == {seat.pk: seat.last_turn_no for seat in ledger.seats}
    assert [seat.credit for seat in ledger.seats] == ledger.credits
    assert sum(ledger.credits) == 0
    assert ledger.winners == _owners(pool)


def _route(number: int, stop: Any, team_id: UUID, leads: int) -> int:
    """Capture and route leads one after another, as a web process does."""
    team = Team.objects.get(pk=team_id)
    by = Access.system(team)
    source, status = Source.objects.get(team=team), Status.objects.get(team=team, kind="new")
    for _lead in range(leads):
        now = timezone.now()
        with transaction.atomic():
            lead = Lead.objects.create(team=team, source=source, status=status, received_at=now)
            services.route(lead, door=Door.WEBHOOK, by=by, now=now)
    return leads


class Ledger:
    """A pool's turns replayed in the order in which its lock was held."""

    def __init__(self, pool: Pool) -> None:
        self.seats = list(Seat.objects.filter(pool=pool).order_by("position"))
        self.entries = list(TurnEntry.objects.filter(pool=pool).order_by("turn_no"))
        pool.refresh_from_db()
        numbers = [entry.turn_no for entry in self.entries]
        assert numbers == list(range(1, pool.turn_no + 1)), "A turn is missing or doubled."
        self.winners = Counter(entry.winner_id for entry in self.entries)
        self.turns = {entry.winner_id: entry.turn_no for entry in self.entries}
        self.credits = [
            sum(entry.deltas[str(seat.pk)] for entry in self.entries) for seat in self.seats
        ]

    def furthest_from_share(self) -> Fraction:
        """The largest distance between turns due and turns had, of any seat after any turn."""
        total = sum(seat.weight for seat in self.seats)
        had: Counter[UUID | None] = Counter()
        furthest = Fraction(0)
        for number, entry in enumerate(self.entries, 1):
            assert sum(entry.deltas.values()) == 0
            had[entry.winner_id] += 1
            for seat in self.seats:
                due = Fraction(number * seat.weight, total)
                furthest = max(furthest, abs(due - had[seat.pk]))
        return furthest


def _owners(pool: Pool) -> Counter[UUID | None]:
    """How many leads each seat's member really got."""
    seat_of = dict(Seat.objects.filter(pool=pool).values_list("membership_id", "pk"))
    owned = Assignment.objects.filter(pool=pool).values_list("member_id", flat=True)
    return Counter(seat_of[member] for member in owned)


def test_a_lead_costs_its_winner_one_turn_less_her_gain() -> None:
    world = World()
    pool = world.pool(world.member("Mia"), world.member("Tom"), weights=[3, 1])
    world.rules(pool)

    world.routed()

    entry = TurnEntry.objects.get(pool=pool)
    assert sorted(entry.deltas.values()) == [-NANO // 4, NANO // 4]
