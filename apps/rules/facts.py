"""A lead as rules see it: its columns, its facts and the team's own fields, typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from apps.leads.models import LEAD_COLUMNS, Lead
from apps.routing.facts import LeadFacts, Value
from apps.routing.fields import CUSTOM_PREFIX, FieldType, Registry
from apps.rules.registry import STANDARD
from apps.teams.presentation import minor_digits

COLUMNS = tuple(sorted(LEAD_COLUMNS))


def lead_facts(lead: Lead, registry: Registry = STANDARD) -> LeadFacts:
    """The lead's known values by registry key; money in major units. Needs `source` loaded.

    Give the team's registry so that its own money fields are read as money.
    """
    raw = {key: getattr(lead, key) for key in COLUMNS} | _own(lead) | dict(lead.facts)
    raw["source"] = lead.source.slug
    known = {key: value for key, value in raw.items() if value not in (None, "", [])}
    values = {key: _typed(lead, key, value, registry) for key, value in known.items()}
    return LeadFacts(lead.pk, lead.received_at, values)


def many(leads: Iterable[Lead], registry: Registry) -> Sequence[LeadFacts]:
    return [lead_facts(lead, registry) for lead in leads]


def _own(lead: Lead) -> dict[str, Any]:
    return {CUSTOM_PREFIX + key: value for key, value in lead.custom.items()}


def _typed(lead: Lead, key: str, value: Any, registry: Registry) -> Value:
    if isinstance(value, list):
        return tuple(str(each) for each in value)
    field = registry.get(key)
    is_amount = isinstance(value, int) and not isinstance(value, bool)
    if is_amount and field is not None and field.type is FieldType.MONEY:
        currency = str(lead.facts.get(f"{key}_currency", ""))
        return Decimal(value).scaleb(-minor_digits(currency))
    return value
