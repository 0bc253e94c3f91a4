"""Row 8: looking for due deadlines among very many. Row 9: acting on them."""

from __future__ import annotations

import time
from typing import Any

from tests.bench.figures import Figure, Options, alternate
from tests.stand import Stand

FEW = 10_000

# Rows of deadlines only: what they hang on is never looked at while nothing is due.
PENDING = """
INSERT INTO assignments_assignment
  (id, team_id, via, lead_id, member_id, decision_id, how, generation, started_at, respond_by,
   warn_at, end_reason)
SELECT gen_random_uuid(), %(team)s, 'system', gen_random_uuid(), %(member)s, gen_random_uuid(),
  'assigned', 1, now(), now() + interval '1 day' + n * interval '0.1 s',
  now() + interval '1 day' + n * interval '0.05 s', ''
FROM generate_series(1, %(number)s) n
"""


def idle_polls(stand: Stand, options: Options) -> list[Figure]:
    """The same look at 10,000 and at very many pending deadlines; nothing is due."""
    from django.db import connection

    from tests.assignments.world import World

    world = World("idle")
    values = {"team": world.team.pk, "member": world.member("Mia").pk}
    few = _fill(values, FEW)
    few_ms = [_look() for _ in range(options.rounds)]
    many = _fill(values, options.pending - FEW)
    # The two tables can't stand side by side, so the small one is measured before and after.
    many_ms = [_look() for _ in range(options.rounds)]
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE assignments_assignment")
    _fill(values, FEW)
    again = [_look() for _ in range(options.rounds)]
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE assignments_assignment")
    limit = [(before + after) / 2 for before, after in zip(few_ms, again, strict=True)]
    return [
        Figure(
            8, f"idle poll, {few + many:,} deadlines pending", "ms", many_ms,
            f"{FEW:,} pending", limit, goal=1.5, is_ceiling=True,
        )
    ]  # fmt: skip


def _fill(values: dict[str, Any], number: int) -> int:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no look at foreign keys
        cursor.execute(PENDING, {**values, "number": number})
        added = cursor.rowcount
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE assignments_assignment")
    return int(added)


def _look(times: int = 20) -> float:
    """Milliseconds of one `expire_due` that finds nothing."""
    from apps.assignments import services

    services.expire_due()
    started = time.perf_counter()
    for _look in range(times):
        assert not any(services.expire_due().values())
    return 1000 * (time.perf_counter() - started) / times


def reassignments(stand: Stand, options: Options, captures: Any) -> list[Figure]:
    """Deadlines that fire and re-assign, beside single routed captures in the same run."""
    if "relay" in stand.site.running:
        stand.site.kill("relay")  # it would act on them too
    fire = Firing(int(60 * options.seconds))
    rates = alternate(options, captures=captures, fired=fire.rate)
    return [
        Figure(
            9, "deadlines fired and re-assigned, one process", "leads/s", rates["fired"],
            "single routed captures, HTTP", rates["captures"], goal=1.0,
        )
    ]  # fmt: skip


class Firing:
    """Leads of a large pool whose first owner does not respond."""

    def __init__(self, number: int) -> None:
        from tests.assignments.world import World

        self._number = number
        self._world = world = World("firing")
        members = [world.member(f"Seller{n}") for n in range(20)]
        world.rules(world.pool(*members))

    def rate(self) -> float:
        """Leads a second taken back and given to the next; each must have a new owner."""
        from datetime import timedelta

        from django.db import transaction
        from django.utils import timezone

        from apps.assignments import services
        from apps.assignments.models import Assignment

        with transaction.atomic():
            leads = [self._world.routed(now=timezone.now()).pk for _ in range(self._number)]
        past = timezone.now() - timedelta(seconds=1)
        due = Assignment.objects.filter(lead__in=leads)
        due.update(respond_by=past, warn_at=None)
        started = time.perf_counter()
        done = 0
        while batch := services.expire_due().get("taken_back", 0):
            done += batch
        took = time.perf_counter() - started
        again = Assignment.objects.filter(lead__in=leads, ended_at=None, generation=2).count()
        assert done == again == self._number, f"{done} fired, {again} of {self._number} owned."
        return done / took
