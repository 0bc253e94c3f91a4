"""Recipients as they may be chosen from: why one gets no lead now, and its seat for routing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.routing import calendar
from apps.routing.calendar import Schedule
from apps.routing.caps import Caps
from apps.routing.facts import CapWindow, Record, SeatFacts, Skip
from apps.rules.calendars import schedule_of
from apps.rules.models import Agreement, Recipient, RecipientSeat
from apps.teams.models import Team

LONGEST_CAP = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Barrier:
    """Why a recipient gets no lead now, one of WHY; `until` is when it may again, if known."""

    why: str
    until: datetime | None = None


# In the order in which they are looked at.
WHY = (
    "off", "switched_off", "no_agreement", "member_inactive", "paused", "campaign_over",
    "campaign_full", "cap_hour", "cap_day", "cap_week", "cap_month",
)  # fmt: skip


def barrier(recipient: Recipient, team: Team, *, now: datetime) -> Barrier | None:
    """What keeps this recipient from a lead now; None if nothing does.

    Being closed is no barrier: a copy may wait for the opening. Needs `agreement` and
    `membership` loaded.
    """
    return _standing(recipient) or _pause(recipient, now) or _campaign(recipient, now) or _cap(
        recipient, team, now
    )  # fmt: skip


def schedule(recipient: Recipient, team: Team) -> Schedule | None:
    """When it takes leads: its own hours in its time zone; always open without any."""
    return schedule_of(recipient.hours, recipient.timezone, team)


def opens_at(recipient: Recipient, team: Team, *, now: datetime) -> datetime:
    """`now` while it is open, else its next opening; `now` too if it never opens."""
    hours = schedule(recipient, team)
    if calendar.is_open(hours, now):
        return now
    return calendar.next_opening(hours, now) or now


def is_open(recipient: Recipient, team: Team, *, now: datetime) -> bool:
    return calendar.is_open(schedule(recipient, team), now)


def seat_facts(seat: RecipientSeat, record: Record | None = None) -> SeatFacts:
    """A seat for the choice by turn; whether it may get leads at all is asked before."""
    return SeatFacts(
        seat=seat.pk,
        member=seat.recipient_id,
        name="",
        position=seat.position,
        weight=seat.weight,
        credit=seat.credit,
        last_turn_no=seat.last_turn_no,
        record=record,
    )


def _standing(recipient: Recipient) -> Barrier | None:
    if not recipient.is_active:
        return Barrier("off")
    if recipient.disabled_at is not None:
        return Barrier("switched_off")
    agreement, member = recipient.agreement, recipient.membership
    if recipient.kind == Recipient.Kind.TEAM and (
        agreement is None or agreement.state != Agreement.State.ACCEPTED
    ):
        return Barrier("no_agreement")
    if recipient.kind == Recipient.Kind.MEMBER and (member is None or not member.is_active):
        return Barrier("member_inactive")
    return None


def _pause(recipient: Recipient, now: datetime) -> Barrier | None:
    until = recipient.paused_until
    if not recipient.is_paused or (until is not None and until <= now):
        return None
    return Barrier("paused", until)


def _campaign(recipient: Recipient, now: datetime) -> Barrier | None:
    if recipient.ends_at is not None and recipient.ends_at <= now:
        return Barrier("campaign_over")
    if recipient.quota is not None and recipient.campaign_count >= recipient.quota:
        return Barrier("campaign_full")
    return None


_CAPS = {
    Skip.CAP_HOUR: "cap_hour", Skip.CAP_DAY: "cap_day", Skip.CAP_WEEK: "cap_week",
    Skip.CAP_MONTH: "cap_month",
}  # fmt: skip


def _cap(recipient: Recipient, team: Team, now: datetime) -> Barrier | None:
    if not recipient.greatest_cap:
        return None
    caps = Caps(now, CapWindow(recipient.cap_window), recipient.timezone or team.timezone)
    counted = SeatFacts(
        seat=recipient.pk, member=recipient.pk, name="", position=0,
        cap_hour=recipient.cap_hour, cap_day=recipient.cap_day, cap_week=recipient.cap_week,
        cap_month=recipient.cap_month, placed_at=tuple(recipient.placed_at),
    )  # fmt: skip
    reached = caps.reached(counted)
    return Barrier(_CAPS[reached[0]], reached[1]) if reached else None


def is_stale(recipient: Recipient, now: datetime) -> bool:
    """Whether its caps were set so lately that its moments don't tell all that they count."""
    return (
        recipient.greatest_cap > 0
        and recipient.capped_at is not None
        and now - recipient.capped_at < LONGEST_CAP
    )
