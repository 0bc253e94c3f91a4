"""Business time: weekly hours in a time zone, holidays, shifts over midnight, clock changes.

All moments that go in are aware; all that come out are in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from zoneinfo import ZoneInfo

ALWAYS_OPEN = None
MIDNIGHT = time(0, 0)
ONE_DAY = timedelta(days=1)
SEARCH = timedelta(days=400)
PATIENCE = timedelta(days=7)
MOST_DAYS = 1_000  # that a schedule remembers

Shift = tuple[time, time]
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Weekly hours: weekday (Monday is 0) to shifts; a weekday that is missing is closed.

    A shift that ends at or before its start runs over midnight, so 00:00–00:00 is a whole day.
    A holiday is closed from midnight to midnight, with the shifts that would begin on it.
    `memo` keeps the spans of days that were asked for, so that a day is worked out once.
    """

    timezone: str = "UTC"
    weekly: Mapping[int, tuple[Shift, ...]] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()
    memo: dict[date, tuple[Span, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def from_json(
        cls, data: object, timezone: str = "UTC", holidays: Iterable[date] = ()
    ) -> Schedule:
        """Read {"0": [["09:00", "18:00"]], …}; ValueError names the place and the remedy."""
        if not isinstance(data, Mapping):
            raise ValueError('expected hours by weekday, such as {"0": [["09:00", "18:00"]]}')
        try:
            ZoneInfo(timezone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(
                f"{timezone!r} is no time zone; use a name such as Europe/Berlin"
            ) from error
        weekly = {_weekday(key): _shifts(key, shifts) for key, shifts in data.items()}
        return cls(timezone, {day: weekly[day] for day in sorted(weekly)}, frozenset(holidays))

    def to_json(self) -> dict[str, list[list[str]]]:
        """The weekly hours as `from_json` reads them; zone and holidays are kept elsewhere."""
        return {
            str(day): [[_clock(start), _clock(end, is_end=True)] for start, end in shifts]
            for day, shifts in self.weekly.items()
            if shifts
        }


def _weekday(key: object) -> int:
    if str(key) not in {"0", "1", "2", "3", "4", "5", "6"}:
        raise ValueError(f"{key!r} is no weekday; use 0 for Monday to 6 for Sunday")
    return int(str(key))


def _shifts(day: object, shifts: object) -> tuple[Shift, ...]:
    if not isinstance(shifts, list | tuple):
        raise ValueError(f'{day}: expected a list of shifts, such as [["09:00", "18:00"]]')
    read = []
    for number, shift in enumerate(shifts):
        if not isinstance(shift, list | tuple) or len(shift) != 2:
            raise ValueError(
                f'{day}[{number}]: expected a start and an end, such as ["09:00", "18:00"]'
            )
        read.append((_time(day, number, shift[0]), _time(day, number, shift[1], is_end=True)))
    return tuple(sorted(read))


def _time(day: object, number: int, text: object, *, is_end: bool = False) -> time:
    if is_end and text == "24:00":
        return MIDNIGHT
    try:
        read = time.fromisoformat(str(text))
    except ValueError:
        read = None
    if read is None or read.tzinfo is not None:
        raise ValueError(f"{day}[{number}]: expected a time such as 09:00, got {str(text)[:40]!r}")
    return read


def _clock(at: time, *, is_end: bool = False) -> str:
    if is_end and at == MIDNIGHT:
        return "24:00"
    return at.isoformat("minutes" if not at.second else "seconds")


def is_open(schedule: Schedule | None, at: datetime) -> bool:
    """Whether `at` falls within hours; the moment of closing does not."""
    moment = _utc(at)
    if schedule is None:
        return True
    return any(start <= moment < end for start, end in _spans(schedule, moment, moment))


def next_opening(schedule: Schedule | None, at: datetime) -> datetime | None:
    """`at` itself while open, else when it opens; None if it does not within 400 days."""
    return next_common_opening((schedule,), at)


def next_common_opening(schedules: Sequence[Schedule | None], at: datetime) -> datetime | None:
    """The first moment from `at` on when all of them are open; None if none within 400 days."""
    moment = _utc(at)
    return next((start for start, _ in open_spans(schedules, moment, moment + SEARCH)), None)


def add_business(start: datetime, seconds: float, schedules: Sequence[Schedule | None]) -> datetime:
    """The moment when `seconds` of hours common to all schedules have passed since `start`.

    A start while closed counts from the opening. If nothing is common for 7 days, the first
    schedule counts alone; if that never opens either, the clock does.
    """
    moment, length = _utc(start), timedelta(seconds=seconds)
    opening = next_common_opening(schedules, moment)
    if opening is None or opening - moment > PATIENCE:
        schedules = schedules[:1]
    for opens, closes in open_spans(schedules, moment, moment + SEARCH):
        if length <= closes - opens:
            return opens + length
        length -= closes - opens
    return moment + timedelta(seconds=seconds)


def business_seconds(start: datetime, end: datetime, schedule: Schedule | None) -> float:
    """How many seconds of hours lie between two moments; 0 if the end comes first."""
    return common_seconds(start, end, (schedule,))


def common_seconds(start: datetime, end: datetime, schedules: Sequence[Schedule | None]) -> float:
    """How many seconds of hours common to all schedules lie between two moments."""
    spans = open_spans(schedules, _utc(start), _utc(end))
    return sum((closes - opens for opens, closes in spans), timedelta()).total_seconds()


def open_spans(
    schedules: Sequence[Schedule | None], start: datetime, end: datetime
) -> Iterator[Span]:
    """Disjoint spans within [start, end) when every schedule is open, in order."""
    whole: Iterator[Span] = iter([(start, end)] if start < end else [])
    return reduce(_overlaps, (_disjoint(s, start, end) for s in schedules if s is not None), whole)


def _disjoint(schedule: Schedule, start: datetime, end: datetime) -> Iterator[Span]:
    """The schedule's spans from `start` on; shifts that overlap are not counted twice."""
    cursor = start
    for opens, closes in _spans(schedule, start, end):
        if closes > cursor:
            yield max(opens, cursor), closes
            cursor = closes


def _overlaps(left: Iterator[Span], right: Iterator[Span]) -> Iterator[Span]:
    a, b = next(left, None), next(right, None)
    while a is not None and b is not None:
        opens, closes = max(a[0], b[0]), min(a[1], b[1])
        if opens < closes:
            yield opens, closes
        if a[1] <= b[1]:
            a = next(left, None)
        else:
            b = next(right, None)


def _spans(schedule: Schedule, start: datetime, end: datetime) -> Iterator[Span]:
    """Shifts in UTC, by their start, of every local day that can touch [start, end]."""
    zone = ZoneInfo(schedule.timezone)
    day, last = start.astimezone(zone).date() - ONE_DAY, end.astimezone(zone).date()
    while day <= last:
        yield from _of_day(schedule, day, zone)
        day += ONE_DAY


def _of_day(schedule: Schedule, day: date, zone: ZoneInfo) -> tuple[Span, ...]:
    """The shifts that begin on a day, by their start."""
    known = schedule.memo.get(day)
    if known is None:
        shifts = () if day in schedule.holidays else schedule.weekly.get(day.weekday(), ())
        known = tuple(_span(schedule, day, *shift, zone) for shift in sorted(shifts))
        if len(schedule.memo) > MOST_DAYS:
            schedule.memo.clear()
        schedule.memo[day] = known
    return known


def _span(schedule: Schedule, day: date, opening: time, closing: time, zone: ZoneInfo) -> Span:
    start = moment_of(day, opening, zone)
    if closing > opening:
        return start, moment_of(day, closing, zone, is_end=True)
    tomorrow = day + ONE_DAY
    if tomorrow in schedule.holidays:
        closing = MIDNIGHT
    return start, moment_of(tomorrow, closing, zone, is_end=True)


def moment_of(day: date, at: time, zone: ZoneInfo, *, is_end: bool = False) -> datetime:
    """A wall-clock time as a moment.

    An hour that the clock repeats belongs to the shift both times; an hour that it leaves out
    lasts no time, so both its ends are the moment of the change.
    """
    wall = datetime.combine(day, at, zone)
    first = wall.replace(fold=0).astimezone(UTC)
    second = wall.replace(fold=1).astimezone(UTC)
    if first > second:
        return change_between(second, first, zone)
    return second if is_end else first


def change_between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The moment in (low, high] at which the zone's offset changes, to the second."""
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=1) // 2)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone; pass an aware datetime")
    return at.astimezone(UTC)
