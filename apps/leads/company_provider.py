"""A team's own provider of company facts: asked over HTTP, signed, and never believed blindly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.ids import uuid7
from apps.leads import normalise
from apps.leads.companies import company_key, domain_of
from apps.leads.models import Lead
from apps.teams import egress, secrets
from apps.teams.egress import EgressFailed
from apps.teams.models import Team
from apps.teams.signing import sign_standard

LONGEST_FACT = 200
# Columns of a lead, and how long they are; the rest of what is learnt are facts.
COLUMNS = {"company": 200, "country": 2, "city": 120}
# What a provider answers when it knows nothing of a company.
KNOWS_NOTHING = frozenset({204, 404})


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a team looks for facts of a company. Without a word, in what the lead brought."""

    by_domain: bool = True
    by_phone: bool = True
    url: str = ""
    secret: str = ""

    @classmethod
    def of(cls, team: Team) -> Sources:
        kept: Mapping[str, Any] = team.enrichment or {}
        sealed = str(kept.get("secret") or "")
        return cls(
            by_domain=bool(kept.get("email_domain", True)),
            by_phone=bool(kept.get("phone_country", True)),
            url=str(kept.get("url") or ""),
            secret=(secrets.decrypt(sealed) or "") if sealed else "",
        )


def question_of(lead: Lead) -> dict[str, str]:
    """What the provider is told: the company, never the person."""
    return {"domain": lead.domain, "company": lead.company, "country": lead.country}


def ask(
    sources: Sources,
    question: Mapping[str, str],
    *,
    currency: str,
    now: datetime,
    timeout: float = egress.LONGEST,
) -> dict[str, Any]:
    """What the provider knows, typed and by the names of a lead's facts.

    EgressFailed says why there is no answer, or none that can be used.
    """
    body = json.dumps(dict(question), ensure_ascii=False, sort_keys=True).encode()
    identifier, moment = f"msg_{uuid7().hex}", str(int(now.timestamp()))
    headers = {
        "webhook-id": identifier,
        "webhook-timestamp": moment,
        "webhook-signature": sign_standard(sources.secret, identifier, moment, body),
    }
    answer = egress.post_json(sources.url, body, headers, timeout=timeout)
    if answer.status in KNOWS_NOTHING:
        return {}
    if answer.status != 200:
        raise EgressFailed(_("It answered with status %(status)d.") % {"status": answer.status})
    return read(answer.body, currency)


def read(body: bytes, currency: str) -> dict[str, Any]:
    """The usable facts of an answer; what has a wrong type is left out."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise EgressFailed(_("Its answer is not JSON, or longer than 64 kB.")) from None
    if not isinstance(told, dict):
        raise EgressFailed(_("Its answer is not a JSON object.")) from None
    found: dict[str, Any] = {key: _text(told.get(key), 200) for key in ("company", "industry")}
    found["city"] = _text(told.get("city"), COLUMNS["city"])
    found["country"] = normalise.country(_text(told.get("country"), 60))
    employees = normalise.number(_plain(told.get("employees")))
    found["employees"] = employees if employees is not None and employees >= 0 else None
    money = normalise.money(_plain(told.get("revenue")), _currency(told.get("currency"), currency))
    if money is not None:
        found |= {"revenue": money.minor, "revenue_currency": money.currency}
    return {key: value for key, value in found.items() if value not in ("", None)}


def _plain(value: Any) -> Any:
    """A number or a text; anything else says nothing."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return value
    return None


def _text(value: Any, length: int) -> str:
    return normalise.line(value, length) if isinstance(value, str) else ""


def _currency(value: Any, default: str) -> str:
    code = _text(value, 3).upper()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else default


def domain_asked(text: str) -> str:
    """The domain that somebody typed to try the provider; "" if it is none of a company."""
    return domain_of(text.replace("\x00", "")[:300])


def is_worth_asking(lead: Lead) -> bool:
    return bool(lead.domain or company_key(lead.company))
