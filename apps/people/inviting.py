"""Inviting with all that somebody needs: what `teams` gives, and seats in pools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.rules.models import InvitedSeat
from apps.rules.pools import invited
from apps.teams import invitations
from apps.teams.access import Access
from apps.teams.invitations import Sent
from apps.teams.models import Invitation, Skill
from apps.teams.permissions import Switch
from apps.teams.starting import Start, missing_skill

Weights = Mapping[UUID, int]


@transaction.atomic
def invite(
    *, email: str, role: str, start: Start, weights: Weights | None, by: Access, now: datetime
) -> Sent:
    """An invitation with its seats, one mail. `weights` by pool; None: not hers to choose.

    InvitationRefused, or Refused for a weight, leaves nothing behind.
    """
    sent = invitations.invite(email=email, role=role, start=start, by=by, now=now)
    if weights:
        invited.choose(sent.invitation, weights, by=by, now=now)
    return sent


@transaction.atomic
def change(
    invitation: Invitation,
    *,
    role: str,
    start: Start,
    weights: Weights | None,
    by: Access,
    now: datetime,
) -> None:
    """Let her start otherwise while she has not come; the link in her mail stays good."""
    row = invitations.change(invitation, role=role, start=start, by=by, now=now)
    if weights is not None:
        invited.choose(row, weights, by=by, now=now)


@dataclass(frozen=True, slots=True)
class InvitedRow:
    """An open invitation with what it carries, and what of it is gone by now, in words."""

    invitation: Invitation
    seats: list[InvitedSeat]
    switches: list[str]
    skills: list[str]
    gone: list[str]
    may_change: bool


def rows(by: Access) -> list[InvitedRow]:
    """Who was invited and is not here yet, the latest first; three queries."""
    waiting = list(invitations.waiting(by))
    seats = invited.seats_of(waiting)
    skills = set(Skill.objects.visible_to(by).values_list("pk", flat=True)) if waiting else set()
    roles = invitations.roles_to_invite(by)
    return [
        _row(each, seats.get(each.pk, []), {str(pk) for pk in skills}, each.role in roles)
        for each in waiting
    ]


def _row(row: Invitation, seats: list[InvitedSeat], skills: set[str], may: bool) -> InvitedRow:
    gone = [missing_skill(each["name"]) for each in row.skills if each["skill"] not in skills]
    gone += [invited.missing_pool(each.pool) for each in seats if not each.pool.is_active]
    known = dict(Switch.choices)
    return InvitedRow(
        invitation=row,
        seats=[each for each in seats if each.pool.is_active],
        switches=[str(known.get(switch, switch)) for switch in row.switches],
        skills=[
            _("%(skill)s %(level)d") % {"skill": each["name"], "level": each["level"]}
            for each in row.skills
            if each["skill"] in skills
        ],
        gone=gone,
        may_change=may,
    )
