"""Teams for the bench: many pools with seats of their own, and fifty rules each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SEATS = 20
RULES = 50


@dataclass(frozen=True)
class Crowd:
    """One team: the addresses of its sources, and the campaign that leads to each pool."""

    team: Any
    paths: list[str]
    campaigns: list[str]
    pools: list[Any]


def make_crowd(name: str, *, pools: int, sources: int, **pool_settings: Any) -> Crowd:
    """A team with `pools` pools of 20 members each; the last of its 50 rules lead there."""
    from apps.capture import sources as capture_sources
    from tests.assignments.world import NOW, World

    world = World(name, response_seconds=3600)
    campaigns = [f"campaign-{number}" for number in range(pools)]
    made = [world.pool(*_members(world, SEATS), **pool_settings) for _ in campaigns]
    elsewhere = [{"pool": made[0], "conditions": _never(n)} for n in range(RULES - pools)]
    here = [
        {"pool": pool, "conditions": {"field": "campaign", "op": "is", "value": campaign}}
        for pool, campaign in zip(made, campaigns, strict=True)
    ]
    world.rules(*elsewhere, *here)
    paths = []
    for number in range(sources):
        new = capture_sources.create(kind="json", name=f"S {number}", by=world.system, now=NOW)
        paths.append(capture_sources.path_of(new.source))
    return Crowd(world.team, paths, campaigns, made)


def _members(world: Any, number: int) -> list[Any]:
    from apps.accounts.ids import uuid7
    from apps.accounts.models import User
    from apps.teams.models import Membership

    users = User.objects.bulk_create(
        User(email=f"{uuid7().hex}@example.com", name=f"Member {place}") for place in range(number)
    )
    return Membership.objects.bulk_create(
        Membership(team=world.team, user=user, role="salesperson") for user in users
    )


def _never(number: int) -> dict[str, Any]:
    """Conditions that no lead of the bench meets, of the kinds that teams write."""
    return {
        "all": [
            {"field": "country", "op": "is_one_of", "value": ["AT", "DE"]},
            {"field": "employees", "op": "gte", "value": 1000 + number},
        ]
    }
