"""An admin signs a member out everywhere: a lost phone, a leaver."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.accounts import devices
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission


@transaction.atomic
def end_all_of(member: Membership, *, by: Access, now: datetime) -> int:
    """End all sessions of a member of one's team; how many there were. It is logged."""
    by.require(Permission.EDIT_MEMBERS)
    if member.team_id != by.team.pk:
        raise Membership.DoesNotExist
    ended = devices.end_all(member.user)
    detail = {"sessions": ended}
    audit.record(by=by, action="session.ended", target=member, now=now, detail=detail)
    return ended
