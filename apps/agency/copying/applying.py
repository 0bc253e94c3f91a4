"""Copying to one client, within one transaction: all that was chosen, or nothing.

Locks, in this order: the target, the grant, the client's rule sets, its team, its pools; so two
runs, a publication and a change of pools wait for each other and never in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.agency.copying import houses
from apps.agency.copying.houses import House
from apps.agency.copying.mapping import Mapper, Raw
from apps.agency.copying.planning import Choice, Item, Verdict, plan
from apps.routing.values import fold
from apps.rules.models import Pool, Rule, RuleSet, Version
from apps.rules.pools import services as pools
from apps.rules.sets import filling, versions
from apps.rules.sets import services as sets
from apps.rules.sets.filling import Filled
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Team

LONGEST = 120


class Stale(Exception):
    """The client's rules are not those of the preview any more."""


@dataclass(slots=True)
class _Job:
    """One client being copied to. `made` maps ids of the content to the client's own."""

    content: Raw
    choices: Mapping[str, str]
    by: Access
    now: datetime
    house: House
    items: Mapping[str, Item]
    pools: dict[str, UUID] = field(default_factory=dict)
    sets: dict[str, UUID] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)
    did: list[dict[str, Any]] = field(default_factory=list)

    def choice(self, item: Item) -> str:
        """What to do: of what is new there is nothing to choose, of what is the same neither."""
        if item.verdict == Verdict.NEW:
            return "add"
        if item.verdict == Verdict.SAME:
            return "same"
        chosen = self.choices.get(item.key, item.default)
        return chosen if chosen in item.options else Choice.SKIP.value

    def mapper(self) -> Mapper:
        found = Mapper(self.content, self.house, pools=self.pools, sets=self.sets)
        found.pools_off = self.off
        return found


def people_of(content: Raw) -> list[str]:
    """The persons whom the content names."""
    return [user for user, _name in content["names"]["people"].values()]


@transaction.atomic
def apply(
    content: Raw,
    *,
    fingerprint: str,
    choices: Mapping[str, str],
    by: Access,
    now: datetime,
) -> list[dict[str, Any]]:
    """Copy to the client of `by`; what was done with each item. May raise Stale or Refused."""
    team = _lock(by.team)
    house = houses.load([team], people=people_of(content))[team.pk]
    found = plan(content, house)
    if found.fingerprint != fingerprint:
        raise Stale
    job = _Job(content, choices, by, now, house, {item.key: item for item in found.items})
    for raw in content["pools"]:
        _copy_pool(raw, job)
    for raw in content["sets"]:
        _place_set(raw, job)
    for raw in content["sets"]:
        _fill(raw, job)
    _note(job)
    return job.did


def _lock(team: Team) -> Team:
    """The team with its sets, before anything is judged."""
    list(RuleSet.objects.filter(team=team).order_by("pk").select_for_update(no_key=True))
    return Team.objects.select_for_update(no_key=True).get(pk=team.pk)


def _line(item: Item, did: str, job: _Job, **more: Any) -> dict[str, Any]:
    line = {"key": item.key, "name": item.name, "did": did, **more}
    job.did.append(line)
    return line


# Pools


def _copy_pool(raw: Raw, job: _Job) -> None:
    item = job.items[f"pool:{raw['id']}"]
    choice = job.choice(item)
    if choice in ("same", Choice.SKIP):
        job.pools[raw["id"]] = _existing(item)
        if not item.is_live:
            job.off.add(raw["id"])
        _line(item, choice, job, id=str(item.theirs))
        return
    settings, gaps = job.mapper().pool(raw)
    if choice == Choice.REPLACE:
        theirs = Pool.objects.get(team=job.by.team, pk=_existing(item))
        made = pools.edit_pool(theirs, replace(settings, name=theirs.name), by=job.by, now=job.now)
    else:
        name = settings.name if choice == "add" else _free(settings.name, _names_of(Pool, job))
        made = pools.create_pool(
            job.by.team, replace(settings, name=name), by=job.by, now=job.now
        )  # fmt: skip
    job.pools[raw["id"]] = made.pk
    if not made.is_active:
        job.off.add(raw["id"])
    _line(
        item, choice, job, id=str(made.pk), made=made.name, gaps=[gap.to_json() for gap in gaps]
    )  # fmt: skip


