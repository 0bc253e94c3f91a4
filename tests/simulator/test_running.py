"""A simulation runs as leads really went, writes nothing of the team's, and can be stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.assignments.models import Assignment
from apps.leads.models import Lead
from apps.rules.models import EmptyPolicy, Mode, Overflow, Ranking
from apps.simulator.models import SimulatedLead, Simulation
from apps.teams import availability
from apps.teams.models import Membership
from tests.assignments.world import NOW, World
from tests.house.world import fingerprint
from tests.simulator.acts import (
    START,
    asked,
    draft,
    leads,
    manager,
    members_of,
    run,
    willing,
)

pytestmark = pytest.mark.django_db
State = Simulation.State


def routed_live(world: World, found: list[Lead]) -> list[Any]:
    """Send the same leads on their road for real, at the moments when they came."""
    for lead in found:
        world.route(lead, now=lead.received_at)
    return [Lead.objects.get(pk=lead.pk).owner_id for lead in found]


@pytest.mark.parametrize(
    "settings",
    [
        {"weights": [3, 2, 1]},
        {"ranking": Ranking.LOAD},
        {"prefer": ["load"], "weights": [1, 5, 1]},
        {"caps": [2, None, 4], "weights": [5, 1, 1], "empty_policy": EmptyPolicy.OVERFLOW},
        {"mode": Mode.OFFER, "weights": [1, 2, 4]},
        {"ranking": Ranking.FIXED, "caps": [3, 3, 3], "empty_policy": EmptyPolicy.OVERFLOW},
        {"absent": "catch_up", "weights": [1, 2, 1]},
    ],
    ids=lambda settings: "-".join(map(str, settings)),
)
def test_leads_go_to_whom_they_would_really_go(world: World, settings: dict[str, Any]) -> None:
    ann, ben, cem, eva = (world.member(name) for name in ("Ann", "Ben", "Cem", "Eva"))
    Membership.objects.filter(pk=cem.pk).update(capacity=4)
    Membership.objects.filter(pk=ben.pk).update(
        is_paused=True, paused_until=START + timedelta(minutes=7)
    )
    Membership.objects.all().update(joined_at=START - timedelta(days=9))
    last = world.pool(eva, name="Last")
    first = world.pool(
        ann, ben, cem, name="First", overflow=Overflow.POOL, overflow_pool=last, **settings
    )
    world.rules(
        {"conditions": {"field": "country", "op": "is", "value": "FR"}, "pool": last}, first
    )
    found = leads(world, 20)
    found += [world.lead(received_at=START + timedelta(hours=2), country="FR")]

    with willing():
        simulated = members_of(run(asked(world, manager(world))))
    owners = routed_live(world, found)

    if settings.get("mode") == Mode.OFFER:  # nobody answers offers in the live world of this test
        owners = [_offered_to(lead) or owner for lead, owner in zip(found, owners, strict=True)]
    assert simulated == owners
    assert len(set(owners)) > 2


def _offered_to(lead: Lead) -> Any:
    offer = lead.offers.filter(state="open").first()
    return offer.member_id if offer else None


def test_nothing_of_the_team_is_written(world: World) -> None:
    ann, ben = world.member("Ann"), world.member("Ben")
    world.rules(world.pool(ann, ben, mode=Mode.OFFER))
    leads(world, 30)
    simulation = asked(world, manager(world))
    before = fingerprint()

    run(simulation)

    after = fingerprint()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"simulator_simulation", "simulator_simulatedlead"}
    assert SimulatedLead.objects.count() == 30


def test_a_draft_is_set_beside_what_is_live(world: World) -> None:
    ann, ben = world.member("Ann"), world.member("Ben")
    Membership.objects.all().update(joined_at=START - timedelta(days=9))
    world.rules(world.pool(ann, name="Live"))
    tried = draft(world, world.pool(ben, name="New"))
    leads(world, 12)

    with willing():
        simulation = run(asked(world, manager(world), version=tried))

    result = simulation.result
    assert simulation.name == "Draft"
    assert result["before"]["members"] == {str(ann.pk): 12}
    assert result["after"]["members"] == {str(ben.pk): 12}
    assert result["moved"] == 12
    rows = SimulatedLead.objects.filter(simulation=simulation, moves=True)
    assert rows.count() == 12
    assert {(row.was_member_id, row.member_id) for row in rows} == {(ann.pk, ben.pk)}


def test_a_draft_that_went_on_is_still_simulated_as_it_was(world: World) -> None:
    ann, ben = world.member("Ann"), world.member("Ben")
    Membership.objects.all().update(joined_at=START - timedelta(days=9))
    tried = draft(world, world.pool(ann))
    leads(world, 3)
    simulation = asked(world, manager(world), version=tried)
    tried.rules.update(pool=world.pool(ben))

    with willing():
        run(simulation)

    assert members_of(simulation) == [ann.pk] * 3


def test_changed_pools_are_tried_without_being_changed(world: World) -> None:
    ann, ben = world.member("Ann"), world.member("Ben")
    Membership.objects.all().update(joined_at=START - timedelta(days=9))
    pool = world.pool(ann, ben, name="DACH")
    world.rules(pool)
    leads(world, 10)
    changed = {pool.pk: {"ranking": "fixed"}}

    with willing():
        simulation = run(asked(world, manager(world), pools=changed))

    pool.refresh_from_db()
    assert pool.ranking == "turn"
    assert simulation.name == "Pool “DACH” changed"
    assert simulation.result["after"]["members"] == {str(ann.pk): 10}
    assert simulation.result["before"]["members"] == {str(ann.pk): 5, str(ben.pk): 5}


def test_what_is_live_has_nothing_beside_it(world: World) -> None:
    world.rules(world.pool(world.member("Ann")))
    leads(world, 2)

    simulation = run(asked(world, manager(world)))

    assert simulation.result["before"] is None
    assert simulation.result["moved"] == 0


def test_the_same_seed_gives_the_same_run(world: World) -> None:
    world.rules(world.pool(*(world.member(name) for name in "ABC"), mode=Mode.OFFER))
    Membership.objects.all().update(joined_at=START - timedelta(days=9))
    leads(world, 40)
    by = manager(world)

    first, again, other = (run(asked(world, by, seed=seed)) for seed in (1, 1, 2))

    assert members_of(first) == members_of(again)
    assert first.result == again.result
    assert members_of(first) != members_of(other)


# Members as they were


def test_a_member_who_was_paused_then_got_nothing_then(world: World) -> None:
    ann, ben = world.member("Ann"), world.member("Ben")
    Membership.objects.all().update(joined_at=START - timedelta(days=9))
    world.rules(world.pool(ann, ben))
    by = manager(world)
    availability.pause(ann, by=by, now=START + timedelta(minutes=4, seconds=30))
    availability.resume(ann, by=by, now=START + timedelta(minutes=7, seconds=30))
    leads(world, 10)

    with willing():
        simulation = run(asked(world, by))

    owners = members_of(simulation)
    assert owners[5:8] == [ben.pk] * 3
    assert owners.count(ann.pk) == 4  # half of the seven that came while she was there


def test_who_joined_later_was_not_there_before(world: World) -> None:
    ann, ben = world.member("Ann"), world.member("Ben")
    Membership.objects.filter(pk=ann.pk).update(joined_at=START - timedelta(days=9))
    Membership.objects.filter(pk=ben.pk).update(joined_at=START + timedelta(minutes=5, seconds=30))
    world.rules(world.pool(ann, ben))
    leads(world, 10)

    with willing():
        simulation = run(asked(world, manager(world)))

    assert members_of(simulation)[:6] == [ann.pk] * 6
    assert members_of(simulation).count(ben.pk) == 2


def test_leads_that_were_open_then_count_against_capacity(world: World) -> None:
    ann = world.member("Ann", capacity=1)
    Membership.objects.all().update(joined_at=START - timedelta(days=40))
    pool = world.pool(ann, empty_policy=EmptyPolicy.MANAGER)
    world.rules(pool)
    old = world.lead(received_at=NOW - timedelta(days=40))
    world.route(old, now=NOW - timedelta(days=40))
    left = NOW - timedelta(days=20) + timedelta(minutes=2, seconds=30)
    Assignment.objects.filter(lead=old).update(ended_at=left, end_reason="reassigned")
    leads(world, 4)

    with willing():
        simulation = run(asked(world, manager(world)))

    assert members_of(simulation) == [None, None, None, ann.pk]
