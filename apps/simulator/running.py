"""Running a simulation: take it, let its leads come, keep what came of it.

The run reads the team's tables and writes to the simulator's own alone. Its progress is a row's
columns: whoever cancels it changes the state, and the run sees that between two chunks of leads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import F, Q

from apps.accounts.ids import uuid7
from apps.routing.simulation import Chance, Result, World
from apps.rules.models import Experiment
from apps.rules.registry import registry
from apps.simulator import arrivals, behaviour, scenarios, summary, trials, uploads
from apps.simulator.arrivals import Coming
from apps.simulator.models import SimulatedLead, Simulation
from apps.simulator.scenarios import Setting
from apps.teams.models import Team

State = Simulation.State
Clock = Callable[[], datetime]

CHUNK = 500  # leads between two looks at the row
SILENCE = timedelta(seconds=90)  # a run that said nothing for so long has no worker any more
MOST_TRIES = 3
# Of so many leads each one's decisions are kept; of more, those that somebody asks for.
MOST_TRACED = 2_000

log = structlog.get_logger(__name__)


class Stopped(Exception):
    """Somebody cancelled the run, or another worker took it over."""


def run(simulation_id: UUID, *, clock: Clock) -> bool:
    """Run a simulation that waits, or one whose worker went silent; whether it is done.

    A second call while it runs does nothing. A run that fails says so on its row.
    """
    simulation = _take(simulation_id, clock())
    if simulation is None:
        return False
    try:
        _run(simulation, clock)
    except Stopped:
        return False
    except Exception as error:
        log.exception("simulation_failed", simulation=str(simulation_id))
        message = str(error) if isinstance(error, uploads.FileRefused) else type(error).__name__
        _end(simulation, State.FAILED, clock(), failure=message[:500])
        return False
    return True


def unfinished(*, now: datetime) -> list[UUID]:
    """Runs that a worker should be at. One that was given up too often is said to have failed."""
    silent = Q(state=State.RUNNING, seen_at__lt=now - SILENCE)
    left = Simulation.objects.filter(silent, tries__gte=MOST_TRIES)
    left.update(
        state=State.FAILED, finished_at=now,
        failure="It was begun three times and never came to an end. Try fewer leads.",
    )  # fmt: skip
    due = Simulation.objects.filter(Q(state=State.WAITING) | silent)
    return list(due.order_by("created_at").values_list("pk", flat=True)[:10])


def _take(simulation_id: UUID, now: datetime) -> Simulation | None:
    """Make it this worker's: one conditional UPDATE, so that only one has it."""
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, seen_at__lt=now - SILENCE)
    taken = Simulation.objects.filter(free, pk=simulation_id).update(
        state=State.RUNNING, started_at=now, seen_at=now, leads_done=0, tries=F("tries") + 1
    )
    if not taken:
        return None
    return Simulation.objects.select_related("team").get(pk=simulation_id)


@dataclass(slots=True)
class _Sides:
    """The worlds of one run: what is tried, and what is live unless that is the same."""

    after: World
    before: World | None

    def arrive(self, coming: Coming) -> None:
        self.after.arrive(coming.arrival)
        if self.before is not None:
            self.before.arrive(coming.arrival)


def _run(simulation: Simulation, clock: Clock) -> None:
    team = simulation.team
    setting = _setting(simulation, clock())
    total = _count(simulation, team)
    sides = _sides(simulation, setting, range(1, MOST_TRACED + 2) if total <= MOST_TRACED else ())
    _progress(simulation, 0, clock(), total=total)
    lead_ids: list[UUID | None] = []
    for done, coming in enumerate(_leads(simulation, team), start=1):
        lead_ids.append(coming.lead_id)
        sides.arrive(coming)
        if done % CHUNK == 0:
            _progress(simulation, done, clock())
    _progress(simulation, len(lead_ids), clock())
    result = _result(simulation, setting, sides)
    _keep(simulation, sides, lead_ids, result, clock())


def _setting(simulation: Simulation, now: datetime) -> Setting:
    """The time and the people. What they did is kept with the run, so that it runs again alike."""
    kept = simulation.trial.get("observed")
    seen = behaviour.read(kept) if kept else behaviour.observed(simulation.team, until=now)
    if not kept:
        simulation.trial = {**simulation.trial, "observed": behaviour.written(seen)}
        simulation.save(update_fields=["trial"])
    return Setting.of_past(simulation.team, simulation.starts_at, simulation.ends_at, now, seen)


def _sides(simulation: Simulation, setting: Setting, traced: Container[int]) -> _Sides:
    fields = registry(simulation.team)
    sides = [simulation.trial["after"], simulation.trial.get("before")]
    worlds = [
        World(scenarios.scenario(setting, tried), Chance(simulation.seed), traced=traced)
        for tried in trials.read_all([side for side in sides if side], fields)
    ]
    return _Sides(worlds[0], worlds[1] if len(worlds) > 1 else None)


def _leads(simulation: Simulation, team: Team) -> Iterator[Coming]:
    fields = registry(team)
    if simulation.body:
        return uploads.of_file(simulation, team, fields)
    return arrivals.of_time(simulation, fields)


