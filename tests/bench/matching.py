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
FIELDS = ("source", "country", "form")
MICROSECONDS_ALLOWED = 1_000  # however many rules there are
NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)


def measure(options: Options) -> list[Figure]:
    figures = []
    for field in FIELDS:
        sets = {number: _rules(number, field) for number in COUNTS}
        lead = LeadFacts(UUID(int=1), NOW, {field: "the last", "employees": 50})
        micros = alternate(
            options,
            **{
                f"of_{number}": lambda one=one, lead=lead: _match(one, lead)
                for number, one in sets.items()
            },
        )
        figures += [_figure(field, number, micros) for number in COUNTS]
    return figures


def _figure(field: str, number: int, micros: dict[str, list[float]]) -> Figure:
    """The smallest set against what is allowed; the others against the smallest."""
    what = f"one lead against {number:,} rules by {field}"
    taken = micros[f"of_{number}"]
    if number == COUNTS[0]:
        allowed = [float(MICROSECONDS_ALLOWED)] * len(taken)
        return Figure(11, what, "µs", taken, "1 ms", allowed, goal=1.0, is_ceiling=True)
    name, smallest = f"{COUNTS[0]} rules", micros[f"of_{COUNTS[0]}"]
    return Figure(11, what, "µs", taken, name, smallest, goal=3.0, is_ceiling=True)


def _rules(number: int, field: str) -> CompiledRules:
    """Each asks for a value of its own and a size; only the last fits."""
    values = [f"value {n}" for n in range(number - 1)] + ["the last"]
    specs = [
        RuleSpec(UUID(int=n + 1), n + 1, value, {
            "all": [
                {"field": field, "op": "is", "value": value},
                {"field": "employees", "op": "gte", "value": 10},
            ]
        })
        for n, value in enumerate(values)
    ]  # fmt: skip
    return compile_rules(specs, Registry())


def _match(rules: CompiledRules, lead: LeadFacts, times: int = 2_000) -> float:
    started = time.perf_counter()
    for _once in range(times):
        rule = next(rules.matches(lead))
    assert rule.name == "the last"
    return 1e6 * (time.perf_counter() - started) / times
