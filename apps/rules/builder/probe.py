"""What rules would have caught of the latest leads, against what the live ones did catch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from apps.leads.models import Lead
from apps.routing.conditions import compile_condition
from apps.routing.facts import LeadFacts
from apps.routing.fields import Registry
from apps.routing.matching import RuleSpec, compile_rules
from apps.rules.builder.sample import Sample
from apps.rules.models import COPIES, Destination, Rule
from apps.rules.sets.compiled import LiveRules, Target

SPARK = 14
CHART = 28


@dataclass(frozen=True)
class Trial:
    """A rule set run over a sample: for each lead the keys of the rules that it went through.

    The last of them decided, unless it only went on to the next one; of rules that send copies
    each did.
    """

    sample: Sample
    ways: Sequence[tuple[UUID, ...]]

    @cached_property
    def caught_by(self) -> Sequence[UUID | None]:
        """For each lead the last rule that caught it."""
        return [way[-1] if way else None for way in self.ways]

    @cached_property
    def counts(self) -> Mapping[UUID, int]:
        return Counter(key for way in self.ways for key in way)

    def leads_of(self, key: UUID) -> list[Lead]:
        """The leads that a rule caught, latest first."""
        return [lead for lead, way in zip(self.sample.leads, self.ways, strict=True) if key in way]

    def series(self, key: UUID, buckets: Sequence[int], count: int) -> list[int]:
        """How many it caught in each span of time."""
        found = [0] * count
        for bucket, way in zip(buckets, self.ways, strict=True):
            if key in way:
                found[bucket] += 1
        return found


@dataclass(frozen=True, slots=True)
class Taken:
    """Leads that another rule catches now and this draft would give to the rule."""

    number: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Probe:
    """What one rule of a draft catches; `shadowed` match it but go to a rule above."""

    count: int
    of: int
    live_count: int | None
    shadowed: int
    first: Lead | None
    taken: tuple[Taken, ...]
    series: tuple[int, ...]
    live_series: tuple[int, ...]
    since: datetime | None


def run(
    rules: Sequence[Rule],
    sample: Sample,
    registry: Registry,
    called: Mapping[UUID, LiveRules] | None = None,
) -> Trial:
    """Let the active rules decide over the sample, through the live sets that they call."""
    active = [rule for rule in rules if rule.is_active]
    by_id = {rule.pk: rule for rule in active}
    specs = [RuleSpec(rule.pk, rule.position, rule.name, rule.conditions) for rule in active]
    compiled = compile_rules(specs, registry)
    ways = []
    for lead in sample.facts:
        way = []
        for spec in compiled.matches(lead, sample.hours):
            rule = by_id[spec.id]
            way.append(rule.key)
            if _ends(rule, lead, sample, called or {}):
                break
        ways.append(tuple(way))
    return Trial(sample, ways)


def _ends(
    rule: Rule | Target,
    lead: LeadFacts,
    sample: Sample,
    called: Mapping[UUID, LiveRules],
) -> bool:
    """Whether a rule is the lead's last one.

    A called set may place nothing and give it back; copies are sent by every rule that matches.
    """
    if rule.destination in COPIES:
        return rule.stops
    if rule.destination != Destination.RULE_SET:
        return rule.destination != Destination.CONTINUE
    rules = called.get(rule.rule_set_id) if rule.rule_set_id else None
    if rules is None:
        return False
    # Never in a circle.
    further = {pk: each for pk, each in called.items() if pk != rule.rule_set_id}
    matching = (rules.targets[each.id] for each in rules.compiled.matches(lead, sample.hours))
    return any(_ends(target, lead, sample, further) for target in matching)


def probe(
    rule: Rule,
    trial: Trial,
    live: Sequence[Rule],
    live_trial: Trial,
    *,
    registry: Registry,
    now: datetime,
) -> Probe:
    """How one rule fares in `trial`, beside what is live."""
    sample, key = trial.sample, rule.key
    leads = trial.leads_of(key)
    buckets = sample.buckets(CHART, now=now)
    was = next((each for each in live if each.key == key and each.is_active), None)
    return Probe(
        count=len(leads),
        of=len(sample),
        live_count=live_trial.counts.get(key, 0) if was else None,
        shadowed=_shadowed(rule, trial, registry),
        first=leads[0] if leads else None,
        taken=_taken(key, trial, live, live_trial),
        series=tuple(trial.series(key, buckets, CHART)),
        live_series=tuple(live_trial.series(key, buckets, CHART)) if was else (),
        since=sample.oldest_at,
    )


def _shadowed(rule: Rule, trial: Trial, registry: Registry) -> int:
    """How many leads fit the rule's conditions but were caught above it."""
    if not rule.is_active:
        return 0
    test = compile_condition(rule.conditions, registry)
    pairs = zip(trial.sample.facts, trial.ways, strict=True)
    return sum(
        1 for lead, way in pairs if rule.key not in way and test.matches(lead, trial.sample.hours)
    )


def _taken(key: UUID, trial: Trial, live: Sequence[Rule], live_trial: Trial) -> tuple[Taken, ...]:
    """From which live rules the rule takes leads, most first."""
    by_key = {each.key: each for each in live}
    pairs = zip(trial.caught_by, live_trial.caught_by, strict=True)
    counts = Counter(then for now_at, then in pairs if now_at == key and then not in (key, None))
    return tuple(
        Taken(by_key[other].position, by_key[other].name, count)
        for other, count in counts.most_common(3)
        if other is not None
    )