def _existing(item: Item) -> UUID:
    if item.theirs is None:
        raise Stale
    return item.theirs


def _names_of(model: type[Pool | RuleSet], job: _Job) -> set[str]:
    names = model.objects.filter(team=job.by.team).values_list("name", flat=True)
    return {fold(name) for name in names}


def _free(name: str, taken: set[str]) -> str:
    """The name with the first number that nothing of the client has."""
    numbers = range(2, len(taken) + 3)
    tries = (f"{name[: LONGEST - 5]} {number}" for number in numbers)
    return next(each for each in tries if fold(each) not in taken)


# Rule sets


def _place_set(raw: Raw, job: _Job) -> None:
    """Find or make the set, so that rules of others can send leads to it."""
    item = job.items[f"set:{raw['id']}"]
    choice = job.choice(item)
    if choice == Choice.BESIDE:
        taken = _names_of(RuleSet, job)
        job.sets[raw["id"]] = _new_set(raw, job, name=_free(raw["name"], taken)).pk
    elif item.theirs is not None:
        job.sets[raw["id"]] = item.theirs
    elif raw["trigger"] == RuleSet.Trigger.NEW:
        make = versions.distribution_set if raw["kind"] == "distribution" else versions.main_set
        job.sets[raw["id"]] = make(job.by.team).pk
    else:
        job.sets[raw["id"]] = _new_set(raw, job, name=raw["name"]).pk


def _new_set(raw: Raw, job: _Job, *, name: str) -> RuleSet:
    """One beside the set for new leads is asked only by hand or by rules: there is but one."""
    is_new = raw["trigger"] == RuleSet.Trigger.NEW
    settings, gaps = job.mapper().settings(raw)
    made = sets.create_rule_set(
        job.by.team,
        name=name,
        trigger=RuleSet.Trigger.CALLED if is_new else raw["trigger"],
        settings={} if is_new else settings,
        by=job.by,
        now=job.now,
    )
    if gaps:
        # The team of its own: what is read after this must not be remembered under a version
        # that a rollback would take back.
        alone = replace(job.by, team=copy(job.by.team))
        sets.switch_rule_set(made, is_active=False, by=alone, now=job.now)
    return made


def _fill(raw: Raw, job: _Job) -> None:
    """Put the rules into the set's draft."""
    item = job.items[f"set:{raw['id']}"]
    choice = job.choice(item)
    rule_set = RuleSet.objects.get(team=job.by.team, pk=job.sets[raw["id"]])
    if choice in ("same", Choice.SKIP):
        _line(item, choice, job, id=str(rule_set.pk))
        return
    mapped = job.mapper().rules(raw)
    keys = _keys(raw, rule_set, job)
    filled = [
        Filled(key, fields, is_on) for key, (fields, is_on, _gaps) in zip(keys, mapped, strict=True)
    ]
    filling.fill_draft(rule_set, filled, by=job.by, now=job.now)
    gaps = [gap.to_json() for _fields, _on, found in mapped for gap in found]
    _line(
        item, choice, job, id=str(rule_set.pk), made=rule_set.name, gaps=gaps, rules=len(filled)
    )  # fmt: skip


def _keys(raw: Raw, rule_set: RuleSet, job: _Job) -> list[UUID]:
    """Of each rule, the key of the live one of its name: so the client sees what would change."""
    live = job.house.version(rule_set, Version.State.PUBLISHED)
    theirs: Sequence[Rule] = job.house.rules.get(live.pk, ()) if live else ()
    known = {fold(rule.name): rule.key for rule in reversed(theirs)}
    taken: set[UUID] = set()
    keys = []
    for rule in raw["rules"]:
        key = known.get(fold(rule["name"]), UUID(rule["key"]))
        keys.append(key if key not in taken else UUID(rule["key"]))
        taken.add(keys[-1])
    return keys


def _note(job: _Job) -> None:
    done = [line for line in job.did if line["did"] not in ("same", Choice.SKIP)]
    if not done:
        return
    kinds = [line["key"].partition(":")[0] for line in done]
    detail = {"sets": kinds.count("set"), "pools": kinds.count("pool")}
    audit.record(by=job.by, action="rules.copied_in", target=None, now=job.now, detail=detail)
