"""Members as they were: settings, time off and covers through time, from the history kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from apps.assignments.models import Assignment
from apps.assignments.seats import seating
from apps.leads.models import Lead, StatusKind
from apps.routing.facts import SeatFacts
from apps.routing.simulation import Cover as Covering
from apps.routing.simulation import MemberPlan, Step
from apps.rules import calendars
from apps.teams.models import AvailabilityChange, Cover, Membership, Team, TimeOff
from apps.teams.permissions import Permission, allowed

Kind = AvailabilityChange.Kind
Span = tuple[datetime, datetime]
OFF_KINDS = (Kind.TIME_OFF, Kind.TIME_OFF_REMOVED)
# What goes along when a member covers another: what she can, and whether she works leads.
ABILITIES = ("skills", "languages", "territories", "years")


@dataclass(frozen=True, slots=True)
class _Settings:
    """A member's settings at one moment, as her columns hold them."""

    is_active: bool
    pause: Mapping[str, Any]
    hours: Any
    capacity: int | None

    def changed(self, kind: str, value: Any) -> _Settings:
        """With what a line of the history says; other lines change nothing here."""
        match kind:
            case Kind.PAUSED | Kind.RESUMED:
                return replace(self, pause=value or {})
            case Kind.HOURS:
                return replace(self, hours=value)
            case Kind.CAPACITY:
                return replace(self, capacity=value)
            case Kind.ACTIVE | Kind.INACTIVE:
                return replace(self, is_active=bool(value))
        return self

    def step(self, at: datetime, timezone: str, team: Team) -> Step:
        until = self.pause.get("until")
        return Step(
            at=at,
            is_active=self.is_active,
            is_paused=bool(self.pause.get("is_paused")),
            paused_until=datetime.fromisoformat(until) if until else None,
            schedule=calendars.schedule_of(self.hours, timezone, team),
            capacity=self.capacity,
        )


def members_as_now(team: Team, *, now: datetime) -> dict[UUID, MemberPlan]:
    """Every member as she is at this moment, with as many leads open as she has."""
    people = _people(team, now)
    covers = _covers(team, now, now)
    away = _rows_of_time_off(team, now)
    fresh = _fresh(team)
    return {
        pk: replace(
            _plan(member, people, team),
            steps=(_settings(member).step(now, member.user.timezone, team),),
            time_off=tuple(away.get(pk, ())),
            covers=tuple(covers.get(pk, ())),
            open_until=(None,) * member.open_leads,
            fresh=fresh.get(pk, 0),
        )
        for pk, member in _members(team).items()
    }


def members_through(
    team: Team, starts_at: datetime, ends_at: datetime, *, now: datetime
) -> dict[UUID, MemberPlan]:
    """Every member from one moment to another, as the history of her availability tells it."""
    people = _people(team, now)
    changes = _changes(team, starts_at)
    covers = _covers(team, starts_at, ends_at)
    away = _rows_of_time_off(team, starts_at)
    opened = _open_leads(team, starts_at)
    return {
        pk: replace(
            _plan(member, people, team),
            steps=_steps(member, changes.get(pk, ()), starts_at, team),
            time_off=_time_off(away.get(pk, ()), changes.get(pk, ())),
            covers=tuple(covers.get(pk, ())),
            open_until=tuple(opened.get(pk, ())),
        )
        for pk, member in _members(team).items()
    }


def _members(team: Team) -> dict[UUID, Membership]:
    return {each.pk: each for each in Membership.objects.filter(team=team).select_related("user")}


def _people(team: Team, now: datetime) -> dict[UUID, SeatFacts]:
    return {each.member: each for each in seating.everybody(team, now=now)}


def _plan(member: Membership, people: Mapping[UUID, SeatFacts], team: Team) -> MemberPlan:
    facts = people.get(member.pk)
    profile: dict[str, Any] = {key: getattr(facts, key) for key in ABILITIES} if facts else {}
    profile["may_work"] = Permission.WORK_LEADS in allowed(member.role, frozenset())
    return MemberPlan(member.pk, str(member), steps=(), profile=profile)


def _settings(member: Membership) -> _Settings:
    until = member.paused_until.isoformat() if member.paused_until else None
    return _Settings(
        is_active=member.is_active and member.user.is_active,
        pause={"is_paused": member.is_paused, "until": until},
        hours=member.hours,
        capacity=member.capacity,
    )


