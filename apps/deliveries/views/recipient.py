"""A recipient's own page: how it stands, what it got, how it went."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now as clock
from django.views.decorators.http import require_safe

from apps.deliveries.log import rows as log
from apps.deliveries.log.paging import LATEST_FIRST
from apps.deliveries.models import Delivery
from apps.deliveries.plans import copying
from apps.deliveries.recipients import figures as recipient_figures
from apps.deliveries.recipients import sparklines, words
from apps.rules.models import Recipient
from apps.rules.registry import registry
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

SHOWN = 10


@team_page(Permission.SEE_ROUTING)
@require_safe
def recipient_page(request: HttpRequest, access: Access, recipient: UUID) -> HttpResponse:
    now = clock()
    rows = Recipient.objects.visible_to(access).select_related(
        "agreement__to", "agreement__decided_by", "membership__user"
    )
    found = get_object_or_404(rows, pk=recipient)
    figures = recipient_figures.of(found, by=access, now=now)
    by_day = recipient_figures.a_day(found, by=access, now=now)
    offered = len(copying.offered(registry(access.team)))
    latest = log.listed(Delivery.objects.visible_to(access).filter(recipient=found))
    context = {
        "access": access,
        "section": "distribution",
        "now": now,
        "recipient": found,
        "standing": words.standing(found, access.team, now=now),
        "where": words.where(found),
        "icon": words.KIND_ICONS[Recipient.Kind(found.kind)],
        "sections": words.sections(found, access.team, offered=offered),
        "percent": _percent(found),
        "quota": words.quota(found, access.team),
        "figures": figures,
        "spark": sparklines.spark(by_day, last_day=figures.last_day),
        "agreement": found.agreement,
        "rows": [log.row(each, access) for each in latest.order_by(*LATEST_FIRST)[:SHOWN]],
        "may_edit": access.can(Permission.EDIT_ROUTING),
    }
    return render(request, "deliveries/recipient.html", context)


def _percent(recipient: Recipient) -> int | None:
    """How much of its quota is used; None without one."""
    if not recipient.quota:
        return None
    return min(recipient.campaign_count * 100 // recipient.quota, 100)
