"""When schedules open and close, worked out once for the time that is simulated."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.routing import calendar
from apps.routing.calendar import Schedule, Span

MARGIN = timedelta(days=10)


class Hours:
    """Every schedule between two moments and a little beyond, as `routing.calendar` has it."""

    def __init__(self, starts_at: datetime, ends_at: datetime) -> None:
        self._starts_at, self._ends_at = starts_at - MARGIN, ends_at + MARGIN
        # By identity: a schedule holds a mapping, which can't be hashed. The schedules are kept,
        # so that no other gets the identity of one.
        self._spans: dict[tuple[int, ...], tuple[Sequence[Schedule], list[Span]]] = {}
        self._edges: dict[int, tuple[Schedule, list[datetime]]] = {}

    def is_open(self, schedule: Schedule | None, now: datetime) -> bool:
        """The same as `calendar.is_open`."""
        if schedule is None:
            return True
        spans = self._spans_of((schedule,))
        place = bisect_right(spans, now, key=_opening) - 1
        return place >= 0 and now < spans[place][1]

    def is_holiday(self, schedule: Schedule | None, now: datetime) -> bool:
        """Whether it is a holiday where the schedule holds."""
        if schedule is None or not schedule.holidays:
            return False
        return now.astimezone(ZoneInfo(schedule.timezone)).date() in schedule.holidays

    def next_edge(self, schedule: Schedule | None, now: datetime) -> datetime | None:
        """The first moment after `now` at which it opens, closes, or a holiday begins or ends."""
        if schedule is None:
            return None
        edges = self._edges_of(schedule)
        place = bisect_right(edges, now)
        return edges[place] if place < len(edges) else None

    def add(
        self, start: datetime, seconds: float, schedules: Sequence[Schedule | None]
    ) -> datetime:
        """The same as `calendar.add_business`, which is asked for what lies beyond."""
        known = [each for each in schedules if each is not None]
        if not known:
            return start + timedelta(seconds=seconds)
        spans = self._spans_of(known)
        place = max(bisect_right(spans, start, key=_opening) - 1, 0)
        length, is_first = timedelta(seconds=seconds), True
        for opens, closes in spans[place : place + 100]:
            if closes <= start:
                continue
            opens = max(opens, start)
            if is_first and opens - start > calendar.PATIENCE:
                break
            is_first = False
            if length <= closes - opens:
                return opens + length
            length -= closes - opens
        return calendar.add_business(start, seconds, schedules)

    def _spans_of(self, schedules: Sequence[Schedule]) -> list[Span]:
        key = tuple(map(id, schedules))
        kept = self._spans.get(key)
        if kept is None:
            spans = list(calendar.open_spans(schedules, self._starts_at, self._ends_at))
            kept = self._spans[key] = schedules, spans
        return kept[1]

    def _edges_of(self, schedule: Schedule) -> list[datetime]:
        kept = self._edges.get(id(schedule))
        if kept is None:
            edges = {edge for span in self._spans_of((schedule,)) for edge in span}
            edges |= set(_midnights(schedule))
            kept = self._edges[id(schedule)] = schedule, sorted(edges)
        return kept[1]


def _opening(span: Span) -> datetime:
    return span[0]


def _midnights(schedule: Schedule) -> list[datetime]:
    """Where the schedule's holidays begin and end."""
    zone = ZoneInfo(schedule.timezone)
    days = schedule.holidays | {day + calendar.ONE_DAY for day in schedule.holidays}
    return [calendar.moment_of(day, calendar.MIDNIGHT, zone).astimezone(UTC) for day in days]
