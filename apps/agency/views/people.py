"""Operators and settings of an agency: who works here, what it is called, who changed what."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.agency import agencies, closing, people
from apps.agency.agencies import AgencyRefused
from apps.agency.forms import InviteOperatorForm, OperatorForm, SettingsForm
from apps.agency.people import OperatorRefused
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import AgencyEntry, Operator, OperatorInvitation
from apps.teams.policy import agency_page

ENTRIES = 100


@agency_page()
@require_safe
def operators(request: HttpRequest, agency: AgencyAccess) -> HttpResponse:
    return _page(request, agency)


@agency_page(owner=True)
@never_cache
@require_POST
def invite(request: HttpRequest, agency: AgencyAccess) -> HttpResponse:
    """Ask a colleague; the link is shown once, in case the mail gets lost."""
    form = InviteOperatorForm(request.POST)
    if not form.is_valid():
        return _page(request, agency, form=form, status=422)
    try:
        sent = people.invite_operator(**form.cleaned_data, by=agency, now=timezone.now())
    except OperatorRefused as refused:
        form.add_error("email", str(refused))
        return _page(request, agency, form=form, status=422)
    return _page(request, agency, sent=sent)


@agency_page(owner=True)
@require_POST
def revoke(request: HttpRequest, agency: AgencyAccess, invitation: UUID) -> HttpResponse:
    try:
        people.revoke(invitation, by=agency, now=timezone.now())
    except OperatorInvitation.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("The invitation was taken back."))
    return redirect("agency:operators", agency=agency.agency.slug)


@agency_page(owner=True)
@require_POST
def change(request: HttpRequest, agency: AgencyAccess, operator: UUID) -> HttpResponse:
    form = OperatorForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a role from the list."))
        return redirect("agency:operators", agency=agency.agency.slug)
    try:
        people.change_operator(operator, **form.cleaned_data, by=agency, now=timezone.now())
    except Operator.DoesNotExist as error:
        raise Http404 from error
    except OperatorRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Saved."))
    return redirect("agency:operators", agency=agency.agency.slug)


def _page(
    request: HttpRequest,
    agency: AgencyAccess,
    *,
    form: InviteOperatorForm | None = None,
    sent: people.Sent | None = None,
    status: int = 200,
) -> HttpResponse:
    everybody = [
        (one, OperatorForm(initial={"role": one.role, "is_active": one.is_active},
                           auto_id=f"id_{one.pk}_%s"))
        for one in people.colleagues(agency)
    ]  # fmt: skip
    context: dict[str, Any] = {
        "agency": agency,
        "section": "operators",
        "colleagues": everybody,
        "waiting": people.waiting(agency),
        "form": form or InviteOperatorForm(),
        "sent": sent,
    }
    return render(request, "agency/operators.html", context, status=status)


@agency_page(owner=True)
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, agency: AgencyAccess) -> HttpResponse:
    """Name, zone, currency and sending team; below them what was changed in the agency."""
    form = SettingsForm(
        request.POST or None, agency=agency.agency, teams=agencies.own_teams(agency.user)
    )
    if request.method == "POST" and form.is_valid():
        try:
            agencies.change_agency(form.cleaned_data, by=agency, now=timezone.now())
        except AgencyRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Saved."))
            return redirect("agency:settings", agency=agency.agency.slug)
    return _settings(request, agency, form, status=422 if request.method == "POST" else 200)


def _settings(
    request: HttpRequest,
    agency: AgencyAccess,
    form: SettingsForm,
    *,
    status: int,
    close_error: str = "",
) -> HttpResponse:
    entries = AgencyEntry.objects.filter(agency=agency.agency).select_related("actor")
    context = {
        "agency": agency, "section": "settings", "form": form, "entries": entries[:ENTRIES],
        "close_error": close_error,
    }  # fmt: skip
    return render(request, "agency/settings.html", context, status=status)


@agency_page(owner=True)
@require_POST
def close(request: HttpRequest, agency: AgencyAccess) -> HttpResponse:
    """End the agency, once its name is typed."""
    try:
        closing.close_agency(name=request.POST.get("name", ""), by=agency, now=timezone.now())
    except AgencyRefused as refused:
        form = SettingsForm(agency=agency.agency, teams=agencies.own_teams(agency.user))
        return _settings(request, agency, form, status=422, close_error=str(refused))
    words = _("%(agency)s is closed. Its clients were told.") % {"agency": agency.agency.name}
    messages.success(request, words)
    return redirect("/")
