"""Joining a team by an invitation, with everything that it carries, or not at all."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.alerts import services as alerts
from apps.alerts.models import Kind
from apps.alerts.services import NewAlert
from apps.onboarding.services import everyone
from apps.rules.models import InvitedSeat
from apps.rules.pools import invited, seats
from apps.teams import audit, invitations
from apps.teams.access import Access
from apps.teams.invitations import Accepted
from apps.teams.models import Membership
from apps.teams.permissions import Role


@transaction.atomic
def join(
    token: str, *, now: datetime, user: User | None = None, name: str = "", password: str = ""
) -> Membership:
    """Accept an invitation and take its seats; whoever invited her is told. InvitationRefused.

    What is gone by now is left out, and every admin reads what. A salesperson whose invitation
    names no pool sits in the pool “Everyone”: she would wait for leads that never come.
    """
    accepted = invitations.accept(token, now=now, user=user, name=name, password=password)
    member = accepted.member
    gone = invited.seat(member, accepted.invitation, now=now)
    if gone:
        audit.record(
            by=Access.of(member), action="invitation.pools_left_out", now=now,
            target=accepted.invitation, detail={"left_out": gone},
        )  # fmt: skip
    if not InvitedSeat.objects.filter(invitation=accepted.invitation).exists():
        _sit_with_everyone(member, now=now)
    _tell(accepted, [*accepted.left_out, *gone], now=now)
    return member


def _sit_with_everyone(member: Membership, *, now: datetime) -> None:
    pool = everyone(member.team)
    if pool is None or member.role != Role.SALESPERSON or not member.is_active:
        return
    if not pool.seats.filter(membership=member).exists():
        seats.add_seat(pool, member, by=Access.system(member.team), now=now)


def _tell(accepted: Accepted, left_out: list[str], *, now: datetime) -> None:
    """Whoever invited her, if still a member; and all admins where something was left out."""
    member = accepted.member
    team = Membership.objects.active().filter(team=member.team_id).exclude(pk=member.pk)
    who = Q(user=accepted.invitation.actor_id)
    if left_out:
        who |= Q(role=Role.ADMIN)
    told = [
        NewAlert(user_id, Kind.JOINED.value, data=_said(member, left_out))
        for user_id in team.filter(who).values_list("user_id", flat=True)
    ]
    alerts.raise_alerts(told, team=member.team, now=now)


def _said(member: Membership, left_out: list[str]) -> dict[str, str]:
    words = ""
    if left_out:
        words = _("Left out: %(what)s.") % {"what": ", ".join(left_out)}
    reason = words or _("With everything that the invitation said.")
    return {"page": "member", "id": str(member.pk), "title": str(member.user), "reason": reason}
