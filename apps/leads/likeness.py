"""Leads that may be one person: names that sound alike, in companies that sound alike.

Only ever a suggestion. It runs after the capture, over few candidates that an index finds.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Case, Q, UUIDField, Value, When
from django.utils.translation import gettext as _
from rapidfuzz import fuzz

from apps.leads.models import OPEN_KINDS, KnownApart, Lead
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.scope import deed

NAMES_ALIKE = 88
COMPANIES_ALIKE = 85
INITIALS_ALIKE = 90  # "R. Steiner" and "Rosa Steiner"
SHORTEST_WORD = 4  # of a company's name, to look for others that begin with it

# A company's leads by its key, by its domain, and by the first word of its name: at most so many
# of each, whatever the size of the team.
_CANDIDATES = """
SELECT lead.id, other.id, other.name, other.company_key, other.domain
FROM leads_lead AS lead, LATERAL (
    (SELECT * FROM leads_lead AS same WHERE same.team_id = lead.team_id
     AND same.company_key = lead.company_key AND same.company_key <> '' LIMIT 100)
    UNION ALL
    (SELECT * FROM leads_lead AS same WHERE same.team_id = lead.team_id
     AND same.domain = lead.domain AND same.domain <> '' LIMIT 100)
    UNION ALL
    (SELECT * FROM leads_lead AS same WHERE same.team_id = lead.team_id
     AND length(split_part(lead.company_key, ' ', 1)) >= %(shortest)s AND same.company_key <> ''
     AND same.company_key >= split_part(lead.company_key, ' ', 1)
     AND same.company_key <= split_part(lead.company_key, ' ', 1) || 'zzzz' LIMIT 100)
) AS other
WHERE lead.id = ANY(%(leads)s) AND other.id <> lead.id AND other.name <> ''
AND other.status_kind = ANY(%(open)s) AND other.deleted_at IS NULL
AND NOT other.is_test AND NOT other.is_spam
AND other.linked_to_id IS DISTINCT FROM lead.id AND lead.linked_to_id IS DISTINCT FROM other.id
AND NOT EXISTS (
    SELECT FROM leads_knownapart AS apart WHERE apart.first_id = least(lead.id, other.id)
    AND apart.second_id = greatest(lead.id, other.id)
)
"""


@dataclass(frozen=True, slots=True)
class Alike:
    """How much two leads are alike, from 0 to 100."""

    name: float
    company: float

    @property
    def is_enough(self) -> bool:
        return self.name >= NAMES_ALIKE and self.company >= COMPANIES_ALIKE


def alike(
    name: str, company_key: str, domain: str, other: str, other_key: str, other_domain: str
) -> Alike:
    """Compare two people in their companies; nothing is alike that is not known."""
    return Alike(_names(_folded(name), _folded(other)), _companies(
        company_key, domain, other_key, other_domain
    ))  # fmt: skip


def _names(one: str, other: str) -> float:
    if not one or not other:
        return 0
    ratio = fuzz.token_sort_ratio(one, other)
    (first, *_, last), (other_first, *_, other_last) = one.split() * 2, other.split() * 2
    is_short = min(len(first), len(other_first)) == 1
    if is_short and last == other_last and first[0] == other_first[0]:
        return max(ratio, INITIALS_ALIKE)
    return ratio


def _companies(key: str, domain: str, other_key: str, other_domain: str) -> float:
    if (key and key == other_key) or (domain and domain == other_domain):
        return 100
    return fuzz.token_set_ratio(key, other_key) if key and other_key else 0


def _folded(name: str) -> str:
    bare = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(c if c.isalnum() else " " for c in bare if not unicodedata.combining(c))
    return " ".join(kept.split())


def suggest(leads: Iterable[Lead]) -> int:
    """Suggest, for each of these, the lead that is most like it; how many were suggested.

    Two statements, however many leads. A suggestion that is there already stays.
    """
    waiting = {
        lead.pk: lead
        for lead in leads
        if lead.is_open and lead.name and lead.merge_suggestion_id is None
        and (lead.company_key or lead.domain) and not (lead.is_test or lead.is_spam)
    }  # fmt: skip
    best = _best(waiting)
    if best:
        each = [When(pk=pk, then=Value(other)) for pk, other in best.items()]
        Lead.objects.filter(pk__in=best, merge_suggestion=None, deleted_at=None).update(
            merge_suggestion=Case(*each, output_field=UUIDField())
        )
    return len(best)


def _best(leads: Mapping[UUID, Lead]) -> dict[UUID, UUID]:
    found: dict[UUID, tuple[float, UUID]] = {}
    for pk, other, *company in _candidates(list(leads)):
        lead = leads[pk]
        like = alike(lead.name, lead.company_key, lead.domain, *company)
        if like.is_enough:
            found[pk] = max(found.get(pk, (0, other)), (like.name + like.company, other))
    pairs = {pk: other for pk, (_score, other) in found.items()}
    # Two that came together suggest each other once.
    return {pk: other for pk, other in pairs.items() if pairs.get(other) != pk or pk > other}


def _candidates(leads: list[UUID]) -> list[Any]:
    if not leads:
        return []
    values: Any = {"leads": leads, "open": list(OPEN_KINDS), "shortest": SHORTEST_WORD}
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, values)
        return cursor.fetchall()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two leads that may be one: the older first, and what they share, in words."""

    older: Lead
    newer: Lead
    reasons: Sequence[str]


