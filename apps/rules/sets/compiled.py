"""A team's live rule sets, compiled once in each process for each published version."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from apps.routing.fields import Registry
from apps.routing.matching import CompiledRules, RuleSpec, compile_rules
from apps.rules.models import Rule, RuleSet, Version
from apps.rules.registry import registry
from apps.teams.models import Team
from apps.teams.remembered import Remembered

Trigger = RuleSet.Trigger


@dataclass(frozen=True, slots=True)
class Target:
    """What a rule does with what it catches; `response_seconds` of None leaves it to the pool.

    `group_ids`, `priority` and `notify` (memberships) are done on the way, wherever the lead
    goes; `caretaker_id` looks after it in the hopper. Without a `rule_id` somebody chose it.
    """

    rule_id: UUID | None
    name: str
    number: int
    destination: str
    pool_id: UUID | None = None
    member_id: UUID | None = None
    response_seconds: int | None = None
    reason: str = ""
    rule_set_id: UUID | None = None
    replaces_owner: bool = True
    caretaker_id: UUID | None = None
    group_ids: tuple[UUID, ...] = ()
    priority: int | None = None
    notify: tuple[UUID, ...] = ()
    # Of distribution rules.
    recipient_ids: tuple[UUID, ...] = ()
    recipient_pool_id: UUID | None = None
    stops: bool = False
    keeps_out: bool = False

    @classmethod
    def by_hand(cls, destination: str, **where: Any) -> Target:
        """A destination that somebody chose without a rule; `where` are columns of a target."""
        return cls(rule_id=None, name="", number=0, destination=destination, **where)

    def to_json(self) -> dict[str, Any]:
        """Ready to be kept; `from_json` reads it back."""
        plain = json.dumps(asdict(self), default=str)
        return {key: value for key, value in json.loads(plain).items() if value not in (None, [])}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Target:
        given = {"rule_id": None, "name": "", "number": 0, **data}
        for key in ("group_ids", "notify", "recipient_ids"):
            given[key] = tuple(map(UUID, given.get(key, ())))
        ids = {key: UUID(value) for key, value in given.items() if key.endswith("_id") and value}
        return cls(**(given | ids))


@dataclass(frozen=True, slots=True)
class LiveRules:
    """One published version, ready to decide. It never changes: another version is another one."""

    version_id: UUID
    number: int
    compiled: CompiledRules
    targets: Mapping[UUID, Target]
    registry: Registry
    rule_set_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class TriggeredSet:
    """A live set that is asked about leads that are there already; `settings` say when."""

    rule_set_id: UUID
    name: str
    settings: Mapping[str, Any]
    rules: LiveRules


@dataclass(frozen=True, slots=True)
class _LiveSets:
    """Everything live in a team, of one moment."""

    new: LiveRules | None = None
    distribution: LiveRules | None = None
    by_id: Mapping[UUID, LiveRules] = field(default_factory=dict)
    by_trigger: Mapping[str, Sequence[TriggeredSet]] = field(default_factory=dict)


def live(team: Team) -> LiveRules | None:
    """The published rules for new leads, None before the first; no query while nothing moved."""
    return _live.of(team).new


def distribution(team: Team) -> LiveRules | None:
    """The published rules that send copies of new leads; no query while nothing moved."""
    return _live.of(team).distribution


def live_set(team: Team, rule_set_id: UUID) -> LiveRules | None:
    """The published rules of one set; None if it has none or is switched off."""
    return _live.of(team).by_id.get(rule_set_id)


def triggered(team: Team, trigger: str) -> Sequence[TriggeredSet]:
    """The live sets of a trigger in their order on the page; no query while nothing moved."""
    return _live.of(team).by_trigger.get(trigger, ())


def compile_version(version: Version, rules: Sequence[Rule], fields: Registry) -> LiveRules:
    """Any version, a draft too, as it would decide. Rules that are switched off are left out."""
    active = [rule for rule in rules if rule.is_active]
    specs = [RuleSpec(rule.pk, rule.position, rule.name, rule.conditions) for rule in active]
    return LiveRules(
        version_id=version.pk,
        number=version.number,
        compiled=compile_rules(specs, fields),
        targets={rule.pk: target_of(rule) for rule in active},
        registry=fields,
        rule_set_id=version.rule_set_id,
        name=version.rule_set.name,
    )


def target_of(rule: Rule) -> Target:
    """What a rule does, without what it asks for."""
    return Target(
        rule_id=rule.pk,
        name=rule.name,
        number=rule.position,
        destination=rule.destination,
        pool_id=rule.pool_id,
        member_id=rule.member_id,
        response_seconds=rule.response_seconds,
        reason=rule.reason,
        rule_set_id=rule.rule_set_id,
        replaces_owner=rule.replaces_owner,
        caretaker_id=rule.caretaker_id,
        group_ids=tuple(rule.group_ids),
        priority=rule.priority,
        notify=tuple(rule.notify),
        recipient_ids=tuple(rule.recipient_ids),
        recipient_pool_id=rule.recipient_pool_id,
        stops=rule.stops,
        keeps_out=rule.keeps_out,
    )


def _load(team: Team) -> _LiveSets:
    # One statement, so that all versions and rules are of one moment whatever is published
    # meanwhile.
    rules = Rule.objects.filter(
        version__rule_set__team=team,
        version__rule_set__is_active=True,
        version__state=Version.State.PUBLISHED,
    ).select_related("version__rule_set")
    order = rules.order_by("version__rule_set__position", "version__rule_set_id", "position", "id")
    fields = registry(team)
    new, copies, by_id = None, None, {}
    by_trigger: dict[str, list[TriggeredSet]] = {}
    for _version, group in groupby(order, key=lambda rule: rule.version_id):
        listed = list(group)
        version = listed[0].version
        rule_set, found = version.rule_set, compile_version(version, listed, fields)
        if rule_set.kind == RuleSet.Kind.DISTRIBUTION:
            copies = found
            continue
        by_id[rule_set.pk] = found
        if rule_set.trigger == Trigger.NEW:
            new = found
        asked = TriggeredSet(rule_set.pk, rule_set.name, rule_set.trigger_settings, found)
        by_trigger.setdefault(rule_set.trigger, []).append(asked)
    return _LiveSets(new, copies, by_id, by_trigger)


_live: Remembered[_LiveSets] = Remembered(_load)
