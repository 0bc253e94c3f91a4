"""When a member can work and how much she takes. Every change is kept and audited.

Held leads need no word from here: their pools look again within seconds.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.routing.calendar import Schedule
from apps.teams import audit, change
from apps.teams.access import Access
from apps.teams.models import AvailabilityChange, Membership, TimeOff
from apps.teams.permissions import Permission

Kind = AvailabilityChange.Kind


class AvailabilityRefused(ValueError):
    """What was asked for makes no sense; the message says why and what would."""


def may_change(member: Membership, *, by: Access) -> bool:
    """One's own availability with one permission, anybody's with another."""
    if member.team_id != by.team.pk:
        return False
    if by.can(Permission.PAUSE_OTHERS):
        return True
    return by.can(Permission.PAUSE_OWN) and member.pk == by.member_id


def require_may_change(member: Membership, *, by: Access) -> None:
    """PermissionDenied without the right; Membership.DoesNotExist for another team's member."""
    is_own = member.pk == by.member_id
    if not may_change(member, by=by):
        by.require(Permission.PAUSE_OWN if is_own else Permission.PAUSE_OTHERS)
        raise Membership.DoesNotExist


@transaction.atomic
def pause(
    member: Membership,
    *,
    by: Access,
    now: datetime,
    until: datetime | None = None,
    hand_back: bool = False,
) -> Membership:
    """No new leads until she resumes, or until a moment.

    With `hand_back`, the leads that she has not touched go on as well, within seconds: the kept
    change says so to whoever looks at it (assignments.off_duty).
    """
    require_may_change(member, by=by)
    if until is not None and until <= now:
        raise AvailabilityRefused(_("A pause must end in the future."))
    row = change.locked(member)
    before = _pause_of(row)
    row.is_paused, row.paused_until = True, until
    row.save(update_fields=["is_paused", "paused_until"])
    after = _pause_of(row) | ({"hand_back": True} if hand_back else {})
    return _done(row, Kind.PAUSED, before, after, by=by, now=now)


@transaction.atomic
def resume(member: Membership, *, by: Access, now: datetime) -> Membership:
    """Takes new leads again from now on; nothing happens to one who was not paused."""
    require_may_change(member, by=by)
    row = change.locked(member)
    if not row.is_paused:
        return row
    before = _pause_of(row)
    row.is_paused, row.paused_until = False, None
    row.save(update_fields=["is_paused", "paused_until"])
    return _done(row, Kind.RESUMED, before, _pause_of(row), by=by, now=now)


@transaction.atomic
def set_hours(
    member: Membership, *, hours: dict[str, Any] | None, by: Access, now: datetime
) -> Membership:
    """Her weekly hours as `Schedule` reads them; None for the team's."""
    require_may_change(member, by=by)
    row = change.locked(member)
    before = row.hours
    row.hours = None if hours is None else checked_hours(hours)
    row.save(update_fields=["hours"])
    return _done(row, Kind.HOURS, before, row.hours, by=by, now=now)


@transaction.atomic
def set_capacity(
    member: Membership, *, capacity: int | None, by: Access, now: datetime
) -> Membership:
    """At most so many open leads at a time; None for no limit. Only for those who run routing."""
    by.require(Permission.EDIT_ROUTING)
    require_may_change(member, by=by)
    row = change.locked(member)
    before = row.capacity
    row.capacity = capacity
    row.save(update_fields=["capacity"])
    return _done(row, Kind.CAPACITY, before, capacity, by=by, now=now)


@transaction.atomic
def add_time_off(
    member: Membership,
    *,
    starts_at: datetime,
    ends_at: datetime,
    by: Access,
    now: datetime,
    note: str = "",
) -> TimeOff:
    """Away from one moment until another."""
    require_may_change(member, by=by)
    if ends_at <= starts_at:
        raise AvailabilityRefused(_("Time off must end after it begins."))
    if ends_at <= now:
        raise AvailabilityRefused(_("That time off is already over."))
    time_off = TimeOff.objects.create(
        team_id=member.team_id, membership=member, starts_at=starts_at, ends_at=ends_at, note=note
    )
    _done(member, Kind.TIME_OFF, None, _span(time_off), by=by, now=now)
    return time_off


@transaction.atomic
def remove_time_off(time_off: TimeOff, *, by: Access, now: datetime) -> None:
    """She is there after all. What was planned stays in the history."""
    require_may_change(time_off.membership, by=by)
    _done(time_off.membership, Kind.TIME_OFF_REMOVED, _span(time_off), None, by=by, now=now)
    time_off.delete()


def checked_hours(hours: dict[str, Any]) -> dict[str, list[list[str]]]:
    """Weekly hours in their one written form; AvailabilityRefused names what is wrong."""
    try:
        return Schedule.from_json(hours).to_json()
    except ValueError as error:
        raise AvailabilityRefused(str(error)) from error


def _done(
    member: Membership, kind: Kind, before: Any, after: Any, *, by: Access, now: datetime
) -> Membership:
    change.keep(member, kind=kind, before=before, after=after, by=by, now=now)
    audit.record(
        by=by,
        action=f"availability.{kind.value}",
        target=member,
        now=now,
        detail={"before": before, "after": after},
    )
    return member


def _pause_of(member: Membership) -> dict[str, Any]:
    until = member.paused_until.isoformat() if member.paused_until else None
    return {"is_paused": member.is_paused, "until": until}


def _span(time_off: TimeOff) -> dict[str, str]:
    return {
        "starts_at": time_off.starts_at.isoformat(),
        "ends_at": time_off.ends_at.isoformat(),
    }
