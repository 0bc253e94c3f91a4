"""The copy of a lead: what a recipient may have of it, under the recipient's names. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from apps.leads.masking import DOT, masked_name
from apps.leads.models import Lead
from apps.routing.fields import CUSTOM_PREFIX, Field, FieldType, Registry
from apps.rules.facts import lead_facts
from apps.rules.models import Recipient
from apps.teams.presentation import minor_digits

# What the sender's team made of the lead is its own business.
OWN = frozenset({"score", "interest_group"})
CONTACT = ("email", "phone")
NAMES = frozenset({"name", "company"})
# Said by people about people: what may be in it, nobody knows.
FREE_TEXT = frozenset({"message", "job_title", "need", "solution"})
SAID_AGAIN = frozenset({
    "city", "region", "country", "product", "campaign", "source", "industry", "employees",
    "timeline", "budget", "received_at",
})  # fmt: skip


def offered(registry: Registry) -> list[Field]:
    """The fields that copies may hold, in the order of the pages."""
    return [field for field in registry.given() if field.key not in OWN]


def name_there(key: str, renames: Mapping[str, str]) -> str:
    """What a recipient calls a field."""
    return renames.get(key) or key.removeprefix(CUSTOM_PREFIX)


def payload(lead: Lead, recipient: Recipient, registry: Registry) -> dict[str, Any]:
    """The copy, ready for JSON: money in major units with its currency, moments in ISO 8601.

    Needs the lead's `source` loaded. What is not known is left out.
    """
    values = {**lead_facts(lead, registry).values, "received_at": lead.received_at}
    values |= {"source": lead.source.name}
    wanted = set(recipient.fields)
    copy: dict[str, Any] = {}
    for field in offered(registry):
        value = values.get(field.key)
        if value is None or (wanted and field.key not in wanted):
            continue
        name = name_there(field.key, recipient.renames)
        copy[name] = _plain(value)
        if field.type is FieldType.MONEY:
            copy |= _money(name, value, _currency(field.key, lead), recipient)
    return copy


def masked(copy: Mapping[str, Any], recipient: Recipient, registry: Registry) -> dict[str, Any]:
    """What a copy shows where contact details stay hidden: initials, place and plain facts.

    For offers, and for leads that stay out of the sender's team. Free text and fields of a
    team's own are left out: nobody knows what is in them.
    """
    shown: dict[str, Any] = {}
    for field in offered(registry):
        name = name_there(field.key, recipient.renames)
        if name not in copy:
            continue
        if field.key in NAMES:
            shown[name] = masked_name(str(copy[name]))
        elif field.key in CONTACT:
            shown[name] = DOT * 6
        elif field.key in SAID_AGAIN:
            shown[name] = copy[name]
    return shown


def labels(
    copy: Iterable[str], recipient: Recipient, registry: Registry
) -> list[tuple[str, str, str]]:
    """Each name in a copy with the key and the label of its field, in the order of the pages.

    Names whose field is gone come last, under themselves with an empty key.
    """
    known = {
        name_there(field.key, recipient.renames): (field.key, field.label)
        for field in offered(registry)
    }
    order = {name: place for place, name in enumerate(known)}
    names = sorted(copy, key=lambda name: order.get(name, len(order)))
    return [(name, *known.get(name, ("", name))) for name in names]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _currency(key: str, lead: Lead) -> str:
    return str(lead.facts.get(f"{key}_currency") or lead.team.currency)


def _money(name: str, amount: Any, currency: str, recipient: Recipient) -> dict[str, str]:
    """A team reads "1250.50 EUR" as money of that currency; programs want them apart."""
    if recipient.kind == Recipient.Kind.TEAM:
        return {name: f"{amount} {currency}"}
    return {name: str(amount), f"{name}_currency": currency}


def price(recipient: Recipient, currency: str) -> Decimal:
    """The price of one lead in major units."""
    return Decimal(recipient.price_minor).scaleb(-minor_digits(currency))
