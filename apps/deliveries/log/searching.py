"""Finding deliveries by what is known of their lead, through indexes and never by a scan.

Leads that were kept out or deleted are found by the delivery's id alone.
"""

from __future__ import annotations

import re
from uuid import UUID

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Q

from apps.leads import normalise
from apps.leads.models import Lead, LeadQuerySet
from apps.teams.access import Access

# More leads than this of one name: whoever looks for one of them has to say more.
MOST_LEADS = 1_000
MOST_WORDS = 6
_WORD = re.compile(r"\w+", re.UNICODE)
_NUMBER = re.compile(r"[+0-9()/.\- ]+")


def matching(text: str, *, by: Access) -> Q:
    """Deliveries of this id, or of leads with this id, e-mail, phone, or words in their name."""
    wanted = _id(text)
    if wanted is not None:
        return Q(pk=wanted) | Q(lead_id=wanted)
    return Q(lead_id__in=list(_leads(text, by).values_list("pk", flat=True)[:MOST_LEADS]))


def _leads(text: str, by: Access) -> LeadQuerySet:
    leads = Lead.objects.visible_to(by)
    if by.masked:
        return leads.none()
    if "@" in text:
        return leads.filter(email_key=normalise.email(text).key or text.casefold())
    if _NUMBER.fullmatch(text) and (key := normalise.phone(text, by.team.country).key):
        return leads.filter(phone_key=key)
    words = _WORD.findall(text.casefold())[:MOST_WORDS]
    if not words:
        return leads.none()
    begins = " & ".join(f"{word}:*" for word in words)
    asked = SearchQuery(begins, search_type="raw", config="simple")
    return leads.annotate(words=SearchVector("name", config="simple")).filter(words=asked)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
