"""Shares due and received, why seats were passed over, and a member's own turns."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.assignments.seats import passed_over
from apps.routing import credit
from apps.routing.credit import NANO
from apps.rules.models import Pool, Seat, TurnEntry
from apps.rules.pools import seats, shares
from apps.rules.pools.give_backs import of_bad_lead
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Role
from tests import factories
from tests.rules import makers
from tests.rules.makers import make_pool, make_seat

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def manager(team: Team) -> Access:
    return makers.manager_of(team)


@pytest.fixture
def pool(manager: Access) -> Pool:
    return make_pool(manager)


def desk_of(access: Access) -> Client:
    client = Client()
    assert access.user is not None
    client.force_login(access.user)
    return client


def place(pool: Pool, among: list[Seat], *, days_ago: int = 1) -> tuple[Seat, TurnEntry]:
    """A lead placed by turn among these seats, as routing does."""
    rows = list(Seat.objects.filter(pk__in=[seat.pk for seat in among]).order_by("position"))
    facts = [seats._facts(seat) for seat in rows]
    due = credit.gains(facts)
    winner = max(facts, key=lambda each: (each.credit + due[each.seat], -each.position))
    deltas = credit.turn_deltas(facts, winner.seat)
    Pool.objects.filter(pk=pool.pk).update(turn_no=pool.turn_no + 1)
    pool.refresh_from_db()
    for seat in rows:
        seat.credit += deltas[seat.pk]
        seat.save()
    entry = TurnEntry.objects.create(
        team_id=pool.team_id, pool=pool, turn_no=pool.turn_no, winner_id=winner.seat,
        at=timezone.now() - timedelta(days=days_ago),
        lead=factories.LeadFactory(team=pool.team),
        deltas={str(seat_id): delta for seat_id, delta in deltas.items()},
    )  # fmt: skip
    return Seat.objects.get(pk=winner.seat), entry


def of(pool: Pool, days: int = 30) -> dict[str, shares.Share]:
    found = shares.shares(pool, days=days, now=timezone.now())
    return {share.name: share for share in found.seats}


@pytest.mark.parametrize("seed", range(3))
def test_due_and_received_are_what_a_recount_finds(pool: Pool, manager: Access, seed: int) -> None:
    dice = random.Random(seed)
    everyone = [
        make_seat(pool, f"Member {letter}", manager, weight=dice.randrange(1, 5))
        for letter in "ABCD"
    ]
    due: Counter[str] = Counter()
    received: Counter[str] = Counter()
    for _turn in range(60):
        here = [seat for seat in everyone if dice.random() < 0.7] or everyone[:1]
        days_ago = dice.choice([1, 5, 20, 60])
        winner, _entry = place(pool, here, days_ago=days_ago)
        if days_ago <= 30:
            total = sum(seat.weight for seat in here)
            received[str(winner.membership)] += 1
            due.update({str(seat.membership): seat.weight / total for seat in here})

    found = of(pool)

    assert {name: share.received for name, share in found.items()} == {
        name: received[name] for name in found
    }
    for name, share in found.items():
        assert share.due == pytest.approx(due[name], abs=1e-6)
    assert sum(share.due for share in found.values()) == pytest.approx(sum(received.values()))
    assert sum(share.share_due for share in found.values()) == pytest.approx(100)


def test_a_turn_given_back_counts_for_nobody(pool: Pool, manager: Access) -> None:
    mia, jonas = (make_seat(pool, name, manager) for name in ("Mia Brandt", "Jonas Keller"))
    place(pool, [mia, jonas])
    winner, entry = place(pool, [mia, jonas])
    before = of(pool)[str(winner.membership)]

    of_bad_lead(entry, pool=pool, now=timezone.now())

    after = of(pool)
    assert after[str(winner.membership)].received == before.received - 1
    assert after[str(winner.membership)].given_back == 1
    assert [share.due for share in after.values()] == [0.5, 0.5]


def test_credit_moved_by_hand_is_no_lead_and_says_why(
    pool: Pool, manager: Access, team: Team
) -> None:
    mia, _jonas = (make_seat(pool, name, manager) for name in ("Mia Brandt", "Jonas Keller"))
    seats.adjust_credit(
        mia, turns=Decimal("0.5"), reason="Sick on Monday", by=manager, now=timezone.now()
    )

    page = desk_of(manager).get(f"/t/{team.slug}/pools/{pool.pk}/shares/")

    share = of(pool)["Mia Brandt"]
    assert (share.received, share.due, share.adjusted) == (0, 0.0, NANO // 2)
    assert "Sick on Monday" in page.text
    assert "Henrike Vos" in page.text


def test_a_seat_that_left_is_still_counted(pool: Pool, manager: Access) -> None:
    mia, jonas = (make_seat(pool, name, manager) for name in ("Mia Brandt", "Jonas Keller"))
    winner, _entry = place(pool, [mia, jonas])
    seats.remove_seat(winner, by=manager, now=timezone.now())

    found = shares.shares(pool, days=30, now=timezone.now())

    gone = next(share for share in found.seats if not share.is_here)
    assert (found.total, gone.received, gone.due) == (1, 1, 0.5)


def test_why_seats_were_passed_over_comes_from_the_decisions(
    pool: Pool, manager: Access, team: Team
) -> None:
    mia, jonas = (make_seat(pool, name, manager) for name in ("Mia Brandt", "Jonas Keller"))
    other = make_pool(manager, "Other")
    now = timezone.now()
    for number, (skip, days_ago, of_pool) in enumerate(
        [("paused", 1, pool), ("paused", 2, pool), ("cap_day", 3, pool), ("away", 80, pool),
         ("away", 1, other)]
    ):  # fmt: skip
        at = now - timedelta(days=days_ago)
        trace = {"steps": [{
            "pool": {"id": str(of_pool.pk)},
            "candidates": [
                {"member": str(mia.membership_id), "seat": str(mia.pk), "skip": skip},
                {"member": str(jonas.membership_id), "seat": str(jonas.pk), "skip": None},
            ],
        }]}  # fmt: skip
        lead = factories.LeadFactory(team=team, received_at=at, name=f"Lead {number}")
        factories.DecisionFactory(team=team, lead=lead, at=at, trace=trace)

    skips = passed_over.count(pool, since=now - timedelta(days=30))

    assert skips.of(mia.pk) == {"paused": 2, "cap_day": 1}
    assert skips.words(mia.pk) == "paused 2, at the day’s limit 1"
    assert skips.of(jonas.pk) == {}
    assert (skips.leads, skips.looked_at[jonas.pk]) == (4, 3)
    page = desk_of(manager).get(f"/t/{team.slug}/pools/{pool.pk}/shares/")
    assert "paused 2, at the day’s limit 1" in page.text
    mine = desk_of(Access.of(mia.membership)).get(f"/t/{team.slug}/my-turns/")
    assert mine.status_code == 200


def test_the_table_goes_into_a_spreadsheet(pool: Pool, manager: Access, team: Team) -> None:
    bad = make_seat(pool, "=cmd()", manager)
    place(pool, [bad])

    answer = desk_of(manager).get(f"/t/{team.slug}/pools/{pool.pk}/shares/?days=7&format=csv")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer["Content-Type"].startswith("text/csv")
    assert rows[0]["member"] == "'=cmd()"
    assert (rows[0]["received"], rows[0]["due"]) == ("1", "1.0")


@pytest.mark.parametrize("days", ["", "0", "-1", "x", "\x00", "9" * 99])
def test_a_span_that_is_none_is_the_usual_one(
    pool: Pool, manager: Access, team: Team, days: str
) -> None:
    page = desk_of(manager).get(f"/t/{team.slug}/pools/{pool.pk}/shares/", {"days": days})

    assert page.context["shares"].days == 30


def test_a_member_sees_her_line_and_the_median_and_no_colleague(
    pool: Pool, manager: Access, team: Team
) -> None:
    everyone = [make_seat(pool, name, manager) for name in ("Mia Brandt", "Jonas K", "Amara D")]
    for _turn in range(7):
        place(pool, everyone)

    page = desk_of(Access.of(everyone[0].membership)).get(f"/t/{team.slug}/my-turns/")

    ((line, _skips),) = page.context["lines"]
    assert (line.share.received, line.median) == (3, 2.0)
    assert line.share.due == pytest.approx(7 / 3)
    assert "Jonas K" not in page.text
    assert sum(len(turns) for _day, turns in page.context["by_day"]) == 7


@pytest.mark.parametrize("role", [Role.SALESPERSON, Role.VIEWER])
def test_shares_of_the_team_are_for_those_who_see_routing(
    pool: Pool, team: Team, role: str
) -> None:
    access = Access.of(makers.make_member(team, "Some Body", role))

    answer: Any = desk_of(access).get(f"/t/{team.slug}/pools/{pool.pk}/shares/")

    assert answer.status_code == 403
