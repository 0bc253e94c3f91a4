"""Pools of recipients: settings, seats and the credit that a seat leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from apps.rules.models import RecipientPool, RecipientSeat, RecipientTurn
from apps.rules.recipients import ledger, pools
from apps.rules.recipients.pools import Place, RecipientPoolSettings
from apps.rules.refusals import Refused
from apps.teams.access import Access
from apps.teams.models import AuditEntry, Team
from tests import factories
from tests.rules import makers
from tests.rules.makers import NOW

pytestmark = pytest.mark.django_db

EAST = RecipientPoolSettings(name="East")
NANO = 10**9


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def manager(team: Team) -> Access:
    return makers.manager_of(team)


@pytest.fixture
def pool(manager: Access) -> RecipientPool:
    return pools.create(manager.team, EAST, by=manager, now=NOW)


def seat_all(pool: RecipientPool, by: Access, *weights: int) -> list[RecipientSeat]:
    made = [factories.RecipientFactory(team=by.team) for _ in weights]
    places = [Place(each.pk, weight) for each, weight in zip(made, weights, strict=True)]
    pools.set_seats(pool, places, by=by, now=NOW)
    return list(pool.seats.order_by("position"))


WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no name": ({"name": ""}, ["name"]),
    "NUL": ({"name": "a\0b"}, ["name"]),
    "no such way": ({"way": "lottery"}, ["way"]),
    "no such answer": ({"when_nobody": "cry"}, ["when_nobody"]),
    "an offer of a second": ({"window_seconds": 1}, ["window_seconds"]),
    "an offer of a month": ({"window_seconds": 30 * 86_400}, ["window_seconds"]),
    "too much": ({"performance": {"most_percent": 90}}, ["performance.most_percent"]),
    "no numbers": ({"performance": {"days": "many"}}, ["performance.days"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_what_can_not_be_is_refused_at_its_place(manager: Access, kind: str) -> None:
    changes, paths = WRONG[kind]

    with pytest.raises(Refused) as caught:
        pools.create(manager.team, replace(EAST, **changes), by=manager, now=NOW)

    assert [problem.path for problem in caught.value.problems] == paths
    assert not RecipientPool.objects.exists()


def test_a_change_is_audited_by_name(manager: Access, pool: RecipientPool) -> None:
    version = manager.team.routing_version

    given = replace(EAST, way="first", window_seconds=600)
    changed = pools.change(pool, given, by=manager, now=NOW)

    assert (changed.way, changed.window_seconds) == ("first", 600)
    assert manager.team.routing_version == version + 1
    entry = AuditEntry.objects.get(action="rules.recipient_pool_changed")
    assert entry.detail == {"changed": ["way", "window_seconds"]}


def test_a_name_is_given_once(manager: Access, pool: RecipientPool) -> None:
    with pytest.raises(Refused, match="of this name"):
        pools.create(manager.team, EAST, by=manager, now=NOW)


def test_a_pool_that_a_rule_sends_to_stays_on(manager: Access, pool: RecipientPool) -> None:
    rule = factories.RuleFactory(
        team=manager.team, name="Roofs", destination="recipient_pool", recipient_pool=pool
    )
    off = replace(EAST, is_active=False)

    with pytest.raises(Refused, match="“Roofs”"):
        pools.change(pool, off, by=manager, now=NOW)

    rule.delete()
    assert not pools.change(pool, off, by=manager, now=NOW).is_active


def test_seats_are_ordered_weighed_and_added_last(manager: Access, pool: RecipientPool) -> None:
    first, second = seat_all(pool, manager, 1, 2)
    RecipientSeat.objects.filter(pk=first.pk).update(credit=NANO)
    new = factories.RecipientFactory(team=manager.team)

    places = [Place(new.pk, 7), Place(second.recipient_id, 3), Place(first.recipient_id, 1, False)]
    pools.set_seats(pool, places, by=manager, now=NOW)

    seats = list(pool.seats.order_by("position"))
    assert [seat.recipient_id for seat in seats] == [
        second.recipient_id, first.recipient_id, new.pk,
    ]  # fmt: skip
    assert [seat.weight for seat in seats] == [3, 1, 7]
    assert [seat.is_active for seat in seats] == [True, False, True]
    assert [seat.credit for seat in seats] == [0, NANO, 0]


def test_a_seat_that_is_not_named_stays_as_it_is(manager: Access, pool: RecipientPool) -> None:
    first, second = seat_all(pool, manager, 1, 2)

    pools.set_seats(pool, [Place(second.recipient_id, 5)], by=manager, now=NOW)

    seats = pool.seats.order_by("position").values_list("pk", "weight")
    assert list(seats) == [(second.pk, 5), (first.pk, 1)]


def test_only_recipients_of_this_team_that_are_in_use_sit(
    manager: Access, pool: RecipientPool
) -> None:
    stranger = factories.RecipientFactory()
    archived = factories.RecipientFactory(team=manager.team, is_active=False)
    mine = factories.RecipientFactory(team=manager.team)
    wrong: list[Any] = [
        [Place(stranger.pk)], [Place(archived.pk)], [Place(mine.pk, 0)], [Place(mine.pk, 1_001)],
        [Place(mine.pk), Place(mine.pk)],
    ]  # fmt: skip

    for places in wrong:
        with pytest.raises(Refused):
            pools.set_seats(pool, places, by=manager, now=NOW)

    assert not pool.seats.exists()


def test_a_seat_that_leaves_shares_its_credit_out(manager: Access, pool: RecipientPool) -> None:
    leaving, light, heavy = seat_all(pool, manager, 1, 1, 3)
    RecipientSeat.objects.filter(pk=leaving.pk).update(credit=8)
    RecipientSeat.objects.filter(pk=light.pk).update(credit=-8)

    pools.remove_seat(leaving, by=manager, now=NOW)

    credits = dict(pool.seats.values_list("pk", "credit"))
    assert credits == {light.pk: -6, heavy.pk: 6}
    turn = RecipientTurn.objects.get(reason="seat_removed")
    assert turn.deltas == {str(leaving.pk): -8, str(light.pk): 2, str(heavy.pk): 6}


def test_the_last_seat_takes_its_credit_along(manager: Access, pool: RecipientPool) -> None:
    [only] = seat_all(pool, manager, 1)

    pools.remove_seat(only, by=manager, now=NOW)
    pools.remove_seat(only, by=manager, now=NOW)  # gone already

    assert not pool.seats.exists()
    assert AuditEntry.objects.filter(action="rules.recipient_seat_removed").count() == 1


def test_the_ledger_tells_every_credit_and_who_left(manager: Access, pool: RecipientPool) -> None:
    one, other = seat_all(pool, manager, 1, 1)
    lead = factories.LeadFactory(team=manager.team)
    _turn(pool, 1, one, other, lead=lead)
    pools.remove_seat(one, by=manager, now=NOW)

    page = ledger.page(pool)

    assert [column.name for column in page.columns] == [other.recipient.name, one.recipient.name]
    assert [column.is_here for column in page.columns] == [True, False]
    removed, turn = page.lines
    assert [cell.credit for cell in removed.cells] == [0, 0]
    assert [cell.credit for cell in turn.cells] == [NANO // 2, -NANO // 2]
    assert [line.total for line in page.lines] == [0, 0]


def test_an_older_page_of_the_ledger_goes_on_with_the_same_credits(
    manager: Access, pool: RecipientPool
) -> None:
    one, other = seat_all(pool, manager, 1, 1)
    for number in range(1, 6):
        _turn(pool, number, *((one, other) if number % 2 else (other, one)))
    whole = ledger.page(pool)

    first = ledger.page(pool, size=2)
    second = ledger.page(pool, before=first.older, size=2)

    assert [line.cells for line in (*first.lines, *second.lines)] == [
        line.cells for line in whole.lines[:4]
    ]


def _turn(
    pool: RecipientPool, number: int, winner: RecipientSeat, other: RecipientSeat, lead: Any = None
) -> None:
    half = NANO // 2
    for seat, delta in ((winner, -half), (other, half)):
        seat.refresh_from_db()
        RecipientSeat.objects.filter(pk=seat.pk).update(credit=seat.credit + delta)
    RecipientPool.objects.filter(pk=pool.pk).update(turn_no=number)
    factories.RecipientTurnFactory(
        team=pool.team, pool=pool, turn_no=number, lead=lead, winner=winner,
        at=NOW + timedelta(minutes=number),
        deltas={str(winner.pk): -half, str(other.pk): half},
    )  # fmt: skip
