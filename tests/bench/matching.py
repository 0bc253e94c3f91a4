"""Row 11: finding the matching rule among 10, 100, 1,000 and 10,000 that mostly can't match."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from uuid import UUID

from apps.routing.facts import LeadFacts
from apps.routing.fields import Registry
from apps.routing.matching import CompiledRules, RuleSpec, compile_rules
from tests.bench.figures import Figure, Options, alternate

COUNTS = (10, 100, 1_000, 10_000)
NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)


def measure(options: Options) -> list[Figure]:
    sets = {number: _rules(number) for number in COUNTS}
    lead = LeadFacts(UUID(int=1), NOW, {"campaign": "the last", "country": "AT", "employees": 50})
    micros = alternate(
        options,
        **{f"of_{number}": lambda one=one: _match(one, lead) for number, one in sets.items()},
    )
    return [
        Figure(
            11, f"one lead against {number:,} rules", "µs", micros[f"of_{number}"],
            "10 rules", micros["of_10"], goal=3.0, is_ceiling=True,
        )
        for number in COUNTS[1:]
    ]  # fmt: skip


def _rules(number: int) -> CompiledRules:
    """Each asks for a campaign of its own and a size; only the last fits."""
    campaigns = [f"campaign {n}" for n in range(number - 1)] + ["the last"]
    specs = [
        RuleSpec(UUID(int=n + 1), n + 1, campaign, {
            "all": [
                {"field": "campaign", "op": "is", "value": campaign},
                {"field": "employees", "op": "gte", "value": 10},
            ]
        })
        for n, campaign in enumerate(campaigns)
    ]  # fmt: skip
    return compile_rules(specs, Registry())


def _match(rules: CompiledRules, lead: LeadFacts, times: int = 2_000) -> float:
    started = time.perf_counter()
    for _once in range(times):
        rule = next(rules.matches(lead))
    assert rule.name == "the last"
    return 1e6 * (time.perf_counter() - started) / times
