"""A team's points table, compiled once in each process for each routing version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.leads.models import Lead
from apps.routing.facts import LeadFacts
from apps.routing.scoring import LineSpec, PointsTable, Score, band_of
from apps.rules.calendars import team_schedule
from apps.rules.facts import lead_facts
from apps.rules.models import ScoreLine
from apps.rules.registry import registry
from apps.teams.models import Team
from apps.teams.remembered import Remembered

UNSCORED: dict[str, Any] = {"score": None, "band": "", "score_lines": [], "scored_at": None}


def table(team: Team) -> PointsTable | None:
    """The lines that are switched on, None without any; no query while nothing moved."""
    return _tables.of(team)


def score_of(facts: LeadFacts, team: Team, now: datetime) -> Score | None:
    """What a lead with these facts is worth at `now`; None if the team has no table."""
    points = table(team)
    if points is None:
        return None
    return points.score(facts, now=now, calendar=team_schedule(team))


def score_lead(lead: Lead, team: Team, now: datetime) -> dict[str, Any]:
    """The columns to write: score, band, score_lines, scored_at. Needs `source` loaded.

    Without a table a score that a source sent stays, with its band; one that we counted goes.
    """
    points = table(team)
    if points is None:
        return _without_table(lead, team)
    facts = lead_facts(lead, registry(team), now=now)
    score = points.score(facts, now=now, calendar=team_schedule(team))
    return {
        "score": score.points, "band": score.band, "score_lines": score.lines, "scored_at": now,
    }  # fmt: skip


def _without_table(lead: Lead, team: Team) -> dict[str, Any]:
    if lead.scored_at is not None:
        return dict(UNSCORED)
    if lead.score is None:
        return {}
    band = band_of(lead.score, team.bands)
    return {} if band == lead.band else {"band": band}


def specs(lines: list[ScoreLine]) -> list[LineSpec]:
    """Stored lines that are switched on, as the pure table takes them."""
    return [
        LineSpec(line.pk, line.name, line.points, line.conditions, line.half_life_days)
        for line in lines
        if line.is_active
    ]


def _load(team: Team) -> PointsTable | None:
    active = specs(list(ScoreLine.objects.filter(team=team, is_active=True)))
    return PointsTable(active, registry(team), team.bands) if active else None


_tables: Remembered[PointsTable | None] = Remembered(_load)
