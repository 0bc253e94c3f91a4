"""What of a client needs a look: it became slower, or one of its sources went silent.

A warning that the agency knows of may rest for some days: then it is not among what needs a look.

What stands is kept in the grant's `warned`: {"slow": since, "silent:<source>": since, "told": when
operators heard of it}. It is found again every ten minutes; the list only reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from apps.agency.models import Rest
from apps.leads.models import Source
from apps.teams.models import ClientGrant

SLOW, SILENT, TOLD = "slow", "silent:", "told"


@dataclass(frozen=True, slots=True)
class Warned:
    """One thing that needs a look, since when, and the source if it is about one."""

    kind: str  # "slow" or "silent"
    since: datetime | None
    source: Source | None = None
    rests_until: datetime | None = None

    @property
    def key(self) -> str:
        """Its key in what is kept."""
        return f"{SILENT}{self.source.pk}" if self.source else SLOW

    @property
    def title(self) -> str:
        if self.source is None:
            return _("Slower than before")
        return _("%(source)s is silent") % {"source": self.source.name}


def needing(grants: Sequence[ClientGrant], *, now: datetime) -> Mapping[UUID, list[Warned]]:
    """What of each client needs a look: what stands and does not rest."""
    found = standing(grants, now=now)
    awake = {pk: [one for one in listed if not one.rests_until] for pk, listed in found.items()}
    return {pk: listed for pk, listed in awake.items() if listed}


def standing(grants: Sequence[ClientGrant], *, now: datetime) -> Mapping[UUID, list[Warned]]:
    """What stands about each client, resting or not: two statements for all."""
    warned = [grant for grant in grants if _keys(grant)]
    if not warned:
        return {}
    wanted = {UUID(key.removeprefix(SILENT)): grant.team_id
              for grant in warned for key in _keys(grant) if key != SLOW}  # fmt: skip
    found = {source.pk: source for source in Source.objects.filter(pk__in=list(wanted))}
    # A source of another team is no source: what is kept is not trusted to name one's own.
    sources = {pk: source for pk, source in found.items() if source.team_id == wanted[pk]}
    rests = _rests(warned, now)
    return {grant.pk: list(_of(grant, sources, rests)) for grant in warned}


def _keys(grant: ClientGrant) -> list[str]:
    return sorted((key for key in grant.warned if key != TOLD), key=lambda key: key != SLOW)


def _rests(grants: Sequence[ClientGrant], now: datetime) -> Mapping[tuple[UUID, str], Rest]:
    rows = Rest.objects.filter(grant__in=grants, until__gt=now)
    return {(rest.grant_id, rest.warning): rest for rest in rows}


def _of(
    grant: ClientGrant, sources: Mapping[UUID, Source], rests: Mapping[tuple[UUID, str], Rest]
) -> Iterator[Warned]:
    for key in _keys(grant):
        since = parse_datetime(grant.warned[key])
        until = _until(since, rests.get((grant.pk, key)))
        if key == SLOW:
            yield Warned(SLOW, since, rests_until=until)
        elif source := sources.get(UUID(key.removeprefix(SILENT))):
            yield Warned("silent", since, source, until)


def _until(since: datetime | None, rest: Rest | None) -> datetime | None:
    """Until when it rests; what began after it was put to rest does not."""
    return rest.until if rest and (since is None or since <= rest.at) else None
