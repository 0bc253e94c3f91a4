"""A run under way: how far it is, cancelled, taken over, failed; and what is refused before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.core.exceptions import PermissionDenied

from apps.rules.refusals import Refused
from apps.simulator import running, services
from apps.simulator.models import SimulatedLead, Simulation
from apps.teams.models import Membership
from tests.assignments.world import NOW, World
from tests.simulator.acts import START, asked, leads, manager, run

pytestmark = pytest.mark.django_db
State = Simulation.State


def test_a_run_says_how_far_it_is_and_can_be_cancelled(world: World) -> None:
    world.rules(world.pool(world.member("Ann")))
    leads(world, 9)
    by = manager(world)
    simulation = asked(world, by)
    seen: list[int] = []

    def cancel_after_six(*given: Any, **named: Any) -> None:
        told(*given, **named)
        simulation.refresh_from_db()
        seen.append(simulation.leads_done)
        if simulation.leads_done == 6:
            assert services.cancel(simulation, by=by, now=NOW)

    told = running._progress
    with (
        mock.patch.object(running, "CHUNK", 3),
        mock.patch.object(running, "_progress", cancel_after_six),
    ):
        assert not running.run(simulation.pk, clock=lambda: NOW)

    simulation.refresh_from_db()
    assert seen == [0, 3, 6]
    assert simulation.state == State.CANCELLED
    assert simulation.leads_total == 9
    assert not SimulatedLead.objects.exists()


def test_a_cancelled_run_is_not_begun(world: World) -> None:
    by = manager(world)
    simulation = asked(world, by)
    services.cancel(simulation, by=by, now=NOW)

    assert not running.run(simulation.pk, clock=lambda: NOW)
    assert not services.cancel(simulation, by=by, now=NOW)


def test_two_workers_do_not_run_the_same(world: World) -> None:
    simulation = asked(world, manager(world))
    Simulation.objects.filter(pk=simulation.pk).update(state=State.RUNNING, seen_at=NOW)

    assert not running.run(simulation.pk, clock=lambda: NOW)


def test_a_run_whose_worker_died_is_taken_over(world: World) -> None:
    world.rules(world.pool(world.member("Ann")))
    simulation = asked(world, manager(world))
    Simulation.objects.filter(pk=simulation.pk).update(
        state=State.RUNNING, seen_at=NOW - running.SILENCE * 2, tries=1
    )

    assert running.unfinished(now=NOW) == [simulation.pk]
    assert run(simulation).state == State.DONE


def test_a_run_that_died_too_often_says_that_it_failed(world: World) -> None:
    simulation = asked(world, manager(world))
    Simulation.objects.filter(pk=simulation.pk).update(
        state=State.RUNNING, seen_at=NOW - running.SILENCE * 2, tries=running.MOST_TRIES
    )

    assert running.unfinished(now=NOW) == []
    simulation.refresh_from_db()
    assert simulation.state == State.FAILED
    assert simulation.failure


def test_a_run_that_fails_says_so(world: World) -> None:
    simulation = asked(world, manager(world))

    with mock.patch.object(running, "_leads", side_effect=ZeroDivisionError):
        assert not running.run(simulation.pk, clock=lambda: NOW)

    simulation.refresh_from_db()
    assert (simulation.state, simulation.failure) == (State.FAILED, "ZeroDivisionError")


def test_a_lead_of_a_large_run_is_explained_when_somebody_asks(world: World) -> None:
    world.rules(world.pool(world.member("Ann"), world.member("Ben")))
    Membership.objects.all().update(joined_at=START - timedelta(days=9))
    leads(world, 6)
    with mock.patch.object(running, "MOST_TRACED", 2):
        simulation = run(asked(world, manager(world)))
    row = SimulatedLead.objects.get(simulation=simulation, number=5)
    assert row.trace is None

    running.explain_row(row.pk, clock=lambda: NOW + timedelta(days=1))

    row = SimulatedLead.objects.get(pk=row.pk)
    assert row.trace is not None
    assert row.trace["is_other"] is False
    assert row.trace["after"][0]["steps"][0]["winner"] == str(row.member_id)


# What is refused


def test_only_those_who_edit_routing_may_simulate(world: World) -> None:
    seller = world.access(world.member("Sam"))

    with pytest.raises(PermissionDenied):
        asked(world, seller)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"ends_at": NOW - timedelta(days=31)}, "range"),
        ({"starts_at": NOW - timedelta(days=400)}, "range"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**40}, "seed"),
        ({"file": ("leads.csv", b"")}, "file"),
        ({"file": ("leads.csv", b"\x00\x00")}, "file"),
        ({"file": ("leads.csv", b"a,b\n1,2\n")}, "file"),
    ],
)
def test_what_makes_no_sense_is_refused(world: World, given: dict[str, Any], path: str) -> None:
    with pytest.raises(Refused) as refused:
        asked(world, manager(world), **given)

    assert [problem.path for problem in refused.value.problems] == [path]


def test_a_pool_can_not_be_tried_as_it_could_not_be_set(world: World) -> None:
    pool = world.pool(world.member("Ann"))

    with pytest.raises(Refused):
        asked(world, manager(world), pools={pool.pk: {"max_hops": 0}})


def test_no_more_than_three_at_a_time(world: World) -> None:
    by = manager(world)
    for _number in range(3):
        asked(world, by)

    with pytest.raises(Refused):
        asked(world, by)


def test_more_leads_than_fit_are_refused_at_once(world: World) -> None:
    leads(world, 4)

    with mock.patch.object(services, "MOST_LEADS", 3), pytest.raises(Refused) as refused:
        asked(world, manager(world))

    assert [problem.path for problem in refused.value.problems] == ["range"]
    assert not Simulation.objects.exists()
