"""What a report of one team says: the figures of its dashboard over whole days, and what they cost.

The same report goes to the agency and to its client: it holds what the client granted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.agency import outcomes
from apps.agency.outcomes import Outcome
from apps.agency.reports.spans import Span
from apps.dashboards.costs import spending
from apps.dashboards.figures import metrics
from apps.dashboards.figures.breakdowns import DIMENSIONS, Breakdown, Part, breakdown
from apps.dashboards.figures.metrics import Figures, MemberRow
from apps.dashboards.figures.periods import Period
from apps.dashboards.figures.questions import Question
from apps.leads.speed import Clock
from apps.teams.access import Access
from apps.teams.agency_access import live_grants
from apps.teams.models import Agency, Team
from apps.teams.permissions import Permission

MOST_PARTS = 20


@dataclass(frozen=True, slots=True)
class Costs:
    """What was spent on the period's leads, in minor units of the team's currency."""

    total: spending.Line
    by_source: Mapping[str, spending.Line]
    by_campaign: Mapping[str, spending.Line]


@dataclass(frozen=True, slots=True)
class Sent:
    """What an agency's own team delivered in the period, and what became of it."""

    agency: Agency
    lines: Sequence[outcomes.Line]

    @property
    def total(self) -> Outcome:
        return outcomes.total(self.lines)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report says, in no particular form. `members` is None where they are hidden."""

    team: Team
    span: Span
    made_at: datetime
    figures: Figures
    sources: Breakdown
    campaigns: Breakdown
    costs: Costs | None
    sent: Sequence[Sent]
    members: Sequence[MemberRow] | None

    @property
    def period(self) -> Period:
        return self.figures.question.period

    @property
    def target(self) -> timedelta:
        return timedelta(seconds=self.team.response_seconds)

    @property
    def is_over(self) -> bool:
        """Whether its last day has ended."""
        return self.period.end < self.made_at

    @property
    def source_parts(self) -> Sequence[Part]:
        return _largest(self.sources)

    @property
    def campaign_parts(self) -> Sequence[Part]:
        return _largest(self.campaigns)


def report(span: Span, *, access: Access, now: datetime, agency: Agency | None = None) -> Report:
    """Count it as `access` may see it; `agency` is whose deliveries are followed (None: all)."""
    team = access.team
    period = span.period(timezone=team.timezone, now=now)
    question = Question(period=period, clock=Clock.REAL, source_id=None, now=now)
    figures = metrics.figures(question, access=access)
    return Report(
        team=team,
        span=span,
        made_at=now,
        figures=figures,
        sources=breakdown(DIMENSIONS["source"], question, access=access),
        campaigns=breakdown(DIMENSIONS["campaign"], question, access=access),
        costs=_costs(period, figures, access),
        sent=_sent(team, period, agency),
        members=figures.members if access.can(Permission.SEE_MEMBERS) else None,
    )


def _costs(period: Period, figures: Figures, access: Access) -> Costs | None:
    """None where nobody said what was spent. Leads are those of the report, whoever asks."""
    found = spending.spending(access, first_day=period.first_day, last_day=period.last_day)
    if not found.total.spent:
        return None
    group = figures.now
    counted = spending.Counted(group.received, group.contacted, group.won)
    return Costs(
        total=spending.Line("", counted, found.total.spent),
        by_source={str(line.source.pk): line for line in found.sources if line.source},
        by_campaign={line.name: line for line in found.campaigns},
    )


def _sent(team: Team, period: Period, agency: Agency | None) -> list[Sent]:
    """One for each agency whose own team sent anything; of others than `agency` nothing."""
    grants = live_grants().filter(team=team, agency__sending_team__isnull=False)
    if agency is not None:
        grants = grants.filter(agency=agency)
    found = []
    for grant in grants.select_related("agency").order_by("agency__name", "agency_id"):
        sender = grant.agency.sending_team_id
        assert sender is not None
        lines = outcomes.by_campaign(team.pk, sender=sender, period=period)
        if lines:
            found.append(Sent(grant.agency, lines))
    return found


def _largest(found: Breakdown) -> list[Part]:
    """The parts that had leads, the largest first."""
    parts = [part for part in found.parts if part.now.received]
    parts.sort(key=lambda part: (-part.now.received, part.name))
    return parts[:MOST_PARTS]
