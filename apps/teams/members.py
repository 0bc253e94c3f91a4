"""What a member is in the team: role, switches, skills, territories. A team keeps an admin."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.teams import audit, change
from apps.teams.access import Access
from apps.teams.models import (
    AvailabilityChange,
    Membership,
    MemberSkill,
    Skill,
    Team,
    Territory,
)
from apps.teams.permissions import Permission, Role
from apps.teams.team_settings import routing_moved


class MemberRefused(ValueError):
    """The team would be left without somebody or something it needs; the message says what."""


@transaction.atomic
def change_role(member: Membership, *, role: str, by: Access, now: datetime) -> Membership:
    """Give her another role; refused for the last admin."""
    _require(member, by)
    row = _locked_with_team(member)
    before = row.role
    if before == role:
        return row
    if before == Role.ADMIN:
        _keep_an_admin(row)
    row.role = Role(role)
    row.save(update_fields=["role"])
    return _audited(row, "member.role", {"before": before, "after": role}, by=by, now=now)


@transaction.atomic
def change_switches(
    member: Membership, *, switches: Iterable[str], by: Access, now: datetime
) -> Membership:
    """What this one member may do beyond her role."""
    _require(member, by)
    row = change.locked(member)
    before, after = sorted(row.switches), sorted(set(switches))
    row.switches = after
    row.save(update_fields=["switches"])
    return _audited(row, "member.switches", {"before": before, "after": after}, by=by, now=now)


@transaction.atomic
def set_active(member: Membership, *, is_active: bool, by: Access, now: datetime) -> Membership:
    """Let her in, or keep her out from the next request on. Her leads stay hers until moved."""
    _require(member, by)
    row = _locked_with_team(member)
    if row.is_active == is_active:
        return row
    if row.role == Role.ADMIN and not is_active:
        _keep_an_admin(row)
    row.is_active = is_active
    row.save(update_fields=["is_active"])
    kind = AvailabilityChange.Kind.ACTIVE if is_active else AvailabilityChange.Kind.INACTIVE
    change.keep(row, kind=kind, before=not is_active, after=is_active, by=by, now=now)
    return _audited(row, f"member.{kind.value}", {}, by=by, now=now)


@transaction.atomic
def describe(
    member: Membership, *, title: str, experience: int, by: Access, now: datetime
) -> Membership:
    """Her job title, and her years of experience."""
    by.require(Permission.EDIT_ROUTING)
    _own_team(member, by)
    row = change.locked(member)
    row.title, row.experience = title, experience
    row.save(update_fields=["title", "experience"])
    routing_moved(by.team)
    return _audited(row, "member.described", {"experience": experience}, by=by, now=now)


@transaction.atomic
def set_skills(
    member: Membership, *, levels: Mapping[UUID, int], by: Access, now: datetime
) -> Membership:
    """Exactly these skills, each at a level from 1 to 5; those of other teams do not exist."""
    by.require(Permission.EDIT_ROUTING)
    _own_team(member, by)
    row = change.locked(member)
    skills = Skill.objects.filter(team=by.team, pk__in=levels)
    MemberSkill.objects.filter(membership=row).delete()
    MemberSkill.objects.bulk_create(
        MemberSkill(team=by.team, membership=row, skill=skill, level=levels[skill.pk])
        for skill in skills
    )
    routing_moved(by.team)
    detail = {"skills": {str(skill.pk): levels[skill.pk] for skill in skills}}
    return _audited(row, "member.skills", detail, by=by, now=now)


@transaction.atomic
def set_territories(
    member: Membership, *, territories: Iterable[UUID], by: Access, now: datetime
) -> Membership:
    """Exactly these territories; those of other teams do not exist."""
    by.require(Permission.EDIT_ROUTING)
    _own_team(member, by)
    row = change.locked(member)
    chosen = list(Territory.objects.filter(team=by.team, pk__in=list(territories)))
    row.territories.set(chosen, through_defaults={"team": by.team})
    routing_moved(by.team)
    detail = {"territories": [str(territory.pk) for territory in chosen]}
    return _audited(row, "member.territories", detail, by=by, now=now)


def _require(member: Membership, by: Access) -> None:
    by.require(Permission.EDIT_MEMBERS)
    _own_team(member, by)


def _own_team(member: Membership, by: Access) -> None:
    if member.team_id != by.team.pk:
        raise Membership.DoesNotExist


def _locked_with_team(member: Membership) -> Membership:
    """The member, after the team's own row: two admins leaving at once must not both succeed."""
    Team.objects.select_for_update(no_key=True).get(pk=member.team_id)
    return change.locked(member)


def _keep_an_admin(leaving: Membership) -> None:
    others = Membership.objects.active().filter(team_id=leaving.team_id, role=Role.ADMIN)
    if leaving.is_active and not others.exclude(pk=leaving.pk).exists():
        raise MemberRefused(
            _("A team needs at least one admin. Make somebody else an admin first.")
        )


def _audited(
    member: Membership, action: str, detail: dict[str, Any], *, by: Access, now: datetime
) -> Membership:
    audit.record(by=by, action=action, target=member, now=now, detail=detail)
    return member
