"""When schedules open and close, worked out once for the time that is simulated."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.routing import calendar
from apps.routing.calendar import Schedule

MARGIN = timedelta(days=10)


class Hours:
    """The edges of every schedule between two moments and a little beyond."""

    def __init__(self, starts_at: datetime, ends_at: datetime) -> None:
        self._starts_at, self._ends_at = starts_at - MARGIN, ends_at + MARGIN
        # By identity: a schedule holds a mapping, which can't be hashed.
        self._edges: dict[int, tuple[Schedule, list[datetime]]] = {}

    def next_edge(self, schedule: Schedule | None, now: datetime) -> datetime | None:
        """The first moment after `now` at which it opens, closes, or a holiday begins or ends."""
        if schedule is None:
            return None
        edges = self._of(schedule)
        place = bisect_right(edges, now)
        return edges[place] if place < len(edges) else None

    def _of(self, schedule: Schedule) -> list[datetime]:
        kept = self._edges.get(id(schedule))
        if kept is None:
            kept = self._edges[id(schedule)] = schedule, self._worked_out(schedule)
        return kept[1]

    def _worked_out(self, schedule: Schedule) -> list[datetime]:
        spans = calendar.open_spans((schedule,), self._starts_at, self._ends_at)
        edges = {edge for span in spans for edge in span}
        zone = ZoneInfo(schedule.timezone)
        for day in schedule.holidays:
            for midnight in (day, day + calendar.ONE_DAY):
                edges.add(calendar.moment_of(midnight, calendar.MIDNIGHT, zone).astimezone(UTC))
        return sorted(edges)
