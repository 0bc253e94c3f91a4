"""Changing what is known of a lead, with what follows from it at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.leads import services as leads
from apps.leads.models import Lead
from apps.rules.scoring import rescoring
from apps.teams.access import Access


@transaction.atomic
def edit(
    lead: Lead, *, changes: dict[str, Any], by: Access, now: datetime, version: int | None = None
) -> Lead:
    """Change facts and count the score anew. Raises as `leads.services.edit`."""
    changed = leads.edit(lead, changes=changes, by=by, now=now, version=version)
    rescoring.rescore(changed, by=by, now=now)
    return changed