def pairs(by: Access, *, limit: int = 50) -> list[Pair]:
    """What is suggested to whom may see both, the newest first."""
    rows = (
        Lead.objects.visible_to(by)
        .filter(merge_suggestion__in=Lead.objects.visible_to(by).values("pk"))
        .select_related("merge_suggestion__source", "source", "owner__user")
        .select_related("merge_suggestion__owner__user", "merge_suggestion__status", "status")
        .order_by("-received_at", "-id")
    )
    return [pair_of(lead, lead.merge_suggestion) for lead in rows[:limit] if lead.merge_suggestion]


def of_lead(lead: Lead, by: Access) -> list[Lead]:
    """The leads that this one may be too, as far as one may see them."""
    asked = Q(pk=lead.merge_suggestion_id) | Q(merge_suggestion=lead)
    rows = Lead.objects.visible_to(by).filter(asked).exclude(pk=lead.pk)
    return list(rows.select_related("source", "owner__user").order_by("-received_at")[:5])


def pair_of(one: Lead, other: Lead) -> Pair:
    older, newer = sorted((one, other), key=lambda lead: (lead.received_at, lead.pk))
    return Pair(older, newer, reasons(older, newer))


def reasons(one: Lead, other: Lead) -> list[str]:
    """What two leads have in common, in words without personal values."""
    like = alike(one.name, one.company_key, one.domain, other.name, other.company_key, other.domain)
    told = [
        (_("same e-mail"), bool(one.email_key) and one.email_key == other.email_key),
        (_("same phone"), bool(one.phone_key) and one.phone_key == other.phone_key),
        (_("same name"), like.name >= 100),
        (_("names alike"), NAMES_ALIKE <= like.name < 100),
        (_("same company"), like.company >= 100),
        (_("companies alike"), COMPANIES_ALIKE <= like.company < 100),
    ]
    return [words for words, holds in told if holds]


@transaction.atomic
def keep_apart(one: Lead, other: Lead, *, by: Access, now: datetime) -> None:
    """These two are not the same: remember it, and suggest it no more. Twice is harmless."""
    first, second = sorted((one, other), key=lambda lead: lead.pk)
    _row, is_new = KnownApart.objects.get_or_create(
        first=first, second=second, defaults={"team": by.team, "at": now, **deed(by)}
    )
    for lead, suggested in ((first, second), (second, first)):
        Lead.objects.filter(pk=lead.pk, merge_suggestion=suggested).update(merge_suggestion=None)
    if is_new:
        detail = {"other": str(second.pk)}
        audit.record(by=by, action="lead.kept_apart", target=first, now=now, detail=detail)
