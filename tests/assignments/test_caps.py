"""How many leads a seat takes within an hour, a day, a week and a month."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.assignments import services
from apps.assignments.models import Assignment, Decision, Offer
from apps.leads.models import Lead
from apps.rules.models import Mode, Pool, Seat
from apps.rules.pools import seats
from apps.rules.pools.seats import SeatFields
from apps.teams.models import Membership
from apps.teams.permissions import Role
from tests.assignments.world import NOW, World, overdue_offer

pytestmark = pytest.mark.django_db

# A Wednesday, at half past ten in UTC and half past eleven in Berlin.
MORNING = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def capped(world: World, **caps: Any) -> tuple[Membership, Pool]:
    """A pool of one, with caps on the seat; without her, leads are held."""
    settings = {name: caps.pop(name) for name in list(caps) if name in ("mode", "cap_window")}
    mia = world.member("Mia")
    pool = world.pool(mia, **settings)
    Seat.objects.filter(pool=pool).update(**caps)
    world.rules(pool)
    return mia, pool


def taken(world: World, at: datetime, leads: int = 1) -> list[bool]:
    """Whether each of these leads, which all come at `at`, was given to somebody."""
    return [world.routed(now=at).owner_id is not None for _ in range(leads)]


@pytest.mark.parametrize(
    ("cap", "same", "following"),
    [
        ("cap_hour", 29 * HOUR / 60, 30 * HOUR / 60),
        ("cap_day", timedelta(hours=12, minutes=29), timedelta(hours=12, minutes=30)),
        ("cap_week", 4 * DAY, 4 * DAY + timedelta(hours=12, minutes=30)),
        ("cap_month", 27 * DAY, 27 * DAY + timedelta(hours=11, minutes=30)),
    ],
)
def test_a_cap_counts_until_the_calendar_turns_in_the_pools_zone(
    cap: str, same: timedelta, following: timedelta
) -> None:
    world = World(timezone="Europe/Berlin")
    capped(world, **{cap: 2})

    assert taken(world, MORNING, 3) == [True, True, False]
    assert taken(world, MORNING + same) == [False]
    assert taken(world, MORNING + following) == [True]


@pytest.mark.parametrize(
    ("cap", "length"),
    [("cap_hour", HOUR), ("cap_day", DAY), ("cap_week", 7 * DAY), ("cap_month", 30 * DAY)],
)
def test_a_rolling_cap_counts_the_time_before(world: World, cap: str, length: timedelta) -> None:
    capped(world, cap_window="rolling", **{cap: 2})
    second = timedelta(seconds=1)

    assert taken(world, MORNING) == [True]
    assert taken(world, MORNING + length / 2) == [True]
    assert taken(world, MORNING + length - second) == [False]
    assert taken(world, MORNING + length) == [True]
    assert taken(world, MORNING + length + second) == [False]


def test_the_narrowest_cap_holds_and_the_decision_says_which(world: World) -> None:
    capped(world, cap_hour=5, cap_day=2, cap_week=9)

    taken(world, MORNING, 2)
    lead = world.routed(now=MORNING + HOUR)

    assert lead.stage == Lead.Stage.HELD
    (candidate,) = Decision.objects.get(lead=lead).trace["steps"][0]["candidates"]
    assert candidate["skip"] == "cap_day"


def test_a_seat_keeps_as_many_moments_as_its_greatest_cap_needs(world: World) -> None:
    _, pool = capped(world, cap_day=50, cap_hour=2)
    free = world.pool(world.member("Jonas"))

    taken(world, MORNING, 2)
    taken(world, MORNING + HOUR, 2)
    world.rules(free)
    taken(world, MORNING)

    kept = Seat.objects.get(pool=pool).placed_at
    assert kept == [MORNING + HOUR] * 2 + [MORNING] * 2
    Seat.objects.filter(pool=pool).update(cap_day=3)
    world.rules(pool)
    taken(world, MORNING + DAY)
    assert Seat.objects.get(pool=pool).placed_at == [MORNING + DAY] + [MORNING + HOUR] * 2
    assert Seat.objects.get(pool=free).placed_at == []


def test_an_offer_that_was_declined_or_ran_out_does_not_count(world: World) -> None:
    mia, pool = capped(world, cap_day=1, mode=Mode.OFFER)
    declined = world.routed()
    services.decline(Offer.objects.get(lead=declined).pk, by=world.access(mia), now=NOW)
    expired = world.routed()
    overdue_offer(expired)

    services.expire_due()
    third = world.routed()

    assert third.stage == Lead.Stage.OFFERED
    assert world.routed().stage == Lead.Stage.HELD
    assert Seat.objects.get(pool=pool).placed_at == [NOW]


def test_an_offer_that_was_withdrawn_does_not_count(world: World) -> None:
    _, pool = capped(world, cap_day=1, mode=Mode.OFFER)
    boss = world.access(world.member("Boss", role=Role.MANAGER))
    lead = world.routed()

    services.assign_by_hand(lead, member=world.member("Jonas"), by=boss, now=NOW)

    assert Seat.objects.get(pool=pool).placed_at == []


def test_of_two_offers_of_one_moment_one_is_uncounted(world: World) -> None:
    mia, pool = capped(world, cap_day=2, mode=Mode.OFFER)
    leads = [world.routed(), world.routed()]

    services.decline(Offer.objects.get(lead=leads[0]).pk, by=world.access(mia), now=NOW)

    assert Seat.objects.get(pool=pool).placed_at == [NOW]


def test_a_cap_that_is_set_later_counts_what_was_placed_before(world: World) -> None:
    mia, pool = capped(world)
    boss = world.access(world.member("Boss", role=Role.MANAGER))
    taken(world, NOW - 2 * HOUR, 2)
    taken(world, NOW - 40 * DAY)
    seat = Seat.objects.get(pool=pool)
    assert seat.placed_at == []

    seats.edit_seats(pool, {seat.pk: SeatFields(cap_month=3)}, by=boss, now=NOW - HOUR)

    # Two were placed within the month; the one before it is long ago.
    pool_rolls(pool)
    assert taken(world, NOW, 2) == [True, False]
    assert Assignment.objects.filter(member=mia, pool=pool).count() == 4


def test_a_cap_that_is_raised_counts_every_lead_once(world: World) -> None:
    _, pool = capped(world, cap_day=2)
    pool_rolls(pool)
    boss = world.access(world.member("Boss", role=Role.MANAGER))
    assert taken(world, NOW - HOUR, 3) == [True, True, False]
    seat = Seat.objects.get(pool=pool)

    seats.edit_seats(pool, {seat.pk: SeatFields(cap_day=4)}, by=boss, now=NOW - HOUR / 2)

    assert taken(world, NOW, 3) == [True, True, False]


def pool_rolls(pool: Pool) -> None:
    Pool.objects.filter(pk=pool.pk).update(cap_window="rolling")


def test_an_offer_that_is_still_open_counts_for_a_cap_that_is_set_now(world: World) -> None:
    _, pool = capped(world, mode=Mode.OFFER)
    pool_rolls(pool)
    boss = world.access(world.member("Boss", role=Role.MANAGER))
    world.routed(now=NOW - HOUR)
    seat = Seat.objects.get(pool=pool)

    seats.edit_seats(pool, {seat.pk: SeatFields(cap_day=1)}, by=boss, now=NOW - HOUR / 2)

    assert world.routed().stage == Lead.Stage.HELD


def test_a_cap_that_stands_asks_nothing_more(world: World, django_assert_num_queries: Any) -> None:
    capped(world, cap_day=9)
    world.routed()
    lead = world.lead()

    with django_assert_num_queries(4 + 2):
        world.route(lead)
