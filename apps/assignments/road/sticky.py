"""Who may keep a lead: whoever had its person or its company before, or keeps its account."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from apps.leads.models import Lead
from apps.routing.facts import Preferred
from apps.rules.models import Sticky
from apps.teams.fixed import prepared

# One statement for all kinds; what a pool does not ask for is asked with nothing, and finds none.
BEFORE = (
    "(SELECT owner_id FROM leads_lead WHERE team_id = %s AND id <> %s AND deleted_at IS NULL "
    "AND owner_id IS NOT NULL AND ({who}) {which} ORDER BY received_at DESC, id DESC LIMIT 1)"
)
PERSON = "id = %s OR (email_key <> '' AND email_key = %s) OR (phone_key <> '' AND phone_key = %s)"
COMPANY = "(company_key <> '' AND company_key = %s) OR (domain <> '' AND domain = %s)"
STILL_THEIRS = "AND status_kind IN ('new', 'working', 'qualified', 'won')"
# A name says more than a domain, which several companies may share.
NAMED = (
    "(SELECT keeper_id FROM rules_namedaccount WHERE team_id = %s "
    "AND ((company_key <> '' AND company_key = %s) OR (domain <> '' AND domain = %s)) "
    "ORDER BY company_key <> %s LIMIT 1)"
)
ALL = (
    f"SELECT {BEFORE.format(who=PERSON, which='')}, "
    f"{BEFORE.format(who=COMPANY, which=STILL_THEIRS)}, {NAMED}"
)
ORDER = (Sticky.NAMED, Sticky.CONTACT, Sticky.COMPANY)


def preferred(lead: Lead, kinds: Collection[str]) -> list[Preferred]:
    """Who may keep this lead, the keeper of its account first. One statement."""
    found = _looked_up(lead, frozenset(kinds))
    return [
        Preferred(member, kind.value)
        for kind in ORDER
        if kind in kinds and (member := found.get(kind)) is not None
    ]


def _looked_up(lead: Lead, kinds: frozenset[str]) -> dict[Sticky, UUID | None]:
    asks = {kind: kind in kinds for kind in Sticky}
    person = (lead.linked_to_id, lead.email_key, lead.phone_key)
    company = (lead.company_key, lead.domain)
    with prepared() as cursor:
        cursor.execute(ALL, [
            lead.team_id, lead.pk, *(person if asks[Sticky.CONTACT] else (None, "", "")),
            lead.team_id, lead.pk, *(company if asks[Sticky.COMPANY] else ("", "")),
            lead.team_id, *(company if asks[Sticky.NAMED] else ("", "")), lead.company_key,
        ])  # fmt: skip
        contact, of_company, keeper = cursor.fetchone()
    return {Sticky.CONTACT: contact, Sticky.COMPANY: of_company, Sticky.NAMED: keeper}
