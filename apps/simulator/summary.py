"""What came of a run, as its page shows it: figures of each side, ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any
from uuid import UUID

from apps.routing.credit import NANO
from apps.routing.simulation import Figures
from apps.simulator.behaviour import Observed, of_pool
from apps.simulator.trials import Json, rule_names

FEWEST = 10  # percentiles of fewer say nothing


def side(figures: Figures, tried: Json) -> dict[str, Any]:
    """One side: who got how much, by which rule and pool, what waited, and how even it was."""
    names = rule_names(tried)
    waits = sorted(figures.waits)
    gaps = figures.gaps()
    return {
        "leads": figures.leads,
        "outcomes": dict(figures.outcomes),
        "members": {str(member): count for member, count in figures.members.items()},
        "rules": [
            {"number": number, "name": names.get(number or 0, ""), "count": count}
            for number, count in sorted(figures.rules.items(), key=lambda each: each[0] or 0)
        ],
        "pools": [_pool(each) for each in figures.pools],
        "seats": [_seat(each) for each in figures.seats],
        "unrouted": figures.unrouted,
        "held": figures.held,
        "longest_held": figures.longest_held,
        "hops": figures.hops,
        "median_wait": _percentile(waits, 0.5),
        "p90_wait": _percentile(waits, 0.9),
        "capped": sum(each.capped for each in figures.pools),
        "gap": round(max((abs(gap) for gap in gaps.values()), default=0.0), 3),
        "gaps": {str(member): round(gap, 3) for member, gap in gaps.items()},
    }


def _pool(pool: Any) -> dict[str, Any]:
    return {
        "id": str(pool.pool), "name": pool.name, "mode": pool.mode,
        "placed": pool.placed, "offered": pool.offered,
        "accepted": pool.accepted, "declined": pool.declined, "expired": pool.expired,
        "taken_back": pool.taken_back, "held": pool.held, "still_held": pool.still_held,
        "longest_held": pool.longest_held, "capped": pool.capped,
    }  # fmt: skip


def _seat(seat: Any) -> dict[str, Any]:
    return {
        "pool": str(seat.pool), "member": str(seat.member), "received": seat.received,
        "due": round(seat.due / NANO, 3), "skips": dict(seat.skips),
    }  # fmt: skip


def _percentile(waits: Sequence[float], share: float) -> float | None:
    """Nearest rank, as everywhere."""
    if len(waits) < FEWEST:
        return None
    return round(waits[ceil(share * len(waits)) - 1], 1)


def assumed(
    observed: Mapping[UUID | None, Observed], pools: Mapping[UUID, str]
) -> list[dict[str, Any]]:
    """What was assumed of each pool, and of the team's hopper."""
    told = [
        {"pool": str(pool), "name": name, **of_pool(observed, pool).to_json()}
        for pool, name in sorted(pools.items(), key=lambda each: each[1])
    ]
    return [*told, {"pool": None, "name": "", **of_pool(observed, None).to_json()}]
