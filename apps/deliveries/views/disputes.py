"""Returns: what recipients sent back, decided with one press each."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.deliveries.models import Dispute
from apps.deliveries.returns import disputes
from apps.deliveries.returns import listing as lists
from apps.deliveries.returns.disputes import DisputeRefused
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.SEE_ROUTING)
@require_safe
def dispute_list(request: HttpRequest, access: Access) -> HttpResponse:
    """What waits for a decision, the oldest first; then what was decided, the latest first."""
    waiting, number = lists.waiting(access)
    decided, older = lists.decided(access, before=request.GET.get("before", ""))
    context = {
        "access": access,
        "section": "distribution",
        "now": clock(),
        "waiting": waiting,
        "open_returns": number,
        "decided": decided,
        "older": f"?before={older}#decided" if older else "",
        "may_decide": access.can(Permission.ADJUST_CREDIT),
    }
    return render(request, "deliveries/disputes.html", context)


@team_page(Permission.SEE_ROUTING)
@require_safe
def dispute_page(request: HttpRequest, access: Access, dispute: UUID) -> HttpResponse:
    """A return stands on the page of its delivery."""
    found = _dispute(access, dispute)
    return redirect("deliveries:delivery", team=access.team.slug, delivery=found.delivery_id)


@team_page(Permission.ADJUST_CREDIT)
@require_POST
def accept(request: HttpRequest, access: Access, dispute: UUID) -> HttpResponse:
    decided = _decide(request, access, dispute, disputes.accept)
    if decided is not None:
        said = _("Accepted: the lead is not billed.")
        if decided.gave_back:
            said = _("Accepted: the lead is not billed, and what it counted for was given back.")
        messages.success(request, said)
    return _back(request, access)


@team_page(Permission.ADJUST_CREDIT)
@require_POST
def refuse(request: HttpRequest, access: Access, dispute: UUID) -> HttpResponse:
    if _decide(request, access, dispute, disputes.refuse) is not None:
        messages.success(request, _("Refused: the lead stays delivered and is billed."))
    return _back(request, access)


def _decide(
    request: HttpRequest, access: Access, pk: UUID, decide: Callable[..., Dispute]
) -> Dispute | None:
    """The return once decided; None, and a message, if somebody was quicker or it won't do."""
    found = _dispute(access, pk)
    answer = request.POST.get("answer", "")
    try:
        return decide(found, answer=answer, by=access, now=clock())
    except DisputeRefused as refused:
        messages.error(request, str(refused))
        return None


def _back(request: HttpRequest, access: Access) -> HttpResponse:
    """To the page that the button was on."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, allowed_hosts=None) and target.startswith("/"):
        return redirect(target)
    return redirect("deliveries:disputes", team=access.team.slug)


def _dispute(access: Access, pk: UUID) -> Dispute:
    rows = Dispute.objects.visible_to(access)
    rows = rows.select_related("delivery", "team", "recipient__agreement__to")
    return get_object_or_404(rows, pk=pk)
