"""What a simulation takes from the past: how people behaved, and when they were there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.assignments.models import Assignment, Offer
from apps.rules.models import Mode, Pool
from apps.simulator import behaviour, presence
from apps.simulator.models import Simulation
from apps.teams import availability, covers
from apps.teams.models import Cover, Membership, TimeOff
from tests import factories
from tests.assignments.world import NOW, World
from tests.simulator.acts import START, asked, leads, manager, members_of, run, willing

pytestmark = pytest.mark.django_db


def offers(
    world: World,
    pool: Pool,
    member: Membership,
    count: int,
    *,
    seconds: float,
    **columns: Any,
) -> None:
    """Offers of the last days that were closed after so many seconds."""
    opened = NOW - timedelta(days=3)
    for _number in range(count):
        lead = world.lead()
        factories.OfferFactory(
            team=world.team, lead=lead, pool=pool, member=member, opened_at=opened,
            closed_at=opened + timedelta(seconds=seconds), expires_at=NOW,
            candidates=[member.pk], **columns,
        )  # fmt: skip


def test_a_pool_accepts_as_it_did(world: World) -> None:
    ann = world.member("Ann")
    pool = world.pool(ann, mode=Mode.OFFER)
    offers(world, pool, ann, 15, seconds=12, state=Offer.State.ACCEPTED, taken_by=ann)
    offers(world, pool, ann, 5, seconds=40, state=Offer.State.DECLINED)
    offers(world, pool, ann, 10, seconds=90, state=Offer.State.EXPIRED)

    seen = behaviour.observed(world.team, until=NOW)

    observed = behaviour.of_pool(seen, pool.pk)
    assert observed.behaviour.accepts == 0.5
    assert observed.behaviour.declines == pytest.approx(1 / 6)
    assert observed.behaviour.accepts_after.median == 12.0
    assert observed.to_json()["accepts"] == {
        "share": 0.5, "median": 12.0, "from": "pool", "of": 30,
    }  # fmt: skip


def test_a_pool_with_few_cases_behaves_like_the_team(world: World) -> None:
    ann = world.member("Ann")
    known, new = world.pool(ann, mode=Mode.OFFER), world.pool(ann, mode=Mode.OFFER)
    offers(world, known, ann, 40, seconds=12, state=Offer.State.ACCEPTED, taken_by=ann)
    offers(world, new, ann, 10, seconds=90, state=Offer.State.EXPIRED)

    seen = behaviour.of_pool(behaviour.observed(world.team, until=NOW), new.pk)

    assert seen.behaviour.accepts == 0.8
    assert seen.from_["accepts"] == "team"


def test_a_team_with_few_cases_behaves_as_people_mostly_do(world: World) -> None:
    seen = behaviour.of_pool(behaviour.observed(world.team, until=NOW), None)

    assert seen.behaviour == behaviour.DEFAULT
    assert seen.to_json()["closes"]["from"] == "default"


def test_other_teams_and_other_times_do_not_count(world: World) -> None:
    other = World("other")
    ann, foreigner = world.member("Ann"), other.member("Ola")
    offers(other, other.pool(foreigner), foreigner, 30, seconds=1, state=Offer.State.EXPIRED)
    pool = world.pool(ann, mode=Mode.OFFER)
    offers(world, pool, ann, 30, seconds=1, state=Offer.State.EXPIRED)
    Offer.objects.filter(team=world.team).update(opened_at=NOW - timedelta(days=100))

    seen = behaviour.observed(world.team, until=NOW)

    assert behaviour.of_pool(seen, pool.pk).behaviour == behaviour.DEFAULT


def test_attempts_and_closures_are_seen(world: World) -> None:
    ann = world.member("Ann")
    pool = world.pool(ann)
    start = NOW - timedelta(days=10)
    for number in range(40):
        lead = world.lead(closed_at=start + timedelta(days=4) if number % 2 else None)
        factories.AssignmentFactory(
            team=world.team, lead=lead, pool=pool, member=ann, started_at=start,
            responded_at=start + timedelta(minutes=5) if number < 30 else None,
        )  # fmt: skip

    seen = behaviour.of_pool(behaviour.observed(world.team, until=NOW), pool.pk).behaviour

    assert (seen.responds, seen.responds_after.median) == (0.75, 300.0)
    assert (seen.closes, seen.closes_after.median) == (0.5, 4 * 86_400.0)


def test_what_was_seen_is_kept_with_the_run(world: World) -> None:
    ann = world.member("Ann")
    pool = world.pool(ann, mode=Mode.OFFER)
    offers(world, pool, ann, 30, seconds=12, state=Offer.State.ACCEPTED, taken_by=ann)
    seen = behaviour.observed(world.team, until=NOW)

    assert behaviour.read(behaviour.written(seen)) == seen


# Presence


def steps_of(world: World, member: Membership) -> list[tuple[datetime, bool, Any]]:
    plans = presence.members_through(world.team, START, NOW, now=NOW)
    return [(step.at, step.is_active, step.capacity) for step in plans[member.pk].steps]


def test_settings_are_followed_back_from_today(world: World) -> None:
    ann = world.member("Ann", capacity=9)
    Membership.objects.update(joined_at=START - timedelta(days=9))
    by = manager(world)
    availability.set_capacity(ann, capacity=5, by=by, now=START + timedelta(days=1))
    availability.set_capacity(ann, capacity=7, by=by, now=START + timedelta(days=2))

    assert steps_of(world, ann) == [
        (START, True, 9),
        (START + timedelta(days=1), True, 5),
        (START + timedelta(days=2), True, 7),
    ]


def test_what_changed_before_does_not_come_again(world: World) -> None:
    ann = world.member("Ann", capacity=9)
    Membership.objects.update(joined_at=START - timedelta(days=99))
    availability.set_capacity(ann, capacity=5, by=manager(world), now=START - timedelta(days=1))

    assert steps_of(world, ann) == [(START, True, 5)]


def test_time_off_counts_from_its_entry_until_it_was_taken_back(world: World) -> None:
    ann, by = world.member("Ann"), manager(world)
    first, last = START + timedelta(days=1), START + timedelta(days=9)
    entered, back = START + timedelta(days=2), START + timedelta(days=4)
    off = availability.add_time_off(ann, starts_at=first, ends_at=last, by=by, now=entered)

    kept = presence.members_through(world.team, START, NOW, now=NOW)[ann.pk].time_off
    availability.remove_time_off(off, by=by, now=back)
    taken_back = presence.members_through(world.team, START, NOW, now=NOW)[ann.pk].time_off

    assert kept == ((entered, last),)
    assert taken_back == ((entered, back),)


def test_time_off_that_nobody_entered_here_counts_as_it_stands(world: World) -> None:
    ann = world.member("Ann")
    span = START, START + timedelta(days=2)
    TimeOff.objects.create(team=world.team, membership=ann, starts_at=span[0], ends_at=span[1])

    assert presence.members_through(world.team, START, NOW, now=NOW)[ann.pk].time_off == (span,)


def test_who_covered_then_gets_the_leads_of_then(world: World) -> None:
    ann, ben = world.member("Ann"), world.member("Ben")
    Membership.objects.update(joined_at=START - timedelta(days=9))
    by = manager(world)
    world.rules(world.pool(ann))
    covers.add_cover(
        ann, by_member=ben, starts_at=START + timedelta(seconds=90),
        ends_at=START + timedelta(seconds=210), by=by, now=START - timedelta(days=1),
    )  # fmt: skip
    leads(world, 5)

    with willing():
        simulation = run(asked(world, by))

    assert Cover.objects.count() == 1
    assert members_of(simulation) == [ann.pk, ann.pk, ben.pk, ben.pk, ann.pk]


def test_a_known_person_is_kept_by_whoever_had_her_before(world: World) -> None:
    ann, ben = world.member("Ann"), world.member("Ben")
    Membership.objects.update(joined_at=START - timedelta(days=60))
    pool = world.pool(ann, ben, sticky=["contact"])
    world.rules(pool)
    before = world.lead(email_key="ada@example.com", received_at=START - timedelta(days=20))
    type(before).objects.filter(pk=before.pk).update(owner=ben, stage="owned")
    leads(world, 1, email_key="ada@example.com")

    with willing():
        simulation = run(asked(world, manager(world)))

    assert members_of(simulation)[-1] == ben.pk
    assert Assignment.objects.count() == 0
    assert simulation.state == Simulation.State.DONE
