"""Filling a draft with rules from elsewhere, as they are: what can't work here keeps it a draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.rules.models import Rule, RuleSet, Version
from apps.rules.sets import version_rows as rows
from apps.rules.sets import versions
from apps.rules.sets.checking import RuleFields
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.permissions import Permission


@dataclass(frozen=True, slots=True)
class Filled:
    """One rule as the draft shall have it. Its key says of which live rule it is the next state."""

    key: UUID
    fields: RuleFields
    is_active: bool


@transaction.atomic
def fill_draft(
    rule_set: RuleSet, filled: Sequence[Filled], *, by: Access, now: datetime
) -> Version:
    """Make the set's draft these rules in this order, whatever it held before.

    A rule that names what the team does not have is kept and shown as a problem, and publishing
    refuses it; so nothing but the draft changes here.
    """
    by.require(Permission.EDIT_ROUTING)
    version = versions.draft_of(rule_set, by=by, now=now)
    version.rules.all().delete()
    Rule.objects.bulk_create(
        Rule(
            team_id=version.team_id, version=version, key=each.key, position=position,
            is_active=each.is_active, **rows.columns(each.fields),
        )
        for position, each in enumerate(filled, start=1)
    )  # fmt: skip
    version.saved_at, version.saved_by_id = now, by.actor_id
    version.save(update_fields=["saved_at", "saved_by"])
    detail = {"set": rule_set.name, "version": version.number, "rules": len(filled)}
    audit.record(by=by, action="rules.draft_filled", target=version, now=now, detail=detail)
    return version
