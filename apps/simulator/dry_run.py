"""One lead, tested: where it would go now, and everything that was looked at on the way.

No lead is made, nobody's turn is used, and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from apps.capture.reading import mapping
from apps.leads.models import Lead
from apps.routing.facts import LeadFacts
from apps.routing.simulation import Arrival, Chance, Outcome, World
from apps.rules.calendars import team_schedule
from apps.rules.models import Version
from apps.rules.registry import TeamRegistry, registry
from apps.rules.sets.compiled import LiveRules
from apps.simulator import arrivals, scenarios, trials, uploads
from apps.simulator.scenarios import Setting
from apps.teams.models import Team

MOST_RULES = 500


@dataclass(frozen=True, slots=True)
class Typed:
    """A lead that somebody typed in, as rules see it."""

    arrival: Arrival
    warnings: Sequence[str]


@dataclass(frozen=True, slots=True)
class Tested:
    """Where the lead would go: the trace of the decision, and every rule up to the end."""

    outcome: Outcome
    member: UUID | None
    pool: UUID | None
    trace: Mapping[str, Any]
    rules: Sequence[Mapping[str, Any]]
    facts: LeadFacts


def typed(team: Team, answers: Mapping[str, str], *, source: str, now: datetime) -> Typed:
    """What was typed, read as a capture of that source would be."""
    fields = registry(team)
    terms = mapping.Terms(
        registry=fields,
        mapping={key: key for key in answers},
        country=team.country,
        currency=team.currency,
        timezone=team.timezone,
    )
    draft = mapping.draft(answers, terms)
    lead = uploads.lead_of(draft, team, now, source or "test", _stable_id(team, answers))
    return Typed(arrivals.arrival_of(lead, 1, fields), draft.warnings)


def _stable_id(team: Team, answers: Mapping[str, str]) -> UUID:
    """The same entries are the same lead: a share of leads decides about it alike."""
    return uuid5(team.pk, repr(sorted(answers.items())))


def of_lead(lead: Lead, fields: TeamRegistry) -> Arrival:
    """A lead that is there, as if it came in anew. Needs `source` loaded."""
    return arrivals.arrival_of(lead, 1, fields)


def test(team: Team, version: Version | None, arrival: Arrival, *, now: datetime) -> Tested:
    """Send the lead on its road in memory, against a version or what is live."""
    side = trials.with_version(team, version) if version else trials.as_live(team)
    tried = trials.read(side, registry(team))
    scenario = scenarios.scenario(Setting.of_now(team, now), tried)
    world = World(scenario, Chance(0), traced={arrival.number})
    result = world.arrive(arrival, now=now)
    return Tested(
        outcome=result.outcome,
        member=result.member or _offered_to(result.trace),
        pool=result.pool,
        trace=result.trace[0],
        rules=_rules(tried.rules, arrival, team),
        facts=arrival.facts,
    )


def _offered_to(trace: Sequence[Mapping[str, Any]]) -> UUID | None:
    """Whom an offer goes to: nobody owns the lead before she accepts."""
    steps = trace[0]["steps"] if trace else ()
    winner = steps[-1]["winner"] if steps else None
    return UUID(winner) if winner else None


def _rules(rules: LiveRules | None, arrival: Arrival, team: Team) -> list[dict[str, Any]]:
    """Every rule in order: whether it matches, or the first condition that keeps the lead out."""
    if rules is None:
        return []
    calendar = team_schedule(team)
    return rules.compiled.trace(arrival.facts, limit=MOST_RULES, calendar=calendar)
