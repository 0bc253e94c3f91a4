"""How an agency keeps its clients in order: a group and tags, which no client sees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.agency import agencies
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import ClientGrant


@transaction.atomic
def sort_client(
    client: UUID, *, group: str, tags: Sequence[str], by: AgencyAccess, now: datetime
) -> ClientGrant:
    """Put a client into a group and give it these tags. ClientGrant.DoesNotExist: no client."""
    rows = by.clients().select_for_update(of=("self",), no_key=True)
    grant = rows.get(pk=client)
    grant.group, grant.tags = group, list(tags)
    grant.save(update_fields=["group", "tags"])
    detail = {"group": group, "tags": list(tags)}
    agencies.record(
        by=by, action="client.sorted", target=grant.team.name, now=now, detail=detail
    )  # fmt: skip
    return grant
