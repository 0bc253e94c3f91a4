"""Who can take a lead now, as people are told it. Routing decides for itself, by its own facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from apps.routing.calendar import Schedule, is_open, next_opening
from apps.teams.holidays import closed_days
from apps.teams.models import Membership, MembershipQuerySet, Team, TimeOff


class State(StrEnum):
    AVAILABLE = "available"
    PAUSED = "paused"
    AWAY = "away"
    CLOSED = "closed"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class Presence:
    """How it stands with a member now; `until` is when that changes, if it is known."""

    state: State
    until: datetime | None = None

    @property
    def is_available(self) -> bool:
        return self.state is State.AVAILABLE

    @property
    def words(self) -> str:
        return {
            State.AVAILABLE: _("Available"),
            State.PAUSED: _("Paused"),
            State.AWAY: _("Away"),
            State.CLOSED: _("Outside working hours"),
            State.INACTIVE: _("Deactivated"),
        }[self.state]

    @property
    def tone(self) -> str:
        return {State.AVAILABLE: "calm", State.PAUSED: "soon", State.AWAY: "soon"}.get(
            self.state, ""
        )


def with_time_off(members: MembershipQuerySet, *, now: datetime) -> MembershipQuerySet:
    """The members with the time off that `presence_of` reads, in one more query."""
    ahead = TimeOff.objects.filter(ends_at__gt=now).order_by("starts_at")
    return members.select_related("user", "team").prefetch_related(
        Prefetch("time_off", queryset=ahead, to_attr="time_off_ahead")
    )


def holidays_of(team: Team) -> frozenset[date]:
    """The days on which the team is closed; one query."""
    return closed_days(team)


def presence_of(member: Membership, *, now: datetime, holidays: Iterable[date]) -> Presence:
    """Where a member from `with_time_off` stands at `now`."""
    if not member.is_active:
        return Presence(State.INACTIVE)
    if member.is_paused and (member.paused_until is None or member.paused_until > now):
        return Presence(State.PAUSED, member.paused_until)
    for time_off in member.time_off_ahead:  # type: ignore[attr-defined]
        if time_off.starts_at <= now < time_off.ends_at:
            return Presence(State.AWAY, time_off.ends_at)
    schedule = schedule_of(member, holidays=holidays)
    if not is_open(schedule, now):
        return Presence(State.CLOSED, next_opening(schedule, now))
    return Presence(State.AVAILABLE)


def schedule_of(member: Membership, *, holidays: Iterable[date]) -> Schedule:
    """Her own hours by her clock, or the team's by the team's."""
    if member.hours is None:
        return Schedule.from_json(member.team.hours, member.team.timezone, holidays)
    return Schedule.from_json(member.hours, member.user.timezone, holidays)
