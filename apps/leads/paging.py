"""Older and newer pages of a long list of leads, by cursors: the latest first, or the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from apps.leads.filters import LATEST_FIRST
from apps.leads.models import Lead, LeadQuerySet

PAGE = 50
BEST_FIRST = (F("score").desc(), *LATEST_FIRST)
SCORES = range(-32_768, 32_768)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a long list: its rows and the cursors beside it."""

    rows: Sequence[Lead]
    older: str = ""
    newer: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a cursor points: between leads, by what the list is sorted by."""

    at: datetime
    pk: UUID
    score: int | None = None

    @classmethod
    def read(cls, cursor: str, by_score: bool) -> _Place | None:
        """What a cursor says; one that was tampered with begins anew."""
        parts = cursor.split("~")
        if len(parts) != (3 if by_score else 2):
            return None
        try:
            at, pk = datetime.fromisoformat(parts[0]), UUID(parts[1])
            score = int(parts[2][:6]) if by_score else None
        except ValueError:
            return None
        fits = score is None or score in SCORES
        return cls(at, pk, score) if at.tzinfo and fits else None

    def before(self) -> Q:
        """Leads that stand above the place."""
        here = Q(received_at__gt=self.at) | Q(received_at=self.at, pk__gt=self.pk)
        if self.score is None:
            return Q(received_at__gte=self.at) & here
        return Q(score__gte=self.score) & (Q(score__gt=self.score) | here)

    def after(self) -> Q:
        """Leads that stand below the place."""
        here = Q(received_at__lt=self.at) | Q(received_at=self.at, pk__lt=self.pk)
        if self.score is None:
            return Q(received_at__lte=self.at) & here
        return Q(score__lte=self.score) & (Q(score__lt=self.score) | here)


def turn_to(
    rows: LeadQuerySet, *, after: str = "", before: str = "", by_score: bool = False
) -> Page:
    """The page that begins after a cursor, or ends before one."""
    order = BEST_FIRST if by_score else LATEST_FIRST
    if before and (place := _Place.read(before, by_score)):
        backwards = [each.copy() for each in order]
        for each in backwards:
            each.reverse_ordering()
        found = list(_shown(rows.filter(place.before())).order_by(*backwards)[: PAGE + 1])
        kept = found[:PAGE][::-1]
        newer = _cursor(kept[:1], by_score, len(found) > PAGE)
        return Page(kept, older=_cursor(kept[-1:], by_score), newer=newer)
    start = _Place.read(after, by_score)
    if start:
        rows = rows.filter(start.after())
    found = list(_shown(rows).order_by(*order)[: PAGE + 1])
    kept = found[:PAGE]
    return Page(
        kept,
        older=_cursor(kept[-1:], by_score, len(found) > PAGE),
        newer=_cursor(kept[:1], by_score, start is not None),
    )


def _shown(rows: LeadQuerySet) -> LeadQuerySet:
    return rows.select_related("source", "status", "owner__user").defer("message", "owner__hours")


def _cursor(lead: Sequence[Lead], by_score: bool, is_wanted: bool = True) -> str:
    if not lead or not is_wanted:
        return ""
    place = f"{lead[0].received_at.isoformat()}~{lead[0].pk}"
    return f"{place}~{lead[0].score}" if by_score else place