def _changes(team: Team, since: datetime) -> dict[UUID, list[AvailabilityChange]]:
    """What changed since a moment, in order; of time off also what was entered before it."""
    rows = AvailabilityChange.objects.filter(
        Q(at__gt=since) | Q(kind__in=OFF_KINDS), team=team
    ).order_by("at", "id")
    found: dict[UUID, list[AvailabilityChange]] = defaultdict(list)
    for row in rows:
        found[row.membership_id].append(row)
    return found


def _steps(
    member: Membership, changes: Sequence[AvailabilityChange], starts_at: datetime, team: Team
) -> tuple[Step, ...]:
    """Her settings at the beginning, then after each change.

    The beginning is found from today backwards: each change also says what was before it.
    """
    settled = [each for each in changes if each.kind not in OFF_KINDS and each.at > starts_at]
    settings = _settings(member)
    for change in reversed(settled):
        settings = settings.changed(change.kind, _before(change))
    zone = member.user.timezone
    joined = member.joined_at
    first = settings if joined <= starts_at else replace(settings, is_active=False)
    steps = [first.step(starts_at, zone, team)]
    if joined > starts_at:
        steps.append(settings.step(joined, zone, team))
    for change in settled:
        settings = settings.changed(change.kind, _after(change))
        steps.append(settings.step(change.at, zone, team))
    return tuple(sorted(steps, key=lambda step: step.at))


def _before(change: AvailabilityChange) -> Any:
    if change.kind in (Kind.ACTIVE, Kind.INACTIVE):
        return change.kind == Kind.INACTIVE
    return change.before


def _after(change: AvailabilityChange) -> Any:
    if change.kind in (Kind.ACTIVE, Kind.INACTIVE):
        return change.kind == Kind.ACTIVE
    return change.after


def _time_off(rows: Iterable[Span], changes: Iterable[AvailabilityChange]) -> tuple[Span, ...]:
    """When she was away as far as anybody knew: from its entry on, until it was taken back."""
    spans = {span: span for span in rows}
    for change in changes:
        if change.kind == Kind.TIME_OFF and change.after:
            start, end = _span(change.after)
            spans[start, end] = max(start, change.at), end
        elif change.kind == Kind.TIME_OFF_REMOVED and change.before:
            key = _span(change.before)
            start, end = spans.get(key, key)
            spans[key] = start, min(end, change.at)
    return tuple(sorted((start, end) for start, end in spans.values() if start < end))


def _span(kept: Mapping[str, str]) -> Span:
    return datetime.fromisoformat(kept["starts_at"]), datetime.fromisoformat(kept["ends_at"])


def _rows_of_time_off(team: Team, since: datetime) -> dict[UUID, list[Span]]:
    found: dict[UUID, list[Span]] = defaultdict(list)
    for row in TimeOff.objects.filter(team=team, ends_at__gt=since):
        found[row.membership_id].append((row.starts_at, row.ends_at))
    return found


def _covers(team: Team, since: datetime, until: datetime) -> dict[UUID, list[Covering]]:
    rows = Cover.objects.filter(team=team, ends_at__gt=since, starts_at__lte=until)
    found: dict[UUID, list[Covering]] = defaultdict(list)
    for row in rows.order_by("starts_at", "pk"):
        starts, ends = max(row.starts_at, row.created_at), row.ends_at
        if row.ended_at is not None:
            ends = min(ends, row.ended_at)
        if starts < ends:
            found[row.membership_id].append(Covering(starts, ends, row.by_member_id))
    return found


def _open_leads(team: Team, at: datetime) -> dict[UUID, list[datetime | None]]:
    """Of every member: when each of the leads that she had open at a moment left her."""
    owned = Assignment.objects.filter(team=team, started_at__lt=at).filter(
        Q(ended_at=None) | Q(ended_at__gt=at)
    )
    still_open = owned.filter(Q(lead__closed_at=None) | Q(lead__closed_at__gt=at))
    rows = still_open.exclude(lead__deleted_at__lte=at).values_list(
        "member_id", "ended_at", "lead__closed_at", "lead__deleted_at"
    )
    found: dict[UUID, list[datetime | None]] = defaultdict(list)
    for member_id, *left in rows:
        found[member_id].append(min((moment for moment in left if moment), default=None))
    return found


def _fresh(team: Team) -> dict[UUID, int]:
    """How many leads each member has that are still new."""
    rows = Lead.objects.open().filter(team=team, stage=Lead.Stage.OWNED, status_kind=StatusKind.NEW)
    return dict(rows.order_by().values_list("owner_id").annotate(Count("pk")))