def _count(simulation: Simulation, team: Team) -> int:
    if simulation.body:
        return len(uploads.read(bytes(simulation.body), registry(team)).rows)
    return arrivals.leads_of(simulation).count()


def _progress(
    simulation: Simulation, done: int, now: datetime, *, total: int | None = None
) -> None:
    """Say how far it is. Raises Stopped if it is not this worker's any more."""
    mine = Simulation.objects.filter(pk=simulation.pk, state=State.RUNNING, tries=simulation.tries)
    more = {} if total is None else {"leads_total": total}
    if not mine.update(leads_done=done, seen_at=now, **more):
        raise Stopped


def _result(simulation: Simulation, setting: Setting, sides: _Sides) -> dict[str, Any]:
    pools = {key: plan.facts.name for key, plan in sides.after.scenario.pools.items()}
    result: dict[str, Any] = {
        "assumed": summary.assumed(setting.observed, pools),
        "after": summary.side(sides.after.finish(), simulation.trial["after"]),
        "before": None,
        "moved": 0,
        "leaves_out_experiments": _experiments_run(simulation),
    }
    if sides.before is not None:
        result["before"] = summary.side(sides.before.finish(), simulation.trial["before"])
        pairs = zip(sides.after.results, sides.before.results, strict=True)
        result["moved"] = sum(one.end != other.end for one, other in pairs)
    return result


def _experiments_run(simulation: Simulation) -> bool:
    """Whether leads are split between variants now: a simulation sends them all one way."""
    running = Experiment.objects.filter(team=simulation.team_id, state=Experiment.State.RUNNING)
    return running.exists()


@transaction.atomic
def _keep(
    simulation: Simulation,
    sides: _Sides,
    lead_ids: list[UUID | None],
    result: dict[str, Any],
    now: datetime,
) -> None:
    SimulatedLead.objects.filter(simulation=simulation).delete()
    before = sides.before.results if sides.before else sides.after.results
    has_before = sides.before is not None
    rows = zip(sides.after.results, before, lead_ids, strict=True)
    _copy(simulation, (_row(one, other, lead, has_before) for one, other, lead in rows))
    if not _end(simulation, State.DONE, now, result=result):
        raise Stopped


COLUMNS = (
    "number", "lead_id", "at", "outcome", "rule", "pool_id", "member_id", "hops", "waited",
    "was_outcome", "was_rule", "was_pool_id", "was_member_id", "was_hops", "was_waited", "moves",
    "trace",
)  # fmt: skip


def _row(after: Result, before: Result, lead_id: UUID | None, has_before: bool) -> tuple[Any, ...]:
    return (
        after.number, lead_id, after.at, *_end_of(after), *_end_of(before),
        has_before and after.end != before.end, _trace(after, before if has_before else None),
    )  # fmt: skip


def _end_of(result: Result) -> tuple[Any, ...]:
    return (
        result.outcome.value, result.rule, result.pool, result.member, result.hops, result.waited,
    )  # fmt: skip


def _trace(after: Result, before: Result | None) -> str | None:
    if not after.trace:
        return None
    return json.dumps({"after": after.trace, "before": before.trace if before else None})


def _copy(simulation: Simulation, rows: Iterator[tuple[Any, ...]]) -> None:
    """All rows by COPY: with a hundred thousand, inserting them would take longer than the run."""
    into = ", ".join(("id", "team_id", "simulation_id", *COLUMNS))
    team_id, simulation_id = simulation.team_id, simulation.pk
    sql = f"COPY simulator_simulatedlead ({into}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row((uuid7(), team_id, simulation_id, *row))


def _end(simulation: Simulation, state: str, now: datetime, **more: Any) -> bool:
    mine = Simulation.objects.filter(pk=simulation.pk, state=State.RUNNING, tries=simulation.tries)
    return bool(mine.update(state=state, finished_at=now, seen_at=now, **more))


def explain_row(row_id: UUID, *, clock: Clock) -> None:
    """Keep one lead's decisions on both sides, found by running again: the seed is the same, and
    so are the rules and what people did. If it ends elsewhere now, the team went on meanwhile."""
    rows = SimulatedLead.objects.select_related("simulation__team")
    row = rows.filter(pk=row_id, trace__isnull=True, simulation__state=State.DONE).first()
    if row is None:
        return
    simulation = row.simulation
    sides = _sides(simulation, _setting(simulation, clock()), {row.number})
    for coming in _leads(simulation, simulation.team):
        sides.arrive(coming)
    found = [_found(world, row.number) for world in (sides.after, sides.before) if world]
    trace: dict[str, Any] = {"after": [], "before": None, "is_other": True}
    if found[0] is not None:
        trace["after"] = found[0].trace
        trace["is_other"] = (found[0].outcome, found[0].member) != (row.outcome, row.member_id)
    if len(found) > 1 and found[1] is not None:
        trace["before"] = found[1].trace
    SimulatedLead.objects.filter(pk=row.pk).update(trace=trace)


def _found(world: World, number: int) -> Result | None:
    world.finish()
    return next((each for each in world.results if each.number == number), None)
