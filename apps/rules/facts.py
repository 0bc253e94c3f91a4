"""A lead as rules see it: its columns, its facts and the team's own fields, typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.leads.models import LEAD_COLUMNS, Lead
from apps.routing.facts import LeadFacts, Value
from apps.routing.fields import CUSTOM_PREFIX, FieldType, Registry
from apps.rules.registry import STANDARD, TeamRegistry
from apps.teams.presentation import minor_digits

GIVEN = tuple(sorted(LEAD_COLUMNS))
# What `lead_facts` reads of a lead, beside its id, its source and when it was received.
COLUMNS = (
    *GIVEN, "status_id", "status_kind", "band", "priority", "came_again", "first_contact_at",
    "opened_content_at", "last_heard_at", "group_ids",
)  # fmt: skip
EMPTY: tuple[object, ...] = (None, "", [], ())


def lead_facts(
    lead: Lead, registry: Registry = STANDARD, *, now: datetime | None = None
) -> LeadFacts:
    """The lead's known values by registry key; money in major units. Needs `source` loaded.

    Give the team's registry so that its own money fields are read as money, and statuses and
    interest groups by their names; and `now`, so that it is known how long the lead is silent.
    """
    raw = {key: getattr(lead, key) for key in GIVEN} | _own(lead) | dict(lead.facts)
    raw |= _derived(lead, registry, now) | {"source": lead.source.slug}
    known = {key: value for key, value in raw.items() if value not in EMPTY}
    values = {key: _typed(key, value, raw, registry) for key, value in known.items()}
    return LeadFacts(lead.pk, lead.received_at, values)


def many(
    leads: Iterable[Lead], registry: Registry, *, now: datetime | None = None
) -> Sequence[LeadFacts]:
    return [lead_facts(lead, registry, now=now) for lead in leads]


def _own(lead: Lead) -> dict[str, Any]:
    return {CUSTOM_PREFIX + key: value for key, value in lead.custom.items()}


def _derived(lead: Lead, registry: Registry, now: datetime | None) -> dict[str, Any]:
    """What follows from what happened to the lead, whatever was sent under the same name."""
    own = registry if isinstance(registry, TeamRegistry) else None
    heard = lead.last_heard_at or lead.received_at
    return {
        "status": own.statuses.get(lead.status_id) if own else None,
        "status_kind": str(lead.status_kind),
        "band": lead.band,
        "priority": lead.priority,
        "came_again": lead.came_again,
        "replied": lead.first_contact_at is not None,
        "opened_content": lead.opened_content_at is not None,
        "silent_days": max((now - heard).days, 0) if now else None,
        "interest_group": _groups(lead, own),
    }


def _groups(lead: Lead, registry: TeamRegistry | None) -> list[str]:
    """Every name, former ones too, of the lead's interest groups, and those that it sent."""
    sent = lead.facts.get("interest_group") or []
    names = [sent] if isinstance(sent, str) else list(sent)
    if registry is not None:
        for group in lead.group_ids:
            names += registry.groups.get(group, ())
    return names


def _typed(key: str, value: Any, raw: Mapping[str, Any], registry: Registry) -> Value:
    if isinstance(value, list):
        return tuple(str(each) for each in value)
    field = registry.get(key)
    is_amount = isinstance(value, int) and not isinstance(value, bool)
    if is_amount and field is not None and field.type is FieldType.MONEY:
        return Decimal(value).scaleb(-minor_digits(str(raw.get(f"{key}_currency", ""))))
    return value
