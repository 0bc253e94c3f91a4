"""What of a client needs a look: it became slower, or one of its sources went silent.

What stands is kept in the grant's `warned`: {"slow": since, "silent:<source>": since, "told": when
operators heard of it}. It is found again every ten minutes; the list only reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from apps.leads.models import Source
from apps.teams.models import ClientGrant

SLOW, SILENT, TOLD = "slow", "silent:", "told"


@dataclass(frozen=True, slots=True)
class Warned:
    """One thing that needs a look, since when, and the source if it is about one."""

    kind: str  # "slow" or "silent"
    since: datetime | None
    source: Source | None = None

    @property
    def title(self) -> str:
        if self.source is None:
            return _("Slower than before")
        return _("%(source)s is silent") % {"source": self.source.name}


def standing(grants: Sequence[ClientGrant]) -> Mapping[UUID, list[Warned]]:
    """What stands about each client: one statement for all."""
    wanted = {key: grant.team_id for grant in grants for key in _sources(grant)}
    found = {source.pk: source for source in Source.objects.filter(pk__in=list(wanted))}
    # A source of another team is no source: what is kept is not trusted to name one's own.
    sources = {pk: source for pk, source in found.items() if source.team_id == wanted[pk]}
    return {grant.pk: _of(grant, sources) for grant in grants if grant.warned}


def _sources(grant: ClientGrant) -> list[UUID]:
    return [UUID(key.removeprefix(SILENT)) for key in grant.warned if key.startswith(SILENT)]


def _of(grant: ClientGrant, sources: Mapping[UUID, Source]) -> list[Warned]:
    found = []
    if SLOW in grant.warned:
        found.append(Warned(SLOW, parse_datetime(grant.warned[SLOW])))
    for pk in _sources(grant):
        if pk in sources:
            since = parse_datetime(grant.warned[f"{SILENT}{pk}"])
            found.append(Warned("silent", since, sources[pk]))
    return found
