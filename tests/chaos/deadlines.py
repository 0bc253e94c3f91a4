"""Deadlines while beat, worker, relay and Redis die: each acts once, and nearly in time."""

from __future__ import annotations

import time
from typing import Any

from tests.chaos.scenario import Scenario

# 4,000 deadlines over 60 s: the same crowd at any size.
A_SECOND = 4000 / 60
FIRST_AFTER = 8.0
FAULTS = (("beat",), ("worker",), ("relay",), ("valkey",), ("beat", "worker", "relay"))


def run(scenario: Scenario) -> None:
    """4 N deadlines, half of them offers, half first attempts; five faults while they pass."""
    number = 4 * scenario.size
    crowd = _Crowd(scenario, number)
    for name in ("relay", "worker", "beat"):
        scenario.stand.site.start(name)
    first = time.time() + FIRST_AFTER
    span = number / A_SECOND
    crowd.set_deadlines(first, span)
    faults = scenario.chance.sample(FAULTS, len(FAULTS))
    for place, names in enumerate(faults):
        due = first + span * (place + 0.5) / len(faults)
        scenario.wait(lambda due=due: time.time() > due, "The clock")  # type: ignore[misc]
        scenario.kill(*names)
    scenario.wait(crowd.is_over, "The last deadline", seconds=span + 180)
    for name in list(scenario.stand.site.running):
        scenario.stand.site.kill(name)
    crowd.dump()


class _Crowd:
    """Leads with a running deadline each; what it does is to pass them to a manager."""

    def __init__(self, scenario: Scenario, number: int) -> None:
        from django.db import transaction

        from tests.assignments.world import World

        self._history = scenario.history
        self._world = world = World(f"deadlines-{scenario.chance.getrandbits(32):x}")
        people = [world.member(f"Seller{n}") for n in range(10)]
        world.member("Henrike", "manager")
        owned = world.pool(*people, max_hops=1)
        offered = world.pool(*people, mode="claim")
        is_open = {"field": "campaign", "op": "is", "value": "open"}
        world.rules({"pool": offered, "conditions": is_open}, owned)
        with transaction.atomic():
            for n in range(number):
                world.routed(campaign="open" if n % 2 else "")

    def set_deadlines(self, first: float, span: float) -> None:
        """Spread them evenly, in no order."""
        from django.db import connection

        for table, column in (
            ("assignments_offer", "expires_at"),
            ("assignments_assignment", "respond_by"),
        ):
            with connection.cursor() as cursor:
                cursor.execute(
                    f"UPDATE {table} SET {column} = to_timestamp(%s + random() * %s), "
                    "warn_at = NULL WHERE team_id = %s",
                    [first, span, self._world.team.pk],
                )

    def is_over(self) -> bool:
        from apps.leads.models import Lead

        waiting = Lead.objects.filter(team=self._world.team).exclude(stage="manager")
        return not waiting.exists()

    def dump(self) -> None:
        from apps.assignments.models import Assignment, Decision, Offer
        from apps.leads.models import Activity

        team = self._world.team
        acts: Any = Activity.objects.filter(team=team, kind__in=("expired", "taken_back"))
        by_lead = list(acts.values_list("lead_id", flat=True))
        again = Decision.objects.filter(team=team, door__in=("expiry", "take_back"))
        decided = list(again.values_list("lead_id", flat=True))
        offers: Any = Offer.objects.filter(team=team).values_list(
            "lead_id", "expires_at", "closed_at"
        )
        owned = Assignment.objects.filter(team=team)
        ends: Any = owned.values_list("lead_id", "respond_by", "ended_at")
        counted_acts, counted_decisions = _count(by_lead), _count(decided)
        for lead, due, ended in [*offers, *ends]:
            self._history.note(
                "deadline_row", lead=str(lead), due=due.timestamp(),
                late=(ended - due).total_seconds(),
                acts=counted_acts.get(lead, 0), decisions=counted_decisions.get(lead, 0),
            )  # fmt: skip


def _count(leads: list[Any]) -> dict[Any, int]:
    counts: dict[Any, int] = {}
    for lead in leads:
        counts[lead] = counts.get(lead, 0) + 1
    return counts
