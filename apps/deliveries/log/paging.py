"""Older and newer pages of deliveries, the latest first, by cursors: as quick at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet

from apps.deliveries.models import Delivery

PAGE = 50
LATEST_FIRST = (F("queued_at").desc(), F("id").desc())
OLDEST_FIRST = (F("queued_at").asc(), F("id").asc())


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a long list and the cursors beside it."""

    rows: Sequence[Delivery]
    older: str = ""
    newer: str = ""


def turn_to(rows: QuerySet[Delivery], *, after: str = "", before: str = "") -> Page:
    """The page that begins after a cursor, or ends before one. A broken cursor begins anew."""
    if before and (place := _place(before)):
        found = list(rows.filter(_above(*place)).order_by(*OLDEST_FIRST)[: PAGE + 1])
        kept = found[:PAGE][::-1]
        return Page(kept, older=_cursor(kept[-1:]), newer=_cursor(kept[:1], len(found) > PAGE))
    start = _place(after)
    if start:
        rows = rows.filter(_below(*start))
    found = list(rows.order_by(*LATEST_FIRST)[: PAGE + 1])
    kept = found[:PAGE]
    return Page(
        kept,
        older=_cursor(kept[-1:], len(found) > PAGE),
        newer=_cursor(kept[:1], start is not None),
    )


def _place(cursor: str) -> tuple[datetime, UUID] | None:
    at, _mark, pk = cursor.partition("~")
    try:
        moment, found = datetime.fromisoformat(at), UUID(pk)
    except ValueError:
        return None
    return (moment, found) if moment.tzinfo else None


def _above(at: datetime, pk: UUID) -> Q:
    return Q(queued_at__gte=at) & (Q(queued_at__gt=at) | Q(pk__gt=pk))


def _below(at: datetime, pk: UUID) -> Q:
    return Q(queued_at__lte=at) & (Q(queued_at__lt=at) | Q(pk__lt=pk))


def _cursor(row: Sequence[Delivery], is_wanted: bool = True) -> str:
    return f"{row[0].queued_at.isoformat()}~{row[0].pk}" if row and is_wanted else ""
