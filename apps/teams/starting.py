"""What an invitation gives beside the role: switches, title, hours and skills, from the first day.

Pools come along too, but those are of `rules`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.teams import availability
from apps.teams.access import Access
from apps.teams.models import Invitation, Membership, MemberSkill, Skill
from apps.teams.permissions import Permission, Switch
from apps.teams.team_settings import routing_moved

# What each part needs of whoever invites. The rest of an invitation is for whoever may invite.
NEEDS = {
    "switches": Permission.EDIT_MEMBERS,
    "hours": Permission.PAUSE_OTHERS,
    "skills": Permission.EDIT_ROUTING,
}


@dataclass(frozen=True, slots=True)
class Start:
    """How somebody starts. None: as it is, which for a new invitation is nothing.

    `hours` that are empty are the team's; `skills` are levels from 1 to 5 by skill.
    """

    title: str = ""
    switches: Sequence[str] | None = None
    hours: Mapping[str, Any] | None = None
    skills: Mapping[UUID, int] | None = None


def columns(start: Start, *, by: Access) -> dict[str, Any]:
    """The columns of an invitation that says so; PermissionDenied for what is not hers to give."""
    for name, permission in NEEDS.items():
        if getattr(start, name):
            by.require(permission)
    given: dict[str, Any] = {"title": start.title}
    if start.switches is not None:
        given["switches"] = sorted({Switch(each).value for each in start.switches})
    if start.hours is not None:
        hours = availability.checked_hours(dict(start.hours))
        given["hours"] = hours or None
    if start.skills is not None:
        given["skills"] = _skills(start.skills, by)
    return given


def _skills(levels: Mapping[UUID, int], by: Access) -> list[dict[str, Any]]:
    """Skills of the team alone, each with the name by which it may be missed one day."""
    known = Skill.objects.visible_to(by).filter(pk__in=levels)
    return [
        {"skill": str(skill.pk), "name": skill.name, "level": levels[skill.pk]} for skill in known
    ]


def first_columns(invitation: Invitation) -> dict[str, Any]:
    """What she is as a member from her first moment on."""
    return {
        "role": invitation.role,
        "switches": invitation.switches,
        "title": invitation.title,
        "hours": invitation.hours,
    }


def give_skills(member: Membership, invitation: Invitation) -> list[str]:
    """Give a new member the skills that still are; what is gone, in words."""
    levels = {UUID(each["skill"]): each for each in invitation.skills}
    found = list(Skill.objects.filter(team_id=member.team_id, pk__in=levels))
    MemberSkill.objects.bulk_create(
        MemberSkill(
            team_id=member.team_id, membership=member, skill=skill, level=levels[skill.pk]["level"]
        )
        for skill in found
    )
    if found:
        routing_moved(member.team)
    gone = levels.keys() - {skill.pk for skill in found}
    return [missing_skill(each["name"]) for pk, each in levels.items() if pk in gone]


def missing_skill(name: str) -> str:
    return _("the skill “%(name)s”, which is gone") % {"name": name}
