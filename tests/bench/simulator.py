"""100,000 past leads against 100 rules and 50 members, from the database and back, in seconds.

`python -m tests.bench.simulator [--leads 100000]` prints JSON. A changed pool stands beside what
is live, so that every lead is simulated twice; the goal is for both together, one process.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.stand import standing

RULES, MEMBERS, POOLS = 100, 50, 5
GOAL = 60.0
DAYS = 90
COUNTRIES = ("DE", "AT", "CH", "FR", "IT", "ES", "GB", "NL", "BE", "PL")
OFFICE = {str(day): [["09:00", "18:00"]] for day in range(5)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=100_000)
    options = parser.parse_args()
    with standing(WEB_WORKERS="1"):
        print(json.dumps(measure(options.leads), indent=2))  # noqa: T201


def measure(number: int) -> dict[str, Any]:
    """Seconds on the clock and of this process; each lead must be in the result once."""
    from apps.simulator import running
    from apps.simulator.models import SimulatedLead, Simulation

    simulation = _asked(number)
    started, worked = time.perf_counter(), time.process_time()
    assert running.run(simulation.pk, clock=lambda: datetime.now(UTC))
    seconds, own = time.perf_counter() - started, time.process_time() - worked
    done = Simulation.objects.get(pk=simulation.pk)
    rows = SimulatedLead.objects.filter(simulation=done).count()
    assert done.leads_done == done.result["after"]["leads"] == rows == number
    assert done.result["before"]["leads"] == number
    return {
        "leads": number, "rules": RULES, "members": MEMBERS, "pools": POOLS,
        "seconds": round(seconds, 1), "of_this_process": round(own, 1), "goal": GOAL,
        "is_met": seconds < GOAL, "load": os.getloadavg()[0],
        "moved": done.result["moved"], "hops": done.result["after"]["hops"],
        "held": done.result["after"]["held"], "members_with_leads": len(
            done.result["after"]["members"]
        ),
    }  # fmt: skip


def _asked(number: int) -> Any:
    """A team with as many leads in ninety days, and a run that waits."""
    from django.db import connection

    from apps.simulator import services
    from apps.teams.models import Membership
    from apps.teams.permissions import Role
    from tests.assignments.world import World

    chance, now = random.Random(1), datetime.now(UTC)
    world = World("bench", hours=OFFICE, response_seconds=600)
    members = [world.member(f"Seller{n}", hours=OFFICE) for n in range(MEMBERS)]
    Membership.objects.update(joined_at=now - timedelta(days=DAYS * 2))
    pools = [_pool(world, members, n, chance) for n in range(POOLS)]
    world.rules(*(_rule(pools[n % POOLS], chance) for n in range(RULES - 1)), pools[0])
    _fill(world, number, now, chance)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE leads_lead")
    return services.ask_for(
        version=None, pools={pools[0].pk: {"ranking": "load"}},
        starts_at=now - timedelta(days=DAYS), ends_at=now,
        by=world.access(world.member("Manager", Role.MANAGER)), now=now,
    )  # fmt: skip


def _pool(world: Any, members: list[Any], number: int, chance: random.Random) -> Any:
    mode = "offer" if number % 2 else "assign"
    weights = [chance.randint(1, 5) for _ in members]
    return world.pool(
        *members, mode=mode, name=f"Pool {number}", weights=weights, respects_hours=True,
        is_always_open=False, business_time=True, window_seconds=90,
    )  # fmt: skip


def _rule(pool: Any, chance: random.Random) -> dict[str, Any]:
    conditions = [
        {"field": "country", "op": "is", "value": chance.choice(COUNTRIES)},
        {"field": "employees", "op": "gte", "value": chance.randint(0, 1_500)},
        {"field": "industry", "op": "is", "value": f"Industry {chance.randint(0, 20)}"},
    ]
    return {"pool": pool, "conditions": {"all": conditions}}


def _fill(world: Any, number: int, now: datetime, chance: random.Random) -> None:
    from apps.leads.models import Lead

    gap = timedelta(days=DAYS) / (number + 1)
    status = world.statuses["new"]
    leads = (
        Lead(
            team=world.team, source=world.source, status=status, name=f"Lead {n}",
            email=f"lead{n}@example.com", email_key=f"lead{n}@example.com",
            country=chance.choice(COUNTRIES), received_at=now - timedelta(days=DAYS) + gap * n,
            facts={
                "employees": chance.randint(1, 3_000),
                "industry": f"Industry {chance.randint(0, 20)}",
            },
        )
        for n in range(1, number + 1)
    )  # fmt: skip
    Lead.objects.bulk_create(leads, batch_size=2_000)


if __name__ == "__main__":
    main()
