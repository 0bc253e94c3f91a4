"""The scoring page as data: lines with what they catch, bands of the latest leads, one lead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from apps.leads.models import Lead
from apps.routing.facts import LeadFacts
from apps.routing.scoring import BANDS, LOWEST, PointsTable, Score
from apps.routing.wording import Group, describe
from apps.rules.builder import sample
from apps.rules.builder.sample import Sample
from apps.rules.calendars import team_schedule
from apps.rules.models import ScoreLine
from apps.rules.registry import TeamRegistry, registry
from apps.rules.scoring import lines as score_lines
from apps.rules.scoring import rescoring
from apps.rules.scoring.points import specs
from apps.rules.scoring.rescoring import Progress
from apps.rules.sets.checking import matches_everything
from apps.teams.access import Access

ALL_BANDS = (*BANDS, LOWEST)
PICKABLE = 30


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table on the page; `count` of the latest leads meet it."""

    line: ScoreLine
    place: int
    sentence: Group
    count: int

    @property
    def counts_all(self) -> bool:
        return matches_everything(self.line.conditions)


@dataclass(frozen=True, slots=True)
class Bar:
    """A band with how many of the latest leads are in it; `was` by the table as it is saved."""

    band: str
    least: int | None
    count: int
    share: int  # percent
    was: int | None = None

    @property
    def change(self) -> int:
        return 0 if self.was is None else self.count - self.was


@dataclass(frozen=True, slots=True)
class Explained:
    """One lead's score line by line, as it would be now."""

    lead: Lead
    score: Score


@dataclass(frozen=True)
class Scoreboard:
    """The table of a team, and with a `draft` line also as it would be with it."""

    access: Access
    now: datetime
    registry: TeamRegistry
    saved: Sequence[ScoreLine]
    draft: ScoreLine | None = None

    @cached_property
    def sample(self) -> Sample:
        return sample.latest(self.access, self.registry, now=self.now)

    @cached_property
    def tried(self) -> Sequence[ScoreLine]:
        """The lines as they would be: the draft in the place of what it changes."""
        if self.draft is None:
            return self.saved
        others = [self.draft if line.pk == self.draft.pk else line for line in self.saved]
        return others if self.draft in others else [*others, self.draft]

    @cached_property
    def lines(self) -> list[Line]:
        met = Counter(each["line"] for score in self._saved_scores for each in score.lines)
        return [
            Line(line, place, describe(line.conditions, self.registry), met[str(line.pk)])
            for place, line in enumerate(self.saved, 1)
        ]

    @cached_property
    def draft_count(self) -> int:
        """How many of the latest leads meet the draft."""
        key = str(self.draft.pk) if self.draft else ""
        return sum(any(each["line"] == key for each in score.lines) for score in self._scores)

    @cached_property
    def bars(self) -> list[Bar]:
        """The bands, best first."""
        counts = Counter(score.band for score in self._scores)
        were = Counter(score.band for score in self._saved_scores) if self.draft else None
        of = max(len(self.sample), 1)
        return [
            Bar(
                band, self.access.team.bands.get(band), counts[band],
                round(counts[band] * 100 / of), were[band] if were is not None else None,
            )
            for band in ALL_BANDS
        ]  # fmt: skip

    @cached_property
    def progress(self) -> Progress | None:
        return rescoring.progress(self.access.team, self.now)

    @property
    def pickable(self) -> Sequence[Lead]:
        """The leads that one may have explained."""
        return self.sample.leads[:PICKABLE]

    def explained(self, lead_id: str = "") -> Explained | None:
        """One of the latest leads, as the table counts it now; the latest unless it is named."""
        pairs = list(zip(self.sample.leads, self.sample.facts, strict=True))
        if not pairs:
            return None
        named = (pair for pair in pairs if str(pair[0].pk) == lead_id)
        lead, facts = next(named, pairs[0])
        table = self._table(self.tried)
        return Explained(lead, table.score(facts, now=self.now, calendar=self._hours))

    @cached_property
    def _scores(self) -> list[Score]:
        return self._all(self.tried) if self.draft else self._saved_scores

    @cached_property
    def _saved_scores(self) -> list[Score]:
        return self._all(self.saved)

    @cached_property
    def _hours(self) -> Any:
        return team_schedule(self.access.team)

    def _table(self, lines: Sequence[ScoreLine]) -> PointsTable:
        return PointsTable(specs(list(lines)), self.registry, self.access.team.bands)

    def _all(self, lines: Sequence[ScoreLine]) -> list[Score]:
        """Each of the latest leads as it was worth when it came."""
        table = self._table(lines)
        return [self._at_arrival(table, facts) for facts in self.sample.facts]

    def _at_arrival(self, table: PointsTable, facts: LeadFacts) -> Score:
        return table.score(facts, now=facts.received_at, calendar=self._hours)


def load(access: Access, *, now: datetime, draft: ScoreLine | None = None) -> Scoreboard:
    saved = score_lines.lines_of(access.team)
    return Scoreboard(access, now, registry(access.team), saved, draft)


def bands_of(access: Access) -> Mapping[str, int]:
    return {band: access.team.bands.get(band, 0) for band in BANDS}
