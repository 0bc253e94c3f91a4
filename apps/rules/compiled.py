"""A team's live rules, compiled once in each process for each published version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.routing.fields import Registry
from apps.routing.matching import CompiledRules, RuleSpec, compile_rules
from apps.rules.models import Rule, RuleSet, Version
from apps.rules.registry import registry
from apps.rules.remembered import Remembered
from apps.teams.models import Team


@dataclass(frozen=True, slots=True)
class Target:
    """Where a rule sends what it catches; `response_seconds` of None leaves it to the pool."""

    rule_id: UUID
    name: str
    number: int
    destination: str
    pool_id: UUID | None
    member_id: UUID | None
    response_seconds: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class LiveRules:
    """One published version, ready to decide. It never changes: another version is another one."""

    version_id: UUID
    number: int
    compiled: CompiledRules
    targets: Mapping[UUID, Target]
    registry: Registry


def live(team: Team) -> LiveRules | None:
    """The team's published rules, None before the first; no query while nothing was published."""
    return _live.of(team)


def compile_version(version: Version, rules: Sequence[Rule], fields: Registry) -> LiveRules:
    """Any version, a draft too, as it would decide. Rules that are switched off are left out."""
    active = [rule for rule in rules if rule.is_active]
    specs = [RuleSpec(rule.pk, rule.position, rule.name, rule.conditions) for rule in active]
    targets = {rule.pk: _target(rule) for rule in active}
    return LiveRules(version.pk, version.number, compile_rules(specs, fields), targets, fields)


def _target(rule: Rule) -> Target:
    return Target(
        rule_id=rule.pk,
        name=rule.name,
        number=rule.position,
        destination=rule.destination,
        pool_id=rule.pool_id,
        member_id=rule.member_id,
        response_seconds=rule.response_seconds,
        reason=rule.reason,
    )


def _load(team: Team) -> LiveRules | None:
    # One statement, so that version and rules are of one moment whatever is published meanwhile.
    rules = list(
        Rule.objects.filter(
            version__rule_set__team=team,
            version__rule_set__kind=RuleSet.Kind.ASSIGNMENT,
            version__state=Version.State.PUBLISHED,
        ).select_related("version")
    )
    return compile_version(rules[0].version, rules, registry(team)) if rules else None


_live: Remembered[LiveRules | None] = Remembered(_load)
