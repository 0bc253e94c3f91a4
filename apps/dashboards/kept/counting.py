"""The sections of the dashboard out of kept days: `cohort.count` says the same, more slowly.

For those who see all leads of their team. Whoever sees only some is answered by `cohort`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Count, Min

from apps.dashboards.figures.cohort import Question, Section
from apps.dashboards.kept.columns import Array, microseconds
from apps.dashboards.kept.rollups import Leads, Part, read
from apps.dashboards.kept.tallies import Parts, Served, Tally, percentiles, wait_column
from apps.leads.models import Lead
from apps.leads.speed import Clock
from apps.rules import hours
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Permission

TOTALS = ("received", "routing", "claim", "state", "source")
SERVED = ("owner", "served_lead", "member", "took", "respond_by", "started", "ended")
DIMENSIONS = ("source", "campaign", "form", "pool", "rule", "group", "owner")


def can_count(access: Access) -> bool:
    """Whether this access's figures are of every lead of its team: see `behind_figures`."""
    return access.can(Permission.SEE_OTHERS) or (
        access.is_operator and access.can(Permission.SEE_DASHBOARD)
    )


@dataclass(frozen=True)
class Counting:
    """One question to one team. What is not asked for is not read."""

    question: Question
    team: Team

    @cached_property
    def target(self) -> float:
        return float(self.team.response_seconds)

    @cached_property
    def due_before(self) -> datetime:
        """What was received later and is unanswered still has time left."""
        if self.question.clock != Clock.BUSINESS:
            return self.question.now - timedelta(seconds=self.target)
        return hours.moment_before(self.question.now, seconds=self.target, team=self.team)

    @cached_property
    def read(self) -> list[Leads]:
        """The days of the period, and those of the period before."""
        period, wait = self.question.period, wait_column(self.question.clock)
        return read(
            self.team,
            Part(self._days(period.start, period.end), {*TOTALS, wait, "hour", *SERVED}),
            Part(self._days(period.previous_start, period.previous_end), {*TOTALS, wait}),
        )

    @property
    def now(self) -> Leads:
        return self.read[0]

    @cached_property
    def is_now(self) -> Array:
        """Which leads of these days are in the period, and of the source asked for."""
        period = self.question.period
        received = self.now.column("received")
        start, end = microseconds(period.start), microseconds(period.end)
        return self._of_source(self.now, (received >= start) & (received <= end))

    @cached_property
    def places(self) -> Array:
        return np.flatnonzero(self.is_now)

    @cached_property
    def tally(self) -> Tally:
        return self._tally(self.now)

    def before(self) -> Section | None:
        """The totals of the period before."""
        period, leads = self.question.period, self.read[1]
        received = leads.column("received")
        start, end = microseconds(period.previous_start), microseconds(period.previous_end)
        chosen = self._of_source(leads, (received >= start) & (received < end))
        return _total(self._tally(leads), np.flatnonzero(chosen), is_now=False)

    def by(self, dimension: str) -> Iterator[Section]:
        """Every measure, by one of DIMENSIONS; a lead of two groups is in both."""
        extra = {"group", "group_lead"} if dimension == "group" else {dimension}
        tally = self.tally
        if not extra <= {*TOTALS, *SERVED}:
            period, wait = self.question.period, wait_column(self.question.clock)
            days = self._days(period.start, period.end)
            (leads,) = read(self.team, Part(days, {*TOTALS, wait, *extra}))
            tally = self._tally(leads)
        for key, figures in tally.by(dimension, self.places).items():
            yield Section(dimension, {dimension: key}, figures)

    def slots(self) -> Iterator[Section]:
        """Leads and speed over time."""
        slots, numbers = self._slots()
        wait = self.tally.wait
        for slot, places in Parts.by(slots, numbers[self.places], self.places):
            figures = {
                "received": len(places),
                "percentiles": percentiles(wait[places]),
            }
            yield Section("slot", {"slot": slot.isoformat()}, figures)

    def volume(self) -> Iterator[Section]:
        """Leads over time by source."""
        slots, numbers = self._slots()
        sources, source = self.now.codes("source")
        both = numbers[self.places].astype(np.int64) * len(sources) + source[self.places]
        for number, leads in zip(*np.unique(both, return_counts=True), strict=True):
            slot, of = divmod(int(number), len(sources))
            key = {"slot": slots[slot].isoformat(), "source": sources[of]}
            yield Section("volume", key, {"received": int(leads)})

    def arrivals(self) -> Iterator[Section]:
        """Leads by weekday and hour."""
        weekdays = np.array([block.day.weekday() for block in self.now.blocks])
        both = weekdays[self.now.day[self.places]] * 24 + self.now.column("hour")[self.places]
        for number, leads in zip(*np.unique(both, return_counts=True), strict=True):
            weekday, hour = divmod(int(number), 24)
            yield Section("hour", {"weekday": weekday, "hour": hour}, {"received": int(leads)})

    def served(self) -> Iterator[Section]:
        """Each member's part, and what became of assignments."""
        served = Served(self.now, self.target, self.question.now)
        for member, figures in served.by_member(self.is_now).items():
            yield Section("member", {"member": member}, figures)
        yield Section("assigned", {}, served.assigned(self.is_now))

    def sections(self) -> Iterator[Section]:
        """All of them but what is untouched now."""
        for section in (_total(self.tally, self.places, is_now=True), self.before()):
            if section:
                yield section
        for number, leads in self.tally.bins(self.places).items():
            yield Section("bin", {"bin": number}, {"received": leads})
        yield from self.by("source")
        yield from self.slots()
        yield from self.volume()
        yield from self.arrivals()
        yield from self.served()

    def _tally(self, leads: Leads) -> Tally:
        return Tally(leads, self.question.clock, self.target, self.due_before)

    def _days(self, start: datetime, end: datetime) -> list[date]:
        zone = ZoneInfo(self.team.timezone)
        first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def _of_source(self, leads: Leads, chosen: Array) -> Array:
        if self.question.source_id is None:
            return chosen
        sources, source = leads.codes("source")
        wanted = str(self.question.source_id)
        if wanted not in sources:
            return np.zeros(len(chosen), bool)
        of_source: Array = chosen & (source == sources.index(wanted))
        return of_source

    def _slots(self) -> tuple[list[datetime], Array]:
        """The local beginnings of the slots, and which of them each lead is in."""
        days = [datetime.combine(block.day, time()) for block in self.now.blocks]
        if self.question.slot == "week":
            days = [day - timedelta(days=day.weekday()) for day in days]
        starts = sorted(set(days))
        numbers = np.array([starts.index(day) for day in days], np.int32)[self.now.day]
        if self.question.slot != "hour":
            return starts, numbers
        by_hour = [day + timedelta(hours=hour) for day in starts for hour in range(24)]
        return by_hour, numbers * 24 + self.now.column("hour")


