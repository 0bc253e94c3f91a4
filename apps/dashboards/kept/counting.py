"""The sections of the dashboard out of kept days, for those who see all leads of their team."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Min

from apps.dashboards.figures.questions import Question, Section
from apps.dashboards.kept.columns import UNKNOWN, Array, microseconds
from apps.dashboards.kept.rollups import Leads, Part, read
from apps.dashboards.kept.tallies import Json, Parts, Served, Tally, percentiles, wait_column
from apps.leads.models import Lead
from apps.leads.speed import Clock
from apps.rules import hours
from apps.rules.models import Seat
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Permission

TOTALS = ("received", "routing", "claim", "state", "source")
SERVED = ("owner", "served_lead", "member", "took", "respond_by", "started", "ended")
DIMENSIONS = ("source", "campaign", "form", "pool", "rule", "group", "owner")
TURNS = ("seat", "gained", "taken")


def can_count(access: Access) -> bool:
    """Whether this access's figures are of every lead of its team: see `behind_figures`."""
    return access.can(Permission.SEE_OTHERS) or (
        access.is_operator and access.can(Permission.SEE_DASHBOARD)
    )


def require(access: Access) -> None:
    """Refuse an access whose figures would be of some leads only: kept days know no such."""
    if not can_count(access):
        raise PermissionDenied


@dataclass(frozen=True)
class Counting:
    """One question to one team. What is not asked for is not read.

    `columns` are those of the period, `earlier` those of the period before; where leads are read,
    so is their wait on the question's clock.
    """

    question: Question
    team: Team
    columns: Collection[str] = (*TOTALS, "hour", *SERVED, *TURNS)
    earlier: Collection[str] = TOTALS

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
        period = self.question.period
        return read(
            self.team,
            self._part(period.start, period.end, self.columns),
            self._part(period.previous_start, period.previous_end, self.earlier),
        )

    def _part(self, start: datetime, end: datetime, columns: Collection[str]) -> Part:
        wait = {wait_column(self.question.clock)} if "received" in columns else set()
        return Part(self._days(start, end) if columns else [], {*columns, *wait})

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
    def worth(self) -> Array:
        """What each lead of these days is worth if it is won; UNKNOWN elsewhere."""
        worth = np.full(self.now.size, UNKNOWN, np.int64)
        worth[self.now.places("won_lead")] = self.now.column("worth")
        return worth

    @cached_property
    def tally(self) -> Tally:
        return self._tally(self.now)

    @cached_property
    def earlier_places(self) -> Array:
        """The leads of the period before, in `earlier_tally`."""
        period, leads = self.question.period, self.read[1]
        received = leads.column("received")
        start, end = microseconds(period.previous_start), microseconds(period.previous_end)
        return np.flatnonzero(self._of_source(leads, (received >= start) & (received < end)))

    @cached_property
    def earlier_tally(self) -> Tally:
        return self._tally(self.read[1])

    def by(self, dimension: str) -> Iterator[Section]:
        """Every measure, by one of DIMENSIONS; a lead of two groups is in both."""
        for key, figures in self.tally.by(dimension, self.places).items():
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
        for number, leads in _numbers(both):
            slot, of = divmod(number, len(sources))
            key = {"slot": slots[slot].isoformat(), "source": sources[of]}
            yield Section("volume", key, {"received": leads})

    def arrivals(self) -> Iterator[Section]:
        """Leads by weekday and hour."""
        weekdays = np.array([block.day.weekday() for block in self.now.blocks])
        both = weekdays[self.now.day[self.places]] * 24 + self.now.column("hour")[self.places]
        for number, leads in _numbers(both):
            weekday, hour = divmod(number, 24)
            yield Section("hour", {"weekday": weekday, "hour": hour}, {"received": leads})

    def served(self) -> Iterator[Section]:
        """Each member's part, and what became of assignments."""
        for member, figures in self._served.by_member(self.is_now).items():
            yield Section("member", {"member": member}, figures)
        yield Section("assigned", {}, self.assigned())

    def assigned(self) -> Json:
        """Leads that were assigned, how often, and how many a timeout took back."""
        return self._served.assigned(self.is_now)

    @property
    def _served(self) -> Served:
        return Served(self.now, self.target, self.question.now)

    def turns(self) -> dict[str, tuple[int, int]]:
        """What each seat gained in nano-turns, less what it paid, and the turns that it took."""
        seats, codes = self.now.codes("seat")
        gained, taken = np.zeros(len(seats), np.int64), np.zeros(len(seats), np.int64)
        np.add.at(gained, codes, self.now.column("gained"))
        np.add.at(taken, codes, self.now.column("taken"))
        numbers = zip(gained.tolist(), taken.tolist(), strict=True)
        return {str(seat): both for seat, both in zip(seats, numbers, strict=True)}

    def sections(self) -> Iterator[Section]:
        """All of them but turns and what is untouched now."""
        for section in (
            _total(self.tally, self.places, is_now=True),
            _total(self.earlier_tally, self.earlier_places, is_now=False),
        ):
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
    require(access)
    counting = Counting(question, access.team)
    return [
        *counting.sections(),
        *_turns(counting),
        *untouched(access, source_id=question.source_id),
    ]


def turns(question: Question, *, access: Access) -> Iterator[Section]:
    """By member: the share of turns due while eligible, and the turns taken.

    In each turn every eligible seat gains its share and the winner pays one turn, so what a
    member is due is her balance over the days of the period plus the turns that she took.
    """
    require(access)
    return _turns(Counting(question, access.team, columns=TURNS, earlier=()))


def _turns(counting: Counting) -> Iterator[Section]:
    of_seats, sums = counting.turns(), defaultdict[UUID, list[int]](lambda: [0, 0])
    seats = Seat.objects.filter(team=counting.team, pk__in=of_seats)
    for seat, member in seats.values_list("pk", "membership_id"):
        gained, taken = of_seats[str(seat)]
        sums[member][0] += gained
        sums[member][1] += taken
    for member, (gained, taken) in sums.items():
        figures = {"due": gained / 1e9 + taken, "taken": taken}
        yield Section("turns", {"member": str(member)}, figures)


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


def _numbers(codes: Array) -> Iterator[tuple[int, int]]:
    """Each code that occurs, and how often."""
    for code, times in enumerate(np.bincount(codes).tolist()):
        if times:
            yield code, times


def _total(tally: Tally, places: Array, *, is_now: bool) -> Section | None:
    if not len(places):
        return None
    return Section("total", {"is_now": is_now}, tally.measures(places))
