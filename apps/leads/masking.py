"""What a lead shows to whom: one card for every page, alert, e-mail and API answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.leads.models import Lead, Source
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.presentation import money

DOT = "•"
# Shown when no rule named anything better, in this order.
USUAL_FACTS = ("product", "employees", "budget", "timeline", "industry", "need")
FACTS_SHOWN = 3


def masked_name(name: str) -> str:
    """Initials with dots: "Rosa Steiner" becomes "R••• S••••••"."""
    return " ".join(word[0] + DOT * max(len(word) - 1, 3) for word in name.split()[:3])


@dataclass(frozen=True, slots=True)
class LeadCard:
    """What a card shows. Masked: initials, city, source and the facts that rules matched."""

    id: UUID
    name: str
    company: str
    where: str
    source: str
    campaign: str
    facts: tuple[str, ...]
    is_masked: bool
    phone: str = ""
    email: str = ""
    band: str = ""
    is_copy: bool = False  # another team sent it

    @property
    def origin(self) -> str:
        """ "Website form · Quote request"."""
        return " · ".join(part for part in (self.source, self.campaign) if part)

    @property
    def label(self) -> str:
        return self.name or self.email or self.phone or "Lead"


def card(lead: Lead, *, masked: bool, keys: Iterable[str] = ()) -> LeadCard:
    """The lead's card; `keys` are the facts that a decision used. Needs `source` loaded."""
    return LeadCard(
        id=lead.pk,
        name=masked_name(lead.name) if masked else lead.name,
        company=masked_name(lead.company) if masked else lead.company,
        where=place(lead),
        source=lead.source.name,
        campaign="" if masked else lead.campaign or lead.form,
        facts=facts_shown(lead, keys),
        is_masked=masked,
        phone="" if masked else lead.phone,
        email="" if masked else lead.email,
        band=lead.band,
        is_copy=lead.source.kind == Source.Kind.COPY,
    )


def place(lead: Lead) -> str:
    """ "Graz, AT", as much as is known."""
    return ", ".join(part for part in (lead.city or lead.region, lead.country) if part)


def headline(lead: Lead) -> str:
    """The lead without anything personal, for alerts: "Website · Graz, AT"."""
    return " · ".join(part for part in (lead.source.name, place(lead)) if part)


def facts_shown(lead: Lead, keys: Iterable[str]) -> tuple[str, ...]:
    """At most three facts in words, those that rules used first; never a personal one."""
    personal = {"name", "email", "phone", "message", "company", "source", "campaign", "form"}
    placed = {"city", "region", "country"}
    wanted = [key for key in (*keys, *USUAL_FACTS) if key not in personal | placed]
    words = [_in_words(key, lead.value(key), lead) for key in dict.fromkeys(wanted)]
    return tuple(word for word in words if word)[:FACTS_SHOWN]


def _in_words(key: str, value: object, lead: Lead) -> str:
    if value in (None, "", [], {}):
        return ""
    if key == "employees":
        return f"{value:,} employees" if isinstance(value, int) else f"{value} employees"
    if key in {"budget", "revenue"} and isinstance(value, int):
        currency = lead.facts.get(f"{key}_currency") or lead.team.currency
        return f"{key.capitalize()} {money(value, currency)}"
    if isinstance(value, bool):
        return f"{_label(key)}: {'yes' if value else 'no'}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(item) for item in value)[:60]
    return str(value)[:60] if not key.startswith("custom.") else f"{_label(key)} {value}"[:60]


def _label(key: str) -> str:
    return key.removeprefix("custom.").replace("_", " ").capitalize()


def is_masked(lead: Lead, *, by: Access) -> bool:
    """Whether this actor sees the lead masked: always, or until somebody took it.

    A lead that nobody owns shows its contact details only to those who see others' leads.
    """
    if by.masked:
        return True
    return lead.owner_id is None and not by.can(Permission.SEE_OTHERS)
