"""The figures of a team's dashboard, exactly as the product defines them. Read-only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.dashboards.figures.questions import Question, Section
from apps.dashboards.kept import counting
from apps.leads.models import Source
from apps.leads.speed import BANDS, BINS, Band
from apps.teams.access import Access
from apps.teams.models import Membership

FEWEST = 10  # below this many leads a percentile says nothing


@dataclass(frozen=True, slots=True)
class Percentile:
    """A nearest-rank percentile in seconds; hidden below ten leads, infinite if not reached."""

    seconds: float | None

    @classmethod
    def of(cls, value: object, *, leads: int) -> Percentile:
        return cls(None if leads < FEWEST or value is None else float(str(value)))

    @property
    def is_hidden(self) -> bool:
        return self.seconds is None

    @property
    def is_reached(self) -> bool:
        return self.seconds is not None and math.isfinite(self.seconds)


HIDDEN = Percentile(None)


def share(part: int, whole: int) -> float | None:
    """Per cent, or None of nothing."""
    return 100 * part / whole if whole else None


@dataclass(frozen=True, slots=True)
class Group:
    """What is measured of a group of leads."""

    received: int = 0
    attempted: int = 0
    within: int = 0
    judged: int = 0
    contacted: int = 0
    qualified: int = 0
    won: int = 0
    lost: int = 0
    disqualified: int = 0
    new: int = 0
    working: int = 0
    ever_qualified: int = 0  # at some time; whoever was won was that too
    median: Percentile = HIDDEN
    p90: Percentile = HIDDEN
    p95: Percentile = HIDDEN
    routing_delay: float | None = None
    claim_time: float | None = None

    @classmethod
    def of(cls, figures: Mapping[str, Any]) -> Group:
        median, p90, p95 = percentiles(figures, leads=figures["received"])
        names = cls.__dataclass_fields__.keys() - {"median", "p90", "p95"}
        return cls(median=median, p90=p90, p95=p95, **{name: figures[name] for name in names})

    @property
    def open(self) -> int:
        return self.new + self.working + self.qualified

    @property
    def never(self) -> int:
        return self.received - self.attempted

    @property
    def attempt_rate(self) -> float | None:
        return share(self.attempted, self.received)

    @property
    def within_target(self) -> float | None:
        """Attempted in time ÷ attempted or past the deadline; the rest are pending."""
        return share(self.within, self.judged)

    @property
    def contact_rate(self) -> float | None:
        return share(self.contacted, self.received)

    @property
    def qualified_rate(self) -> float | None:
        return share(self.ever_qualified, self.received)

    @property
    def won_rate(self) -> float | None:
        return share(self.won, self.received)


def percentiles(
    figures: Mapping[str, Any], *, leads: int
) -> tuple[Percentile, Percentile, Percentile]:
    """Median, P90 and P95 of a section."""
    median, p90, p95 = (
        Percentile.of(value, leads=leads) for value in figures.get("percentiles") or (None,) * 3
    )
    return median, p90, p95


@dataclass(frozen=True, slots=True)
class Untouched:
    """Open leads without an attempt, at this moment."""

    leads: int = 0
    oldest: datetime | None = None

    @classmethod
    def of(cls, figures: Mapping[str, Any]) -> Untouched:
        oldest = figures["oldest"]
        return cls(figures["leads"], datetime.fromisoformat(oldest) if oldest else None)


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member's part. Speed is the member's own: assignment to first attempt."""

    member: Membership
    received: int = 0
    within: int = 0
    judged: int = 0
    contacted: int = 0
    won: int = 0
    median: Percentile = HIDDEN
    due: float | None = None  # turns due while eligible; None for a member without turns
    turns: int = 0
    untouched: Untouched = Untouched()

    @property
    def within_target(self) -> float | None:
        return share(self.within, self.judged)

    @property
    def contact_rate(self) -> float | None:
        return share(self.contacted, self.received)

    @property
    def gap(self) -> float | None:
        """The fairness gap: turns taken − turns due while eligible."""
        return None if self.due is None else self.turns - self.due


@dataclass(frozen=True, slots=True)
class SourceRow:
    source: Source
    group: Group = Group()
    untouched: Untouched = Untouched()


@dataclass(frozen=True, slots=True)
class Slot:
    """One step of a chart over time."""

    start: datetime
    received: int
    median: Percentile
    p90: Percentile


