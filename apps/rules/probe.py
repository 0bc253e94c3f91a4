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
from apps.routing.fields import Registry
from apps.routing.matching import RuleSpec, compile_rules
from apps.rules.models import Rule
from apps.rules.sample import Sample

SPARK = 14
CHART = 28


@dataclass(frozen=True)
class Trial:
    """A rule set run over a sample: for each lead the key of the rule that caught it."""

    sample: Sample
    caught_by: Sequence[UUID | None]

    @cached_property
    def counts(self) -> Mapping[UUID | None, int]:
        return Counter(self.caught_by)

    def leads_of(self, key: UUID) -> list[Lead]:
        """The leads that a rule caught, latest first."""
        pairs = zip(self.sample.leads, self.caught_by, strict=True)
        return [lead for lead, caught in pairs if caught == key]

    def series(self, key: UUID, buckets: Sequence[int], count: int) -> list[int]:
        """How many it caught in each span of time."""
        found = [0] * count
        for bucket, caught in zip(buckets, self.caught_by, strict=True):
            if caught == key:
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


def run(rules: Sequence[Rule], sample: Sample, registry: Registry) -> Trial:
    """Let the active rules decide over the sample; the first match catches."""
    active = [rule for rule in rules if rule.is_active]
    keys = {rule.pk: rule.key for rule in active}
    specs = [RuleSpec(rule.pk, rule.position, rule.name, rule.conditions) for rule in active]
    compiled = compile_rules(specs, registry)
    firsts = (next(compiled.matches(lead, sample.hours), None) for lead in sample.facts)
    return Trial(sample, [keys[first.id] if first else None for first in firsts])


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
    pairs = zip(trial.sample.facts, trial.caught_by, strict=True)
    return sum(
        1 for lead, caught in pairs if caught != rule.key and test.matches(lead, trial.sample.hours)
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
