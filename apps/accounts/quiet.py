"""Quiet hours: when somebody wants to hear of what is urgent alone, by her own clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from apps.accounts.models import User

ONE_DAY = timedelta(days=1)


def quiet_until(user: User, now: datetime) -> datetime | None:
    """When the quiet hours end in which she is now; None while she is in none."""
    begin, end = user.quiet_from, user.quiet_until
    if begin is None or end is None or begin == end:
        return None
    local = now.astimezone(ZoneInfo(user.timezone))
    if not _is_within(local.time(), begin, end):
        return None
    # They may run over midnight; in an hour that the clock repeats, they end as often.
    day = local.date() if local.time() < end else local.date() + ONE_DAY
    return datetime.combine(day, end.replace(fold=local.fold), tzinfo=local.tzinfo).astimezone(UTC)


def _is_within(at: time, begin: time, end: time) -> bool:
    if begin < end:
        return begin <= at < end
    return at >= begin or at < end
