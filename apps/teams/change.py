"""One member's row, taken for a change, and the history that every change leaves."""

from datetime import datetime
from typing import Any

from apps.teams.access import Access
from apps.teams.models import AvailabilityChange, Membership
from apps.teams.scope import deed


def locked(member: Membership) -> Membership:
    """The member as she stands now, locked until the transaction ends.

    Without the key: rows that merely point to her are still inserted meanwhile.
    """
    return (
        Membership.objects.select_for_update(of=("self",), no_key=True)
        .select_related("team", "user")
        .get(pk=member.pk)
    )


def keep(
    member: Membership, *, kind: str, before: Any, after: Any, by: Access, now: datetime
) -> AvailabilityChange:
    """Add one line to the history of a member's availability."""
    return AvailabilityChange.objects.create(
        team_id=member.team_id,
        membership=member,
        at=now,
        kind=kind,
        before=before,
        after=after,
        **deed(by),
    )
