"""The leads list: search, filters, older and newer pages, and the export."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.leads import groups
from apps.leads.cells import harmless
from apps.leads.chips import PAGING, carried, chips
from apps.leads.filters import LATEST_FIRST, MISSED, SCORE_BANDS, LeadFilters
from apps.leads.groups import Chip
from apps.leads.masking import LeadCard, card, is_masked
from apps.leads.models import Lead, LeadQuerySet, Source, StatusKind
from apps.leads.paging import Page, turn_to
from apps.leads.speed import Clock
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

COUNTED, COUNTED_SLOWLY = 10_000, 500
EXPORTED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Row:
    """A lead as the list shows it."""

    lead: Lead
    card: LeadCard
    url: str
    groups: Sequence[Chip]
    waited: float | None  # seconds to the first attempt; None without one
    is_waiting: bool  # open, and nobody has tried yet


@team_page(Permission.SEE_TEAM)
@require_safe
def leads(request: HttpRequest, access: Access) -> HttpResponse:
    """The leads one may see, the latest first, a page at a time."""
    now = timezone.now()
    filters = LeadFilters.read(request.GET)
    rows = filters.apply(Lead.objects.visible_to(access), by=access, now=now)
    owners = _owners(access)
    page = turn_to(
        rows, after=request.GET.get("after", ""), before=request.GET.get("before", ""),
        by_score=filters.is_by_score,
    )  # fmt: skip
    context = {
        "access": access,
        "section": "leads",
        "now": now,
        "filters": filters,
        "rows": [_row(lead, access) for lead in page.rows],
        "page": page,
        "count": _count(rows, page, upto=COUNTED_SLOWLY if filters.is_slow else COUNTED),
        "owners": owners,
        "groups": groups.known(access.team).chips.values(),
        "sources": list(Source.objects.visible_to(access)),
        "status_kinds": StatusKind.choices,
        "bands": SCORE_BANDS,
        "clocks": Clock.LABELS,
        "chips": chips(filters, request.GET, owners),
        "carried": carried(request.GET),
        "query": _query(request),
        "nudges": _has_nudges(filters, access),
        "nudged_member": _nudged(filters, owners),
        "here": request.get_full_path(),
        "older": _address(request, "after", page.older),
        "newer": _address(request, "before", page.newer),
    }
    return render(request, "leads/list.html", context)


def _has_nudges(filters: LeadFilters, access: Access) -> bool:
    """Whether these are leads to do something about: untouched ones, or late ones."""
    return access.can(Permission.REASSIGN) and (filters.is_untouched or filters.target == MISSED)


def _nudged(filters: LeadFilters, owners: Sequence[Membership]) -> Membership | None:
    """The member of whose untouched leads this is the list."""
    if not filters.is_untouched:
        return None
    return next((one for one in owners if str(one.pk) == filters.owner), None)


@team_page(Permission.EXPORT)
@require_safe
def export(request: HttpRequest, access: Access) -> StreamingHttpResponse:
    """The filtered leads as CSV; written into the audit log with what was asked for."""
    now = timezone.now()
    filters = LeadFilters.read(request.GET)
    rows = filters.apply(Lead.objects.visible_to(access), by=access, now=now)
    asked = sorted(key for key, value in request.GET.items() if value and key != "q")
    audit.record(
        by=access, action="leads.exported", target=None, now=now, detail={"filters": asked}
    )
    name = f"{access.team.slug}-leads-{now:%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        _csv(rows, access),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _count(rows: LeadQuerySet, page: Page, *, upto: int) -> str:
    """How many leads there are; beyond a limit it is not worth the counting."""
    if not page.older and not page.newer:
        number = len(page.rows)
    else:
        number = rows.order_by()[: upto + 1].count()
    if number > upto:
        return _("%(n)s+ leads") % {"n": f"{upto:,}"}
    return _("1 lead") if number == 1 else _("%(n)s leads") % {"n": f"{number:,}"}


def _row(lead: Lead, access: Access) -> Row:
    waited = None
    if lead.first_attempt_at:
        waited = (lead.first_attempt_at - lead.received_at).total_seconds()
    return Row(
        lead=lead,
        card=card(lead, masked=is_masked(lead, by=access)),
        url=reverse("assignments:lead", kwargs={"team": access.team.slug, "lead": lead.pk}),
        groups=groups.known(access.team).of(lead),
        waited=waited,
        is_waiting=waited is None and lead.is_open,
    )


def _owners(access: Access) -> list[Membership]:
    """Whom one may filter by: nobody but oneself without a view of others' leads."""
    if not access.can(Permission.SEE_OTHERS):
        return []
    members = Membership.objects.filter(team=access.team, is_active=True).select_related("user")
    return list(members.exclude(role="viewer"))


def _query(request: HttpRequest, **cursor: str) -> str:
    """The address without its place in the list, and with another one."""
    asked = request.GET.copy()
    for key in PAGING:
        asked.pop(key, None)
    asked.update(cursor)
    return asked.urlencode()


def _address(request: HttpRequest, name: str, cursor: str) -> str:
    return f"?{_query(request, **{name: cursor})}" if cursor else ""


COLUMNS = (
    "name", "company", "job_title", "email", "phone", "country", "region", "city", "postcode",
    "language", "campaign", "form",
)  # fmt: skip


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, value: str) -> str:
        return value


def _csv(rows: LeadQuerySet, access: Access) -> Iterator[str]:
    writer = csv.writer(_Echo())
    moments = ("received_at", "assigned_at", "first_attempt_at", "first_contact_at")
    yield "\ufeff" + writer.writerow(("id", *COLUMNS, "source", "owner", "status", *moments))
    shown = rows.select_related("source", "status", "owner__user").order_by(*LATEST_FIRST)
    for lead in shown.iterator(chunk_size=EXPORTED_AT_ONCE):
        cells = [lead.pk, *_facts(lead, access), lead.source.name, lead.owner or "", lead.status]
        times = [_moment(getattr(lead, name)) for name in moments]
        yield writer.writerow(_safe((*cells, *times)))


def _facts(lead: Lead, access: Access) -> list[Any]:
    if not is_masked(lead, by=access):
        return [getattr(lead, column) for column in COLUMNS]
    shown = card(lead, masked=True)
    plain = {"name": shown.name, "company": shown.company, "country": lead.country,
             "region": lead.region, "city": lead.city}  # fmt: skip
    return [plain.get(column, "") for column in COLUMNS]


def _safe(cells: Iterable[Any]) -> list[str]:
    return [harmless(str(cell)) for cell in cells]


def _moment(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
