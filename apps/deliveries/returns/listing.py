"""Returns as their page lists them: those that wait, and those that were decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Q, QuerySet

from apps.deliveries import words
from apps.deliveries.log import delivery_page
from apps.deliveries.log import rows as log
from apps.deliveries.log.rows import Row
from apps.deliveries.models import Dispute
from apps.deliveries.words import Mark
from apps.teams.access import Access

MOST_WAITING = 100
PAGE = 25


@dataclass(frozen=True, slots=True)
class Returned:
    """A return with its delivery as the log shows it; `who` returned it, if that is known."""

    dispute: Dispute
    row: Row
    mark: Mark | None
    who: str


def waiting(by: Access) -> tuple[list[Returned], int]:
    """The oldest of those that wait, and how many there are."""
    rows = Dispute.objects.visible_to(by).filter(state=Dispute.State.OPEN)
    found = list(_listed(rows).order_by("at", "id")[:MOST_WAITING])
    number = len(found) if len(found) < MOST_WAITING else rows.count()
    return _shown(found, by), number


def decided(by: Access, *, before: str = "") -> tuple[list[Returned], str]:
    """A page of those that were decided, the latest first, and the cursor of the next."""
    rows = Dispute.objects.visible_to(by).exclude(state=Dispute.State.OPEN)
    latest = _listed(_before(rows, before)).order_by(F("decided_at").desc(), F("id").desc())
    found = list(latest[: PAGE + 1])
    kept = found[:PAGE]
    return _shown(kept, by), str(kept[-1].pk) if len(found) > PAGE else ""


def _before(rows: QuerySet[Dispute], cursor: str) -> QuerySet[Dispute]:
    """Those decided before this one; all of them for a cursor that is none."""
    try:
        last = rows.filter(pk=UUID(cursor)).first()
    except ValueError:
        last = None
    if last is None:
        return rows
    at = last.decided_at
    return rows.filter(Q(decided_at__lt=at) | Q(decided_at=at, pk__lt=last.pk))


def _listed(rows: QuerySet[Dispute]) -> QuerySet[Dispute]:
    heavy = [f"delivery__{name}" for name in log.HEAVY if not name.startswith("recipient")]
    return rows.select_related(
        "delivery__lead__source", "delivery__recipient", "delivery__rule", "by_user", "decided_by"
    ).defer(*heavy)


def _shown(found: Sequence[Dispute], by: Access) -> list[Returned]:
    return [_returned(each, by) for each in found]


def _returned(dispute: Dispute, by: Access) -> Returned:
    row = log.row(dispute.delivery, by)
    return Returned(dispute, row, words.return_mark(dispute), delivery_page.who(dispute))
