"""How requests are shown: on the desk of managers, to who asked, and on the Lead page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.assignments.models import ApprovalRequest
from apps.assignments.moves import approvals
from apps.assignments.pages.cards import LeadCard, address, lead_card
from apps.leads.masking import is_masked
from apps.leads.models import Lead
from apps.teams.access import Access

SHOWN = 100
DECIDED_SHOWN = 20


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request in words. `lead` is empty for one about turns, or for whom it is out of sight."""

    request: ApprovalRequest
    lead: LeadCard | None
    member: str
    words: str
    at: datetime
    approve_url: str
    refuse_url: str
    withdraw_url: str

    @property
    def is_open(self) -> bool:
        return self.request.state == ApprovalRequest.State.OPEN


def desk(access: Access) -> tuple[list[RequestRow], list[RequestRow]]:
    """What waits for this person, the oldest first, and what was decided last. Two queries."""
    open_ones = _with_names(approvals.waiting(access)).order_by("at", "pk")[:SHOWN]
    closed = _with_names(approvals.decidable(access)).exclude(state=ApprovalRequest.State.OPEN)
    decided = closed.order_by("-decided_at", "-pk")[:DECIDED_SHOWN]
    return _rows(open_ones, access), _rows(decided, access)


def mine(access: Access) -> list[RequestRow]:
    """What she asked for, the latest first; leads out of her sight stay unnamed."""
    rows = list(_with_names(approvals.own(access)).order_by("-at", "-pk")[:SHOWN])
    wanted = [row.lead_id for row in rows if row.lead_id]
    seen = set(Lead.objects.visible_to(access).filter(pk__in=wanted).values_list("pk", flat=True))
    return [_row(row, access, shows_lead=row.lead_id in seen) for row in rows]


def on_lead(lead: Lead, access: Access) -> dict[str, Any]:
    """For the Lead page: the way to ask, and what is asked already, to whom it concerns."""
    rows = approvals.waiting(access) if not approvals.may_ask(lead, access) else None
    if rows is None:
        rows = approvals.own(access).filter(state=ApprovalRequest.State.OPEN)
    found = [_row(row, access, shows_lead=True) for row in _with_names(rows.filter(lead=lead))[:5]]
    asks = approvals.may_ask(lead, access) and not found
    return {"asked": found, "ask_url": address(access, "ask_owner", lead=lead.pk) if asks else ""}


def _with_names(rows: QuerySet[ApprovalRequest]) -> QuerySet[ApprovalRequest]:
    return rows.select_related(
        "lead__source", "member__user", "to_member__user", "pool", "decided_by"
    )


def _rows(rows: Iterable[ApprovalRequest], access: Access) -> list[RequestRow]:
    return [_row(row, access, shows_lead=True) for row in rows]


def _row(row: ApprovalRequest, access: Access, *, shows_lead: bool) -> RequestRow:
    card = None
    if row.lead is not None and shows_lead:
        card = lead_card(row.lead, access, masked=is_masked(row.lead, by=access))
    return RequestRow(
        request=row,
        lead=card,
        member=str(row.member.user),
        words=_words(row),
        at=row.at,
        approve_url=address(access, "request_approve", approval=row.pk),
        refuse_url=address(access, "request_refuse", approval=row.pk),
        withdraw_url=address(access, "request_withdraw", approval=row.pk),
    )


def _words(row: ApprovalRequest) -> str:
    if row.kind == ApprovalRequest.Kind.CREDIT:
        turns = (row.turns or Decimal()).normalize()
        pool = row.pool.name if row.pool else ""
        return _("%(turns)s more turns in %(pool)s") % {"turns": f"{turns:f}", "pool": pool}
    if row.to_member is None:
        return _("whoever the rules find as its owner")
    return _("%(name)s as its owner") % {"name": row.to_member.user}
