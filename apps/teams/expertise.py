"""What members are good at and where they sell: skills, languages and territories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.routing import arguments
from apps.routing.fields import Field, FieldType
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Membership, MemberSkill, MemberTerritory, Skill, Territory
from apps.teams.permissions import Permission
from apps.teams.team_settings import SettingRefused, routing_moved

_PLACE = Field("place", "Place", FieldType.PLACE)


@transaction.atomic
def add_skill(*, name: str, kind: str, by: Access, now: datetime) -> Skill:
    """Something that members may have and leads may need."""
    by.require(Permission.EDIT_ROUTING)
    skill = Skill(team=by.team, name=name.strip(), kind=kind)
    _save(skill)
    _moved("skill.added", skill, by=by, now=now)
    return skill


@transaction.atomic
def rename_skill(skill: Skill, *, name: str, by: Access, now: datetime) -> Skill:
    """Members keep it under its new name. Pools know skills by name: see rules.skills."""
    by.require(Permission.EDIT_ROUTING)
    before, skill.name = skill.name, name.strip()
    _save(skill)
    _moved("skill.renamed", skill, {"before": before}, by=by, now=now)
    return skill


@transaction.atomic
def set_levels(skill: Skill, *, levels: Mapping[UUID, int], by: Access, now: datetime) -> None:
    """Who has a skill, and at which level from 1 to 5; members not named, or at 0, have none."""
    by.require(Permission.EDIT_ROUTING)
    had = dict(MemberSkill.objects.filter(skill=skill).values_list("membership_id", "level"))
    wanted = {member: level for member, level in levels.items() if level}
    if had == wanted:
        return
    members = _own(by, wanted)
    MemberSkill.objects.filter(skill=skill).delete()
    MemberSkill.objects.bulk_create(
        MemberSkill(team=by.team, membership=member, skill=skill, level=wanted[member.pk])
        for member in members
    )
    detail = {"levels": {str(member.pk): wanted[member.pk] for member in members}}
    _moved("skill.levels", skill, detail, by=by, now=now)


@transaction.atomic
def remove_skill(skill: Skill, *, by: Access, now: datetime) -> None:
    """Nobody has it any more."""
    by.require(Permission.EDIT_ROUTING)
    _moved("skill.removed", skill, by=by, now=now)
    skill.delete()


@transaction.atomic
def save_territory(
    territory: Territory | None,
    *,
    name: str,
    area: Mapping[str, Any],
    members: Iterable[UUID],
    by: Access,
    now: datetime,
) -> Territory:
    """Make a territory, or set it anew, with exactly these members selling there.

    `area` is {"countries", "regions", "cities", "postcodes"}, each a list.
    """
    by.require(Permission.EDIT_ROUTING)
    is_new = territory is None
    row = territory or Territory(team=by.team)
    row.name, row.area = name.strip(), dict(area)
    check_area(row.area)
    _save(row)
    chosen = _own(by, members)
    MemberTerritory.objects.filter(territory=row).delete()
    MemberTerritory.objects.bulk_create(
        MemberTerritory(team=by.team, membership=member, territory=row) for member in chosen
    )
    detail = {"members": [str(member.pk) for member in chosen]}
    _moved("territory.added" if is_new else "territory.changed", row, detail, by=by, now=now)
    return row


@transaction.atomic
def remove_territory(territory: Territory, *, by: Access, now: datetime) -> None:
    """Nobody sells there any more; rules that name its places stay as they are."""
    by.require(Permission.EDIT_ROUTING)
    _moved("territory.removed", territory, by=by, now=now)
    territory.delete()


def check_area(area: Mapping[str, Any]) -> None:
    """Refuse an area that no lead could be in, saying which part is wrong."""
    try:
        arguments.area(area, _PLACE)
    except arguments.Mistake as mistake:
        part = mistake.path.removeprefix(".").partition("[")[0]
        raise SettingRefused(f"{part}: {mistake.message}" if part else mistake.message) from None


def _own(by: Access, ids: Iterable[UUID]) -> list[Membership]:
    """Those of the ids that are members of the team; others do not exist."""
    return list(Membership.objects.filter(team=by.team, pk__in=list(ids)))


def _moved(
    action: str,
    row: Skill | Territory,
    detail: dict[str, Any] | None = None,
    *,
    by: Access,
    now: datetime,
) -> None:
    routing_moved(by.team)
    audit.record(by=by, action=action, target=row, now=now, detail=detail)


def _save(row: Skill | Territory) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise SettingRefused(_("“%(name)s” exists already.") % {"name": row.name}) from error
