"""Where a team looks for facts of companies, and what its provider says to one domain."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.leads import company_provider
from apps.leads.company_provider import Sources
from apps.teams import audit, secrets
from apps.teams.access import Access
from apps.teams.egress import EgressFailed
from apps.teams.models import Team
from apps.teams.permissions import Permission

# Somebody is waiting before the page.
TRIED_FOR = 8.0


@transaction.atomic
def change(
    *, by_domain: bool, by_phone: bool, url: str, secret: str, by: Access, now: datetime
) -> str:
    """Save the settings; the secret if one was made, to be shown once.

    An empty `secret` keeps the one there is. The address was checked by the caller, outside of
    the transaction.
    """
    by.require(Permission.EDIT_TEAM)
    team = Team.objects.select_for_update(no_key=True).get(pk=by.team.pk)
    kept = str((team.enrichment or {}).get("secret") or "")
    made = ""
    if url and not secret and not kept:
        made = secret = f"whsec_{secrets.new_token()}"
    team.enrichment = {
        "email_domain": by_domain, "phone_country": by_phone, "url": url,
        "secret": secrets.encrypt(secret) if secret else kept if url else "",
    }  # fmt: skip
    team.enrichment_error, team.enrichment_free_at = "", None
    team.save(update_fields=["enrichment", "enrichment_error", "enrichment_free_at"])
    detail = {"by_domain": by_domain, "by_phone": by_phone, "has_provider": bool(url)}
    audit.record(by=by, action="team.enrichment", target=team, now=now, detail=detail)
    return made


def try_it(domain: str, *, by: Access, now: datetime) -> dict[str, Any]:
    """What the provider knows of a domain; EgressFailed says what is wrong. Nothing is written."""
    by.require(Permission.EDIT_TEAM)
    sources = Sources.of(by.team)
    question = {"domain": domain, "company": "", "country": ""}
    if not sources.url:
        raise EgressFailed("No provider is set up.")
    return company_provider.ask(
        sources, question, currency=by.team.currency, now=now, timeout=TRIED_FOR
    )
