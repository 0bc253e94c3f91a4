"""Skills as pools know them: by name, so that a new name is a change of every pool that asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.routing.values import fold
from apps.rules.models import Pool
from apps.rules.pools import services as pools
from apps.rules.pools.settings import PoolSettings
from apps.rules.refusals import Refused
from apps.teams import expertise
from apps.teams.access import Access
from apps.teams.models import Skill

Items = Sequence[Mapping[str, Any]]


@transaction.atomic
def rename(skill: Skill, *, name: str, by: Access, now: datetime) -> None:
    """Call a skill otherwise, also in the pools that ask for it; each of them is revised."""
    before = skill.name
    expertise.rename_skill(skill, name=name, by=by, now=now)
    for pool in asking(skill, before):
        settings = PoolSettings.of(pool)
        items = _renamed(settings.filters.get("items", ()), before, skill.name)
        anew = replace(
            settings,
            filters={**settings.filters, "items": items} if items else settings.filters,
            fit=_renamed(settings.fit, before, skill.name),
        )
        pools.edit_pool(pool, anew, by=by, now=now)


@transaction.atomic
def remove(skill: Skill, *, by: Access, now: datetime) -> None:
    """Take a skill away from everybody; Refused while a pool asks for it."""
    used = [pool.name for pool in asking(skill, skill.name)]
    if used:
        words = _("%(pools)s asks for “%(skill)s”: change that first.")
        raise Refused.at("", words % {"pools": ", ".join(used), "skill": skill.name})
    expertise.remove_skill(skill, by=by, now=now)


def asking(skill: Skill, name: str) -> list[Pool]:
    """The pools that ask for the skill of this name, as a filter or for the match."""
    if skill.kind != Skill.Kind.SKILL:
        return []
    pools_of_team = Pool.objects.filter(team_id=skill.team_id)
    return [
        pool
        for pool in pools_of_team
        if any(_asks(item, name) for item in (*pool.filters.get("items", ()), *pool.fit))
    ]


def _asks(item: Mapping[str, Any], name: str) -> bool:
    return item.get("kind") == "skill" and fold(str(item.get("skill", ""))) == fold(name)


def _renamed(items: Items, before: str, after: str) -> list[dict[str, Any]]:
    return [{**item, "skill": after} if _asks(item, before) else dict(item) for item in items]
