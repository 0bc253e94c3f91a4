"""Held leads go on by themselves the moment somebody can take them, the neediest first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.alerts.models import Kind
from apps.assignments.models import Decision, Hold
from apps.assignments.navigation import Counts
from apps.assignments.pages import queues
from apps.assignments.road import draining, placing
from apps.assignments.services import expire_due
from apps.assignments.work.attempts import change_status
from apps.leads.models import Lead, StatusKind
from apps.rules.models import Pool, Seat
from apps.teams import availability
from apps.teams.models import Membership, MemberSkill, Skill
from apps.teams.permissions import Role
from tests.assignments.test_pages import at, browser_of
from tests.assignments.test_routing import kinds_told
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def owner_of(lead: Lead) -> Any:
    return Lead.objects.get(pk=lead.pk).owner_id


def nobody_there(world: World, **settings: Any) -> tuple[Membership, Pool]:
    """Mia alone in a pool, and paused."""
    mia = world.member("Mia", is_paused=True, **settings)
    pool = world.pool(mia)
    world.rules(pool)
    return mia, pool


def held(world: World, *, since: timedelta = timedelta(), **fields: Any) -> Lead:
    lead = world.routed(**fields)
    Hold.objects.filter(lead=lead).update(since=datetime.now(UTC) - since)
    return lead


# --- What lets a held lead go on, within the next look ---


def resumes(world: World, mia: Membership, pool: Pool) -> None:
    availability.resume(mia, by=world.access(mia), now=NOW)


def pause_ends(world: World, mia: Membership, pool: Pool) -> None:
    Membership.objects.filter(pk=mia.pk).update(paused_until=datetime.now(UTC) - HOUR)


def pool_is_switched_off(world: World, mia: Membership, pool: Pool) -> None:
    Pool.objects.filter(pk=pool.pk).update(is_active=False, overflow="hopper")


def colleague_sits_down(world: World, mia: Membership, pool: Pool) -> None:
    Seat.objects.create(team=world.team, pool=pool, membership=world.member("Jonas"))


@pytest.mark.parametrize(
    "happens",
    [resumes, pause_ends, pool_is_switched_off, colleague_sits_down],
    ids=lambda each: each.__name__,
)
def test_the_next_look_sends_a_held_lead_on(
    world: World, happens: Callable[[World, Membership, Pool], None]
) -> None:
    mia, pool = nobody_there(world)
    lead = world.routed()
    assert expire_due()["drained"] == 0

    happens(world, mia, pool)
    done = expire_due()

    lead.refresh_from_db()
    assert done["drained"] == 1
    assert lead.stage in ("owned", "hopper")
    assert not Hold.objects.filter(released_at=None).exists()


def test_a_shift_that_starts_takes_what_waited(world: World) -> None:
    weekday = datetime.now(UTC).weekday()
    mia = world.member("Mia", hours={str((weekday + 2) % 7): [["00:00", "24:00"]]})
    world.rules(world.pool(mia))
    lead = world.routed()
    assert expire_due()["drained"] == 0

    shift = {str(weekday): [["00:00", "24:00"]]}
    Membership.objects.filter(pk=mia.pk).update(hours=shift)

    assert expire_due()["drained"] == 1
    assert owner_of(lead) == mia.pk


def test_a_lead_that_closes_makes_room_for_one(world: World) -> None:
    mia = world.member("Mia", capacity=1)
    world.rules(world.pool(mia))
    first, second, third = (world.routed() for _ in range(3))

    lost = world.statuses[StatusKind.LOST]
    change_status(first, status=lost, by=world.access(mia), now=NOW)
    expire_due()

    assert [owner_of(one) for one in (second, third)].count(mia.pk) == 1
    assert Hold.objects.filter(released_at=None).count() == 1


def test_a_cap_that_ends_lets_leads_go_on(world: World) -> None:
    mia = world.member("Mia")
    world.rules(world.pool(mia, caps=[1]))
    world.routed()
    second = world.routed()
    assert expire_due()["drained"] == 0

    Seat.objects.update(placed_at=[datetime.now(UTC) - 48 * HOUR])

    assert expire_due()["drained"] == 1
    assert owner_of(second) == mia.pk


# --- In what order ---


def test_priority_then_hours_waited_then_band_then_age(world: World) -> None:
    mia, _pool = nobody_there(world, capacity=6)
    leads = {
        "old": held(world, since=3 * HOUR, band="D"),
        "pressing": held(world, priority=5),
        "promoted": held(world, since=timedelta(hours=4.5), priority=1, band="C"),
        "good": held(world, since=timedelta(minutes=1), band="A"),
        "fair": held(world, since=timedelta(minutes=2), band="B"),
        "unscored": held(world, since=timedelta(minutes=40)),
    }

    order = draining.in_order(Hold.objects.filter(released_at=None))
    names = {lead.pk: name for name, lead in leads.items()}

    expected = ["promoted", "pressing", "old", "good", "fair", "unscored"]
    assert [names[hold.lead_id] for hold in order] == expected
    assert [row.place for row in queues.held(world.access(mia), NOW)] == [1, 2, 3, 4, 5, 6]


def test_a_lead_that_fits_nobody_holds_up_no_other(world: World) -> None:
    skill = Skill.objects.create(team=world.team, name="Solar")
    mia, pool = nobody_there(world)
    Pool.objects.filter(pk=pool.pk).update(
        filters={"match": "all", "items": [{"kind": "skill", "field": "product", "level": 1}]}
    )
    first = held(world, since=9 * HOUR, facts={"product": "Roofs"})
    second = held(world, facts={"product": "Solar"})
    MemberSkill.objects.create(team=world.team, membership=mia, skill=skill)

    availability.resume(mia, by=world.access(mia), now=NOW)
    expire_due()

    assert (owner_of(first), owner_of(second)) == (None, mia.pk)


def test_a_lead_that_still_waits_keeps_its_place_and_tells_nobody_again(world: World) -> None:
    manager = world.member("Max", Role.MANAGER)
    _mia, _pool = nobody_there(world)
    lead = held(world, since=2 * HOUR)
    before = Hold.objects.get()

    again = draining.send_on(before.pk, by=world.system)
    expire_due()

    after = Hold.objects.get()
    assert again is None
    assert (after.pk, after.since, after.released_at) == (before.pk, before.since, None)
    assert Decision.objects.filter(lead=lead).count() == 1
    assert kinds_told(manager) == [Kind.HELD]


def test_its_wait_counts_in_the_next_pool_too(world: World) -> None:
    _mia, _pool = nobody_there(world)
    lead = held(world, since=5 * HOUR)
    since = Hold.objects.get().since
    world.rules(world.pool(world.member("Away", is_paused=True)))

    draining.send_on(Hold.objects.get().pk, by=world.system)

    assert Hold.objects.get(lead=lead, released_at=None).since == since


def test_one_lead_that_fails_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mia, _pool = nobody_there(world)
    broken, fine = held(world, priority=9), held(world)
    road = placing.route

    def fail(lead: Lead, **rest: Any) -> Any:
        if lead.pk == broken.pk:
            raise RuntimeError("broken")
        return road(lead, **rest)

    monkeypatch.setattr(draining, "route", fail)
    availability.resume(mia, by=world.access(mia), now=NOW)

    assert expire_due()["drained"] == 1
    assert owner_of(fine) == mia.pk
    assert Hold.objects.get(lead=broken).retry_at > datetime.now(UTC)


def test_looking_at_pools_where_nobody_is_costs_the_same_with_many_leads(
    world: World, django_assert_max_num_queries: Any
) -> None:
    nobody_there(world)
    for _ in range(20):
        world.routed()

    with django_assert_max_num_queries(4):
        assert draining.drain_due(limit=200) == 0


# --- The page ---


@pytest.fixture
def manager(world: World) -> Membership:
    return world.member("Max", Role.MANAGER)


def test_the_page_says_why_where_and_how_long(world: World, manager: Membership) -> None:
    nobody_there(world)
    held(world, since=3 * HOUR, name="Rosa Steiner", company="Quelle")
    held(world, name="Second Lead")

    page = browser_of(manager).get(at(world, "held")).content.decode()

    assert page.index("Rosa Steiner") < page.index("Second Lead")
    assert "Mia paused" in page
    assert "<b>1</b> of 2 in Pool" in page
    assert "3 h 00" in page


def test_the_lists_alone_are_what_the_page_asks_for_again(
    world: World, manager: Membership
) -> None:
    nobody_there(world)
    held(world)

    answer = browser_of(manager).get(at(world, "held"), headers={"X-Fragment": "lists"})

    assert answer.content.decode().count("data-list=") == 1
    assert "<html" not in answer.content.decode()


def test_a_salesperson_sees_no_held_leads(world: World) -> None:
    mia, _pool = nobody_there(world)
    lead = held(world)

    client = browser_of(mia)

    assert client.get(at(world, "held")).status_code == 403
    assert client.post(at(world, "held_release", lead=lead.pk)).status_code == 403


def test_a_manager_sends_it_to_somebody(world: World, manager: Membership) -> None:
    mia, _pool = nobody_there(world)
    lead = held(world)
    where = at(world, "held_release", lead=lead.pk)

    choices = browser_of(manager).get(where).content.decode()
    browser_of(manager).post(where, {"to": mia.pk})

    assert f'value="{mia.pk}"' in choices
    assert owner_of(lead) == mia.pk


def test_a_manager_puts_it_into_the_hopper(world: World, manager: Membership) -> None:
    nobody_there(world)
    lead = held(world)

    browser_of(manager).post(at(world, "held_release", lead=lead.pk), {"to": "hopper"})

    lead.refresh_from_db()
    assert lead.stage == Lead.Stage.HOPPER


def test_routed_again_it_goes_or_keeps_its_place(world: World, manager: Membership) -> None:
    mia, _pool = nobody_there(world)
    lead = held(world, since=HOUR)
    client, where = browser_of(manager), at(world, "held_release", lead=lead.pk)

    stays = client.post(where, {"to": "again"}, follow=True).content.decode()
    world.rules(world.pool(world.member("Jonas")))
    client.post(where, {"to": "again"})

    assert "It keeps its place" in stays
    assert owner_of(lead) not in (None, mia.pk)


def test_one_that_went_on_meanwhile_is_no_longer_there(world: World, manager: Membership) -> None:
    mia, _pool = nobody_there(world)
    lead = held(world)
    availability.resume(mia, by=world.access(mia), now=NOW)
    expire_due()

    answer = browser_of(manager).post(at(world, "held_release", lead=lead.pk), {"to": "hopper"})

    assert answer.status_code == 404
    assert owner_of(lead) == mia.pk


@pytest.mark.parametrize(
    "to", ["", "nobody", "\x00", "x" * 5_000, "00000000-0000-4000-8000-000000000009"]
)
def test_nonsense_moves_nothing(world: World, manager: Membership, to: str) -> None:
    nobody_there(world)
    lead = held(world)

    answer = browser_of(manager).post(at(world, "held_release", lead=lead.pk), {"to": to})

    assert answer.status_code == 404
    assert Hold.objects.filter(lead=lead, released_at=None).exists()


def test_a_member_of_another_team_can_t_get_it(world: World, manager: Membership) -> None:
    nobody_there(world)
    lead, stranger = held(world), World("other").member("Spy")

    answer = browser_of(manager).post(at(world, "held_release", lead=lead.pk), {"to": stranger.pk})

    assert answer.status_code == 404
    assert owner_of(lead) is None


def test_what_is_held_is_counted_beside_its_name_and_once_in_all(
    world: World, manager: Membership
) -> None:
    nobody_there(world)
    held(world)

    page = browser_of(manager).get(at(world, "held")).content.decode()

    assert 'Held<i class="badge" data-count="held">1</i>' in page
    assert Counts(world.access(manager)).desk == 1


def test_the_page_takes_as_many_queries_for_many_leads_as_for_few(
    world: World, manager: Membership, django_assert_max_num_queries: Any
) -> None:
    nobody_there(world)
    for _ in range(12):
        held(world)
    client = browser_of(manager)

    with django_assert_max_num_queries(12):
        assert client.get(at(world, "held")).status_code == 200
