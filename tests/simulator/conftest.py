from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

# Our own modules are imported where they are used: pytest reads this file before the settings
# are there.
if TYPE_CHECKING:
    from django.test import Client

    from apps.rules.models import Pool
    from tests.assignments.world import World
    from tests.simulator.acts import Go


@pytest.fixture
def world(db: None) -> World:
    from tests.assignments.world import World

    return World(hours={str(day): [["00:00", "24:00"]] for day in range(7)})


@pytest.fixture
def go(world: World) -> Go:
    """Addresses of the simulator by name."""
    from django.urls import reverse

    def address(name: str, **parts: Any) -> str:
        return reverse(f"simulator:{name}", kwargs={"team": world.team.slug, **parts})

    return address


@pytest.fixture
def desk(world: World) -> Client:
    """The manager's browser."""
    from apps.teams.permissions import Role
    from tests.simulator.acts import signed_in

    return signed_in(world.member("Max", Role.MANAGER))


@pytest.fixture
def pool(world: World) -> Pool:
    """Two members, whose turn it is for every lead; rule 1 is for those from Germany."""
    from apps.teams.models import Membership
    from tests.simulator.acts import START

    ann, ben = world.member("Ann"), world.member("Ben")
    Membership.objects.all().update(joined_at=START - timedelta(days=9))
    pool = world.pool(ann, ben, name="DACH")
    world.rules({"conditions": {"field": "country", "op": "is", "value": "DE"}, "pool": pool}, pool)
    return pool
