"""What is tried, frozen: a version's rules and changed pools, as JSON that runs again alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from apps.rules.models import Destination, Pool, Rule, RuleSet, Version
from apps.rules.registry import TeamRegistry
from apps.rules.sets import versions
from apps.rules.sets.compiled import LiveRules, compile_version
from apps.teams.models import Team

Json = Mapping[str, Any]
NOT_OF_A_RULE = frozenset({"team_id", "version_id"})
OF_UUIDS = frozenset({"group_ids", "notify"})


@dataclass(frozen=True, slots=True)
class Tried:
    """One side of a simulation, ready to run. `pools` has what is laid over pools, by id."""

    rules: LiveRules | None
    sets: Mapping[UUID, LiveRules] = field(default_factory=dict)
    pools: Mapping[UUID, Json] = field(default_factory=dict)


def as_live(team: Team) -> dict[str, Any]:
    """What decides now."""
    return _side(team, versions.published(versions.main_set(team)), {}, {})


def with_version(team: Team, version: Version) -> dict[str, Any]:
    """A version instead of what is live, of the rules for new leads or of a set that they call."""
    if version.rule_set.trigger == RuleSet.Trigger.NEW:
        return _side(team, version, {}, {})
    live = versions.published(versions.main_set(team))
    return _side(team, live, {version.rule_set_id: version}, {})


def with_pools(side: Json, pools: Mapping[UUID, Json]) -> dict[str, Any]:
    """The same with these settings laid over pools."""
    return {**side, "pools": {str(pool): dict(settings) for pool, settings in pools.items()}}


def _side(
    team: Team, version: Version | None, instead: Mapping[UUID, Version], pools: Mapping[UUID, Json]
) -> dict[str, Any]:
    rules = _frozen(version) if version else None
    sets: dict[str, Any] = {}
    waiting = _called(rules["rules"]) if rules else []
    while waiting:
        called = waiting.pop()
        if called in sets:
            continue
        found = instead.get(UUID(called)) or _live_version(team, called)
        if found is not None:
            sets[called] = _frozen(found)
            waiting += _called(sets[called]["rules"])
    return {"rules": rules, "sets": sets, "pools": {str(key): dict(v) for key, v in pools.items()}}


def _live_version(team: Team, rule_set: str) -> Version | None:
    sets = RuleSet.objects.filter(team=team, kind=RuleSet.Kind.ASSIGNMENT, is_active=True)
    found: RuleSet | None = sets.filter(pk=rule_set).first()
    return versions.published(found) if found else None


def _called(rules: Iterable[Json]) -> list[str]:
    return [
        rule["rule_set_id"]
        for rule in rules
        if rule["is_active"] and rule["destination"] == Destination.RULE_SET
    ]


def _frozen(version: Version) -> dict[str, Any]:
    return {
        "version": str(version.pk),
        "number": version.number,
        "state": version.state,
        "rule_set": str(version.rule_set_id),
        "name": version.rule_set.name,
        "rules": [_columns(rule) for rule in versions.rules_of(version)],
    }


def _columns(rule: Rule) -> dict[str, Any]:
    names = (each.attname for each in Rule._meta.concrete_fields)
    kept = {name: getattr(rule, name) for name in names if name not in NOT_OF_A_RULE}
    return {name: _plain(value) for name, value in kept.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, UUID) else value


def read_all(sides: Sequence[Json], fields: TeamRegistry) -> list[Tried]:
    """Frozen sides, compiled; what has the same rules shares them, so that each lead is matched
    against them once."""
    found: list[Tried] = []
    for place, side in enumerate(sides):
        alike = next((n for n in range(place) if _same_rules(sides[n], side)), None)
        if alike is None:
            found.append(read(side, fields))
        else:
            pools = {UUID(key): settings for key, settings in side.get("pools", {}).items()}
            found.append(replace(found[alike], pools=pools))
    return found


def _same_rules(one: Json, other: Json) -> bool:
    return all(one.get(key) == other.get(key) for key in ("rules", "sets"))


def read(side: Json, fields: TeamRegistry) -> Tried:
    """A frozen side, compiled."""
    return Tried(
        rules=_compiled(side["rules"], fields) if side.get("rules") else None,
        sets={UUID(key): _compiled(kept, fields) for key, kept in side.get("sets", {}).items()},
        pools={UUID(key): settings for key, settings in side.get("pools", {}).items()},
    )


def _compiled(kept: Json, fields: TeamRegistry) -> LiveRules:
    rule_set = RuleSet(pk=UUID(kept["rule_set"]), name=kept["name"])
    version = Version(pk=UUID(kept["version"]), number=kept["number"], rule_set=rule_set)
    return compile_version(version, [_rule(columns) for columns in kept["rules"]], fields)


def _rule(columns: Json) -> Rule:
    read = {}
    for each in Rule._meta.concrete_fields:
        if each.attname in columns:
            value = columns[each.attname]
            is_list = each.attname in OF_UUIDS
            read[each.attname] = [UUID(one) for one in value] if is_list else each.to_python(value)
    return Rule(**read)


def rule_names(side: Json) -> dict[int, str]:
    """The names of the rules for new leads, by number."""
    rules: Sequence[Json] = (side.get("rules") or {}).get("rules", ())
    return {rule["position"]: rule["name"] for rule in rules}


def lay_over(pool: Pool, settings: Json) -> Pool:
    """Set a pool that was read, and is never saved, as it is tried."""
    for name, value in settings.items():
        read = Pool._meta.get_field(name.removesuffix("_id") if name != "id" else name)
        is_list = isinstance(value, list)
        setattr(pool, name, value if is_list else read.to_python(value))  # type: ignore[union-attr]
    return pool
