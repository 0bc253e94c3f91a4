"""Asking for simulations and running them, for tests, with few words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from unittest import mock
from uuid import UUID

from django.test import Client

from apps.rules.models import Pool, Rule, Version
from apps.rules.sets import versions
from apps.simulator import behaviour, running, services
from apps.simulator.behaviour import Observed
from apps.simulator.models import SimulatedLead, Simulation
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Role
from tests.assignments.world import NOW, World
from tests.routing.worlds import WILLING

START = NOW - timedelta(days=20)

Go = Callable[..., str]


def manager(world: World) -> Access:
    return world.access(world.member("Vera", Role.MANAGER))


def draft(world: World, *targets: Pool | dict[str, Any]) -> Version:
    """A draft that nobody published, of these destinations in order."""
    made = Version.objects.create(
        team=world.team, rule_set=world.rule_set, number=900, state=Version.State.DRAFT,
        created_at=NOW, saved_at=NOW,
    )  # fmt: skip
    for place, target in enumerate(targets, 1):
        columns = {"destination": "pool", "pool": target} if isinstance(target, Pool) else target
        Rule.objects.create(
            team=world.team, version=made, position=place, name=f"Rule {place}", **columns
        )
    return versions.draft(world.rule_set) or made


def leads(
    world: World, count: int, *, every: timedelta = timedelta(minutes=1), **columns: Any
) -> Any:
    """Leads of the past that nobody was ever sent."""
    return [world.lead(received_at=START + every * number, **columns) for number in range(count)]


def asked(
    world: World,
    by: Access,
    *,
    version: Version | None = None,
    pools: Mapping[UUID, Mapping[str, Any]] | None = None,
    **more: Any,
) -> Simulation:
    given: dict[str, Any] = {"starts_at": NOW - timedelta(days=30), "ends_at": NOW, "now": NOW}
    return services.ask_for(version=version, pools=pools or {}, by=by, **{**given, **more})


def run(simulation: Simulation, *, now: datetime = NOW) -> Simulation:
    assert running.run(simulation.pk, clock=lambda: now)
    simulation.refresh_from_db()
    return simulation


def willing() -> Any:
    """Everybody accepts, claims and tries at once, and closes nothing."""
    seen = {None: Observed(behaviour=WILLING)}
    return mock.patch.object(behaviour, "observed", return_value=seen)


def members_of(simulation: Simulation) -> list[UUID | None]:
    rows = SimulatedLead.objects.filter(simulation=simulation).order_by("number")
    return list(rows.values_list("member_id", flat=True))


def signed_in(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def text(response: Any) -> str:
    return str(response.content.decode())
