"""Asking for a simulation, cancelling it, and what the team keeps of old ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.leads.models import Source
from apps.rules.models import Pool, RuleSet, Version
from apps.rules.pools import checks
from apps.rules.pools.settings import PoolSettings
from apps.rules.refusals import Problem, Refused
from apps.rules.registry import registry
from apps.simulator import arrivals, trials, uploads
from apps.simulator.models import SimulatedLead, Simulation
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.scope import deed

State = Simulation.State
Settings = Mapping[str, Any]

# Only new leads are simulated, through the rules for them and the sets that these call.
TRIED = (RuleSet.Trigger.NEW, RuleSet.Trigger.CALLED)
KEPT = 30  # runs of a team; the leads of older ones go
AT_ONCE = 3
LONGEST = timedelta(days=366)
MOST_LEADS = 250_000
LARGEST_SEED = 2**31 - 1


@transaction.atomic
def ask_for(
    *,
    version: Version | None,
    pools: Mapping[UUID, Settings],
    starts_at: datetime,
    ends_at: datetime,
    by: Access,
    now: datetime,
    source: Source | None = None,
    file: tuple[str, bytes] | None = None,
    seed: int = 42,
) -> Simulation:
    """A run that waits for a worker. `version` of None is what is live; `pools` has what is laid
    over pools, as PoolSettings write it. May raise Refused, which says what is wrong."""
    by.require(Permission.EDIT_ROUTING)
    _refuse_other_sets(version)
    _refuse_if_wrong(pools, starts_at, ends_at, seed, file, by)
    live = trials.as_live(by.team)
    tried = trials.with_version(by.team, version) if version else live
    after = trials.with_pools(tried, pools)
    simulation = Simulation(
        team=by.team,
        name=_name(version, pools, by),
        trial={"after": after, "before": None if after == live else live},
        seed=seed,
        starts_at=starts_at,
        ends_at=ends_at,
        source=source,
        file_name=file[0] if file else "",
        body=file[1] if file else b"",
        created_at=now,
        **deed(by),
    )
    _refuse_too_many(simulation)
    simulation.save()
    _forget_old(by)
    detail = {"from": starts_at.isoformat(), "to": ends_at.isoformat()}
    audit.record(by=by, action="simulator.asked", target=simulation, now=now, detail=detail)
    return simulation


@transaction.atomic
def cancel(simulation: Simulation, *, by: Access, now: datetime) -> bool:
    """Stop a run that waits or is under way; False if it was over already."""
    by.require(Permission.EDIT_ROUTING)
    under_way = Simulation.objects.filter(
        pk=simulation.pk, team=by.team, state__in=(State.WAITING, State.RUNNING)
    )
    changed = under_way.update(state=State.CANCELLED, finished_at=now)
    if changed:
        audit.record(by=by, action="simulator.cancelled", target=simulation, now=now)
    return bool(changed)


@transaction.atomic
def repeat(simulation: Simulation, *, by: Access, now: datetime) -> Simulation | None:
    """The same rules, pools, time and seed once more; None if its file is kept no longer."""
    by.require(Permission.EDIT_ROUTING)
    if simulation.file_name and not simulation.body:
        return None
    trial = {key: value for key, value in simulation.trial.items() if key != "observed"}
    copied = ("name", "seed", "starts_at", "ends_at", "source", "file_name", "body")
    again: Simulation = Simulation.objects.create(
        team=by.team,
        trial=trial,
        created_at=now,
        **{name: getattr(simulation, name) for name in copied},
        **deed(by),
    )
    audit.record(by=by, action="simulator.asked", target=again, now=now)
    return again


def _refuse_if_wrong(
    pools: Mapping[UUID, Settings],
    starts_at: datetime,
    ends_at: datetime,
    seed: int,
    file: tuple[str, bytes] | None,
    by: Access,
) -> None:
    problems = [*_pool_problems(pools, by)]
    if not timedelta() < ends_at - starts_at <= LONGEST:
        problems.append(Problem("range", _("Choose a time of at most a year, its end last.")))
    if not 0 <= seed <= LARGEST_SEED:
        message = _("Use a whole number from 0 to %(most)d.") % {"most": LARGEST_SEED}
        problems.append(Problem("seed", message))
    if file is not None:
        try:
            uploads.read(file[1], registry(by.team))
        except uploads.FileRefused as error:
            problems.append(Problem("file", str(error)))
    waiting = Simulation.objects.filter(team=by.team, state__in=(State.WAITING, State.RUNNING))
    if waiting.count() >= AT_ONCE:
        message = _("%(count)d simulations are under way: wait for one, or cancel it.")
        problems.append(Problem("", message % {"count": AT_ONCE}))
    if problems:
        raise Refused(problems)


def _refuse_other_sets(version: Version | None) -> None:
    if version is None:
        return
    rule_set = version.rule_set
    if rule_set.sends_copies or rule_set.trigger not in TRIED:
        message = _("Choose a version of the rules for new leads, or of a set that they call.")
        raise Refused.at("version", message)


def _refuse_too_many(simulation: Simulation) -> None:
    """A run is held in memory: what would not fit is said before."""
    if simulation.body:
        return
    if arrivals.leads_of(simulation)[: MOST_LEADS + 1].count() > MOST_LEADS:
        message = _("More than %(most)s leads came in that time: choose fewer days or one source.")
        raise Refused.at("range", message % {"most": f"{MOST_LEADS:,}"})


def _pool_problems(pools: Mapping[UUID, Settings], by: Access) -> list[Problem]:
    """What the pool's own page would refuse can't be tried either."""
    known = {pool.pk: pool for pool in Pool.objects.filter(team=by.team, pk__in=list(pools))}
    problems: list[Problem] = []
    for pool_id, settings in pools.items():
        pool = known.get(pool_id)
        if pool is None:
            problems.append(Problem("pools", _("Choose a pool of this team.")))
            continue
        wanted = PoolSettings.of(trials.lay_over(pool, settings))
        found = checks.problems(wanted, by.team, pool=pool)
        problems += [Problem("pools", f"{pool.name}: {each.message}") for each in found]
    return problems


def _name(version: Version | None, pools: Mapping[UUID, Settings], by: Access) -> str:
    """What is tried, in words."""
    parts = [_of_version(version)] if version else []
    for pool in Pool.objects.filter(team=by.team, pk__in=list(pools)).order_by("name"):
        parts.append(_("pool “%(name)s” changed") % {"name": pool.name})
    words = ", ".join(parts) or _("What is live")
    return words[:1].upper() + words[1:200]


def _of_version(version: Version) -> str:
    called = version.rule_set.trigger != RuleSet.Trigger.NEW
    which = f" “{version.rule_set.name}”" if called else ""
    if version.state == Version.State.DRAFT:
        return _("draft") + which
    return _("version %(number)d") % {"number": version.number} + which


def _forget_old(by: Access) -> None:
    """The leads of runs that nobody looks at any more; their figures stay."""
    mine = Simulation.objects.filter(team=by.team).order_by("-created_at")
    old = list(mine.values_list("pk", flat=True)[KEPT : KEPT + 10])
    SimulatedLead.objects.filter(simulation__in=old).delete()
    Simulation.objects.filter(pk__in=old).exclude(body=b"").update(body=b"")
