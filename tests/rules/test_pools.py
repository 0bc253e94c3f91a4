"""Pools and their seats: every change is a revision, and credits always sum to zero."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from apps.routing.credit import NANO
from apps.rules.models import Mode, Overflow, Pool, PoolRevision, Ranking, Seat, TurnEntry
from apps.rules.pools import ledger, seats, standing
from apps.rules.pools import services as pools
from apps.rules.pools.seats import SeatFields
from apps.rules.pools.services import PoolSettings
from apps.rules.refusals import Refused
from apps.teams.access import Access
from apps.teams.models import AuditEntry, Membership
from tests.rules import makers
from tests.rules.makers import NOW, make_pool, make_seat

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> Access:
    return makers.manager_of(makers.make_team())


@pytest.fixture
def pool(manager: Access) -> Pool:
    return make_pool(manager)


def place(pool: Pool, winner: Seat, *others: Seat) -> TurnEntry:
    """A lead placed by turn, as assignments writes it; equal weights."""
    everyone = [winner, *others]
    share = NANO // len(everyone)
    deltas = {str(seat.pk): share for seat in others}
    deltas[str(winner.pk)] = -sum(deltas.values())
    Pool.objects.filter(pk=pool.pk).update(turn_no=pool.turn_no + 1)
    pool.refresh_from_db()
    for seat in everyone:
        seat.refresh_from_db()
        seat.credit += deltas[str(seat.pk)]
        seat.save()
    return TurnEntry.objects.create(
        team_id=pool.team_id, pool=pool, turn_no=pool.turn_no, at=NOW, winner=winner, deltas=deltas
    )


def credits(pool: Pool) -> dict[str, int]:
    return {
        str(seat.membership): seat.credit for seat in pool.seats.select_related("membership__user")
    }


def test_every_change_of_a_pool_is_a_revision(manager: Access, pool: Pool) -> None:
    pools.edit_pool(pool, PoolSettings(name="DACH", max_hops=5), by=manager, now=NOW)
    seat = make_seat(pool, "Mia Brandt", manager, weight=2)
    seats.edit_seats(pool, {seat.pk: SeatFields(weight=3)}, by=manager, now=NOW)
    seats.remove_seat(seat, by=manager, now=NOW)

    pool.refresh_from_db()
    revisions = PoolRevision.objects.filter(pool=pool).order_by("number")
    assert [each.number for each in revisions] == [1, 2, 3, 4, 5]
    assert pool.revision == 5
    assert revisions[1].settings["max_hops"] == 5
    assert [revision.settings["seats"] for revision in revisions][3][0]["weight"] == 3
    assert revisions[4].settings["seats"] == []


def test_what_did_not_change_makes_no_revision(manager: Access, pool: Pool) -> None:
    seat = make_seat(pool, "Mia Brandt", manager)
    pools.edit_pool(pool, PoolSettings.of(pool), by=manager, now=NOW)
    seats.edit_seats(pool, {seat.pk: SeatFields()}, by=manager, now=NOW)
    seats.order_seats(pool, [seat.pk], by=manager, now=NOW)

    assert PoolRevision.objects.filter(pool=pool).count() == 2


def test_a_new_seat_starts_at_zero(manager: Access, pool: Pool) -> None:
    mia, jonas = (make_seat(pool, name, manager) for name in ("Mia Brandt", "Jonas Keller"))
    place(pool, mia, jonas)

    newcomer = make_seat(pool, "Amara Diallo", manager)

    assert newcomer.credit == 0
    assert newcomer.position == 2


def test_the_credit_of_a_removed_seat_is_shared_out_by_weight(manager: Access, pool: Pool) -> None:
    leaver = make_seat(pool, "Mia Brandt", manager)
    heavy = make_seat(pool, "Jonas Keller", manager, weight=2)
    light = make_seat(pool, "Amara Diallo", manager)
    place(pool, leaver, heavy, light)
    owed = Seat.objects.get(pk=leaver.pk).credit

    seats.remove_seat(leaver, by=manager, now=NOW)

    assert owed < 0
    assert sum(credits(pool).values()) == 0
    entry = TurnEntry.objects.get(reason=TurnEntry.Reason.SEAT_REMOVED)
    assert sum(entry.deltas.values()) == 0
    assert entry.deltas[str(leaver.pk)] == -owed
    assert abs(entry.deltas[str(heavy.pk)] - 2 * entry.deltas[str(light.pk)]) <= 2


def test_removing_one_after_another_ends_at_zero(manager: Access, pool: Pool) -> None:
    everyone = [make_seat(pool, f"Member {letter}", manager) for letter in "ABCDEFG"]
    for turn in range(11):
        winner = everyone[turn % 7]
        place(pool, winner, *(seat for seat in everyone if seat != winner))

    for seat in everyone:
        seats.remove_seat(Seat.objects.get(pk=seat.pk), by=manager, now=NOW)
        assert sum(credits(pool).values()) == 0


def test_adjusted_credit_is_paid_by_the_others_and_logged(manager: Access, pool: Pool) -> None:
    mia, *_others = (
        make_seat(pool, name, manager) for name in ("Mia Brandt", "Jonas Keller", "Amara Diallo")
    )

    seats.adjust_credit(mia, turns=Decimal("0.5"), reason="Sick on Monday", by=manager, now=NOW)

    assert credits(pool)["Mia Brandt"] == NANO // 2
    assert sum(credits(pool).values()) == 0
    logged = AuditEntry.objects.get(action="rules.credit_adjusted")
    assert logged.detail["reason"] == "Sick on Monday"
    assert logged.actor == manager.user


def test_a_salesperson_adjusts_no_credit(manager: Access, pool: Pool) -> None:
    seat = make_seat(pool, "Mia Brandt", manager)
    salesperson = Access.of(seat.membership)

    with pytest.raises(PermissionDenied):
        seats.adjust_credit(seat, turns=Decimal(1), reason="please", by=salesperson, now=NOW)


def test_overflows_that_go_round_are_refused_naming_the_chain(manager: Access) -> None:
    third = make_pool(manager, "Third")
    second = make_pool(manager, "Second", overflow=Overflow.POOL, overflow_pool_id=third.pk)
    first = make_pool(manager, "First", overflow=Overflow.POOL, overflow_pool_id=second.pk)
    back = replace(PoolSettings.of(third), overflow=Overflow.POOL, overflow_pool_id=first.pk)

    with pytest.raises(Refused, match="Third → First → Second → Third"):
        pools.edit_pool(third, back, by=manager, now=NOW)


def test_an_overflow_to_itself_is_refused(manager: Access, pool: Pool) -> None:
    itself = replace(PoolSettings.of(pool), overflow=Overflow.POOL, overflow_pool_id=pool.pk)

    with pytest.raises(Refused, match="DACH → DACH"):
        pools.edit_pool(pool, itself, by=manager, now=NOW)


def test_an_overflow_of_another_team_is_refused_like_one_that_does_not_exist(
    manager: Access,
) -> None:
    rival = makers.manager_of(makers.make_team("rival"))
    foreign = make_pool(rival)
    refusals = []
    for overflow_pool_id in (foreign.pk, uuid4()):
        settings = PoolSettings(
            name="New", overflow=Overflow.POOL, overflow_pool_id=overflow_pool_id
        )
        with pytest.raises(Refused) as refused:
            pools.create_pool(manager.team, settings, by=manager, now=NOW)
        refusals.append(refused.value.problems)

    assert refusals[0] == refusals[1]


def test_a_member_of_another_team_gets_no_seat(manager: Access, pool: Pool) -> None:
    stranger = makers.make_member(makers.make_team("rival"), "Rita Rival")

    with pytest.raises(Refused):
        seats.add_seat(pool, stranger, by=manager, now=NOW)


def test_a_ranking_that_does_not_go_with_the_mode_is_refused(manager: Access) -> None:
    with pytest.raises(Refused) as refused:
        make_pool(manager, mode=Mode.CLAIM, ranking=Ranking.TURN)

    assert [each.path for each in refused.value.problems] == ["handover"]


def test_a_pool_that_rules_use_is_not_switched_off(manager: Access, pool: Pool) -> None:
    makers.add_rule(manager, pool=pool)
    makers.publish(manager)

    with pytest.raises(Refused, match="rule 1"):
        pools.edit_pool(pool, replace(PoolSettings.of(pool), is_active=False), by=manager, now=NOW)


def test_weights_below_one_are_refused_with_the_seat(manager: Access, pool: Pool) -> None:
    seat = make_seat(pool, "Mia Brandt", manager)

    with pytest.raises(Refused) as refused:
        seats.edit_seats(pool, {seat.pk: SeatFields(weight=0)}, by=manager, now=NOW)

    assert refused.value.problems[0].path == f"{seat.pk}.weight"


def test_seats_are_put_in_another_order(manager: Access, pool: Pool) -> None:
    mia, jonas = (make_seat(pool, name, manager) for name in ("Mia Brandt", "Jonas Keller"))

    seats.order_seats(pool, [jonas.pk, mia.pk], by=manager, now=NOW)

    assert [str(seat.membership) for seat in pool.seats.order_by("position")] == [
        "Jonas Keller",
        "Mia Brandt",
    ]


def test_the_ledger_runs_every_credit_back_to_zero(manager: Access, pool: Pool) -> None:
    mia, jonas, amara = (
        make_seat(pool, name, manager) for name in ("Mia Brandt", "Jonas Keller", "Amara Diallo")
    )
    place(pool, mia, jonas, amara)
    place(pool, jonas, mia, amara)
    seats.remove_seat(Seat.objects.get(pk=amara.pk), by=manager, now=NOW)
    place(pool, mia, jonas)

    page = ledger.page(pool)

    assert [line.total for line in page.lines] == [0, 0, 0, 0]
    assert page.total == 0
    oldest = page.lines[-1]
    assert all(cell.credit == cell.delta for cell in oldest.cells)
    assert [column.name for column in page.columns] == [
        "Mia Brandt",
        "Jonas Keller",
        "Amara Diallo",
    ]


def test_an_older_page_goes_on_where_the_newer_one_ended(manager: Access, pool: Pool) -> None:
    mia, jonas = (make_seat(pool, name, manager) for name in ("Mia Brandt", "Jonas Keller"))
    for turn in range(6):
        place(pool, *((mia, jonas) if turn % 2 else (jonas, mia)))
    whole = ledger.page(pool)

    newer = ledger.page(pool, size=4)
    older = ledger.page(pool, before=newer.older, size=4)

    assert [*newer.lines, *older.lines] == list(whole.lines)
    assert older.older is None


def test_a_member_sees_her_own_turns(manager: Access, pool: Pool) -> None:
    mia, jonas = (make_seat(pool, name, manager) for name in ("Mia Brandt", "Jonas Keller"))
    place(pool, mia, jonas)
    place(pool, jonas, mia)

    turns = ledger.my_turns(Membership.objects.get(pk=mia.membership_id))

    assert [(turn.is_mine, turn.delta, turn.credit) for turn in turns] == [
        (False, NANO // 2, 0),
        (True, -NANO // 2, -NANO // 2),
    ]


def test_the_page_says_who_is_next_and_who_is_away(manager: Access) -> None:
    pool = make_pool(manager, respects_hours=False)
    mia, jonas = (make_seat(pool, name, manager) for name in ("Mia Brandt", "Jonas Keller"))
    Membership.objects.filter(pk=mia.membership_id).update(is_paused=True)

    paused, following = standing.places(pool, team=manager.team, now=NOW)

    assert (paused.skip, paused.is_next) == ("paused", False)
    assert (following.seat, following.is_next) == (jonas, True)
