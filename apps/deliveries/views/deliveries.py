"""The delivery log: the list, one delivery, and sending once more what was given up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.deliveries.log import chips
from apps.deliveries.log import delivery_page as pages
from apps.deliveries.log import rows as log
from apps.deliveries.log.filters import PERIODS, LogFilters
from apps.deliveries.log.paging import turn_to
from apps.deliveries.models import Delivery
from apps.deliveries.sending import progress
from apps.leads.models import Lead
from apps.rules.models import Recipient
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

MOST_COPIES = 100
SECTION = "distribution"


@team_page(Permission.SEE_ROUTING)
@require_safe
def delivery_list(request: HttpRequest, access: Access) -> HttpResponse:
    """Copies of leads, the latest first, a page at a time."""
    now = clock()
    filters = LogFilters.read(request.GET)
    rows = filters.apply(Delivery.objects.visible_to(access), by=access, now=now)
    page = turn_to(
        log.listed(filters.in_state(rows)),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    counts = log.counts(rows)
    recipients = list(Recipient.objects.visible_to(access).only("name"))
    context = {
        "access": access,
        "section": SECTION,
        "now": now,
        "filters": filters,
        "rows": [log.row(each, access) for each in page.rows],
        "counts": counts,
        "number": log.in_words(counts, filters),
        "dead": next((each for each in counts if each.state == Delivery.State.DEAD), None),
        "recipients": recipients,
        "channels": Recipient.Kind.choices,
        "periods": PERIODS.items(),
        "chips": chips.chips(filters, request.GET, access),
        "carried": chips.carried(request.GET),
        "query": chips.query(request.GET),
        "older": chips.address(request.GET, "after", page.older),
        "newer": chips.address(request.GET, "before", page.newer),
    }
    return render(request, "deliveries/deliveries.html", context)


@team_page(Permission.EXPORT)
@require_safe
def export(request: HttpRequest, access: Access) -> StreamingHttpResponse:
    """The filtered deliveries as CSV; written into the audit log with what was asked for."""
    access.require(Permission.SEE_ROUTING)
    now = clock()
    filters = LogFilters.read(request.GET)
    rows = filters.apply(Delivery.objects.visible_to(access), by=access, now=now)
    asked = sorted(key for key, value in request.GET.items() if value and key != "q")
    audit.record(
        by=access, action="deliveries.exported", target=None, now=now, detail={"filters": asked}
    )
    name = f"{access.team.slug}-deliveries-{now:%Y-%m-%d}.csv"
    return csv_file(log.file(filters.in_state(rows), access), name)


def csv_file(lines: Any, name: str) -> StreamingHttpResponse:
    """An answer that a browser saves under this name."""
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@team_page(Permission.SEE_ROUTING)
@never_cache
@require_safe
def delivery_page(request: HttpRequest, access: Access, delivery: UUID) -> HttpResponse:
    """One copy: what was sent, to whom, why, and every try."""
    now = clock()
    found = _delivery(access, delivery)
    context = {
        "access": access,
        "section": SECTION,
        "now": now,
        **pages.context(found, access, now=now),
    }
    return render(request, "deliveries/delivery.html", context)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def replay(request: HttpRequest, access: Access, delivery: UUID) -> HttpResponse:
    """Send once more what was given up; try at once what failed and waits for its next try."""
    found, now = _delivery(access, delivery), clock()
    if progress.replay(found, by=access, now=now) or progress.hasten(found, by=access, now=now):
        messages.success(request, _("Queued: it goes out within seconds."))
    else:
        messages.info(request, _("It is not given up any more, so nothing was sent again."))
    return redirect("deliveries:delivery", team=access.team.slug, delivery=found.pk)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def withdraw(request: HttpRequest, access: Access, delivery: UUID) -> HttpResponse:
    """Call an offer back; one that was accepted meanwhile stays accepted."""
    found = _delivery(access, delivery)
    now = clock()
    by = str(access.user or _("Leadrelay"))
    reason = _("Called back by %(name)s.") % {"name": by}
    if found.state == Delivery.State.OFFERED and progress.withdraw(found, reason, now=now):
        audit.record(by=access, action="deliveries.withdrawn", target=found, now=now)
        messages.success(request, _("The offer was called back."))
    else:
        messages.info(request, _("This offer is over already."))
    return redirect("deliveries:delivery", team=access.team.slug, delivery=found.pk)


@team_page(Permission.EDIT_ROUTING)
@require_http_methods(["GET", "HEAD", "POST"])
def replay_all(request: HttpRequest, access: Access) -> HttpResponse:
    """Send once more whatever was given up and fits the filter; first it says how many."""
    now = clock()
    filters = LogFilters.read(request.GET)
    dead = filters.apply(Delivery.objects.visible_to(access), by=access, now=now).filter(
        state=Delivery.State.DEAD
    )
    query = chips.query(request.GET)
    if request.method == "POST":
        number = progress.replay_all(dead, by=access, now=now)
        said = ngettext("%d copy is queued again.", "%d copies are queued again.", number)
        messages.success(request, said % number if number else _("Nothing was given up here."))
        return redirect(chips.list_address(access, query))
    context = {
        "access": access,
        "section": SECTION,
        "number": dead.count(),
        "recipients": log.by_recipient(dead),
        "query": query,
    }
    return render(request, "deliveries/replay.html", context)


@team_page(Permission.SEE_ROUTING)
@require_safe
def copies(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """Which recipients got a lead and how far each copy came: a part of the Lead page."""
    asked = get_object_or_404(Lead.objects.visible_to(access).only("pk"), pk=lead)
    rows = Delivery.objects.visible_to(access).filter(lead=asked)
    found = log.listed(rows).order_by("queued_at", "id")[:MOST_COPIES]
    context = {
        "access": access,
        "now": clock(),
        "rows": [log.row(each, access) for each in found],
        "lead_id": lead,
        "may_send": access.can(Permission.EDIT_ROUTING) and _has_recipients(access),
    }
    return render(request, "deliveries/_copies.html", context)


def _has_recipients(access: Access) -> bool:
    return Recipient.objects.visible_to(access).filter(is_active=True).exists()


def _delivery(access: Access, pk: UUID) -> Delivery:
    rows = Delivery.objects.visible_to(access).select_related(
        "lead__source", "recipient__agreement", "rule__version__rule_set", "pool", "team",
        "distribution__actor", "dispute__by_user", "dispute__decided_by",
    )  # fmt: skip
    return get_object_or_404(rows, pk=pk)