def count(question: Question, *, access: Access) -> list[Section]:
    """Every section of the dashboard, for an access that sees all leads of its team."""
    counting = Counting(question, access.team)
    return [*counting.sections(), *untouched(access, source_id=question.source_id)]


def untouched(access: Access, *, source_id: UUID | None = None) -> Iterator[Section]:
    """Open leads without an attempt at this moment: all, by owner and by source."""
    rows = (
        Lead.objects.behind_figures(access).counted().open().filter(first_attempt_at__isnull=True)
    )
    if source_id:
        rows = rows.filter(source_id=source_id)
    counted = (
        rows.order_by()
        .values_list("owner_id", "source_id")
        .annotate(leads=Count("pk"), oldest=Min("received_at"))
    )
    groups: dict[tuple[str, str | None], list[tuple[int, datetime]]] = defaultdict(list)
    groups["all", None] = []
    for owner, source, leads, oldest in counted:
        groups["all", None].append((leads, oldest))
        groups["owner", str(owner) if owner else None].append((leads, oldest))
        groups["source", str(source)].append((leads, oldest))
    for (by, value), parts in groups.items():
        yield Section("untouched", {"by": by, by: value}, _sum(parts))


def _sum(parts: Sequence[tuple[int, datetime]]) -> dict[str, Any]:
    oldest = min((moment for _leads, moment in parts), default=None)
    return {
        "leads": sum(leads for leads, _moment in parts),
        "oldest": oldest.isoformat() if oldest else None,
    }


def _total(tally: Tally, places: Array, *, is_now: bool) -> Section | None:
    if not len(places):
        return None
    return Section("total", {"is_now": is_now}, tally.measures(places))