@dataclass(frozen=True, slots=True)
class Volume:
    """Leads of one source in one slot."""

    start: datetime
    source_id: UUID
    received: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything on the dashboard, for the leads that one access may see."""

    question: Question
    now: Group = Group()
    before: Group = Group()
    bins: Mapping[Band, int] = field(default_factory=dict)
    slots: Sequence[Slot] = ()
    volume: Sequence[Volume] = ()
    arrivals: Mapping[tuple[int, int], int] = field(default_factory=dict)  # (weekday, hour)
    untouched: Untouched = Untouched()
    members: Sequence[MemberRow] = ()
    sources: Sequence[SourceRow] = ()
    assigned: int = 0
    taken_back: int = 0
    hops: int = 0

    @property
    def bands(self) -> dict[Band, int]:
        """Leads by band; they add up to all that were received."""
        return {band: self._in(band) for band in BANDS}

    @property
    def reroute_rate(self) -> float | None:
        """Leads taken back by a timeout ÷ leads assigned."""
        return share(self.taken_back, self.assigned)

    def _in(self, band: Band) -> int:
        return sum(leads for part, leads in self.bins.items() if _lies_in(part, band))


def figures(question: Question, *, access: Access) -> Figures:
    """Count everything, out of kept days."""
    sections = _by_name(counting.count(question, access=access))
    untouched = {(s.key["by"], s.key.get(s.key["by"])): Untouched.of(s.figures)
                 for s in sections.get("untouched", [])}  # fmt: skip
    totals = {s.key["is_now"]: Group.of(s.figures) for s in sections.get("total", [])}
    assigned = next(iter(sections["assigned"])).figures
    return Figures(
        question=question,
        now=totals.get(True, Group()),
        before=totals.get(False, Group()),
        bins=_bins(sections.get("bin", [])),
        slots=_slots(sections.get("slot", [])),
        volume=_volume(sections.get("volume", [])),
        arrivals={
            (s.key["weekday"], s.key["hour"]): s.figures["received"]
            for s in sections.get("hour", [])
        },
        untouched=untouched.get(("all", None), Untouched()),
        members=_members(access, sections, untouched),
        sources=_sources(access, sections.get("source", []), untouched),
        assigned=assigned["leads"],
        taken_back=assigned["taken_back"],
        hops=assigned["hops"],
    )


def _by_name(sections: Sequence[Section]) -> dict[str, list[Section]]:
    named: dict[str, list[Section]] = {}
    for section in sections:
        named.setdefault(section.name, []).append(section)
    return named


def _bins(sections: Sequence[Section]) -> dict[Band, int]:
    counted = {section.key["bin"]: section.figures["received"] for section in sections}
    return {band: counted.get(number, 0) for number, band in enumerate(BINS)}


def _lies_in(part: Band, band: Band) -> bool:
    if part.low is None or band.low is None:
        return part.low is band.low
    return part.low >= band.low and (band.high is None or (part.high or math.inf) <= band.high)


def _slots(sections: Sequence[Section]) -> list[Slot]:
    slots = []
    for section in sections:
        received = section.figures["received"]
        median, p90, _p95 = percentiles(section.figures, leads=received)
        slots.append(Slot(datetime.fromisoformat(section.key["slot"]), received, median, p90))
    return sorted(slots, key=lambda slot: slot.start)


def _volume(sections: Sequence[Section]) -> list[Volume]:
    return [
        Volume(
            datetime.fromisoformat(section.key["slot"]),
            UUID(section.key["source"]),
            section.figures["received"],
        )
        for section in sections
    ]


def _members(
    access: Access,
    sections: Mapping[str, Sequence[Section]],
    untouched: Mapping[tuple[str, Any], Untouched],
) -> list[MemberRow]:
    """Members at work, and those who are gone but had leads; the fastest first."""
    by_member = {section.key["member"]: section.figures for section in sections.get("member", [])}
    due = {section.key["member"]: section.figures for section in sections.get("turns", [])}
    people = Membership.objects.filter(team=access.team).select_related("user")
    rows = [
        _member(person, by_member.get(str(person.pk)), due.get(str(person.pk)),
                untouched.get(("owner", str(person.pk)), Untouched()))
        for person in people
        if _takes_leads(person) or str(person.pk) in by_member.keys() | due.keys()
    ]  # fmt: skip
    return sorted(rows, key=_by_speed)


def _takes_leads(person: Membership) -> bool:
    return person.is_active and person.role == "salesperson"


def _member(
    person: Membership,
    counted: Mapping[str, Any] | None,
    due: Mapping[str, Any] | None,
    untouched: Untouched,
) -> MemberRow:
    share_due, turns = (due["due"], due["taken"]) if due else (None, 0)
    if counted is None:
        return MemberRow(person, due=share_due, turns=turns, untouched=untouched)
    median, *_others = percentiles(counted, leads=counted["timed"])
    names = ("received", "within", "judged", "contacted", "won")
    plain = {name: counted[name] for name in names}
    return MemberRow(
        person, median=median, due=share_due, turns=turns, untouched=untouched, **plain
    )


def _by_speed(row: MemberRow) -> tuple[float, int, str]:
    speed = row.median.seconds if row.median.seconds is not None else math.inf
    return (speed, -row.received, row.member.user.name)


def _sources(
    access: Access, sections: Sequence[Section], untouched: Mapping[tuple[str, Any], Untouched]
) -> list[SourceRow]:
    """Every source that is on or brought leads; the largest first."""
    counted = {section.key["source"]: Group.of(section.figures) for section in sections}
    rows = [
        SourceRow(
            source,
            counted.get(str(source.pk), Group()),
            untouched.get(("source", str(source.pk)), Untouched()),
        )
        for source in Source.objects.visible_to(access)
        if source.is_active or str(source.pk) in counted
    ]
    return sorted(rows, key=lambda row: (-row.group.received, row.source.name))
