"""Naming a source: every one of a team has a key of its own."""

from __future__ import annotations

from django.utils.text import slugify

from apps.leads.models import Source
from apps.teams.models import Team


def free_slug(team: Team, name: str) -> str:
    """A key for a source of this name that the team does not use yet.

    Nobody else gets it: the team's row is locked until the caller's transaction ends.
    """
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    base = slugify(name)[:50] or "source"
    taken = set(
        Source.objects.filter(team=team, slug__startswith=base).values_list("slug", flat=True)
    )
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (base, *numbered) if slug not in taken)
