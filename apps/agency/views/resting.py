"""Warnings about a client that rest for some days, and are shown again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.agency import resting
from apps.agency.resting import RestRefused
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import ClientGrant
from apps.teams.policy import agency_page


@agency_page()
@require_POST
def rest(request: HttpRequest, agency: AgencyAccess, client_grant: UUID) -> HttpResponse:
    """Not to be shown again for some days: somebody knows of it."""
    warning, now = request.POST.get("warning", ""), timezone.now()
    try:
        made = resting.rest(client_grant, warning=warning, days=_days(request), by=agency, now=now)
    except ClientGrant.DoesNotExist as error:
        raise Http404("No such client.") from error
    except RestRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("It rests until %(day)s.") % {"day": _day(made.until)})
    return _back(agency, client_grant)


@agency_page()
@require_POST
def wake(request: HttpRequest, agency: AgencyAccess, client_grant: UUID) -> HttpResponse:
    warning = request.POST.get("warning", "").replace("\x00", "")
    try:
        resting.wake(client_grant, warning=warning, by=agency, now=timezone.now())
    except ClientGrant.DoesNotExist as error:
        raise Http404("No such client.") from error
    return _back(agency, client_grant)


def _days(request: HttpRequest) -> int:
    """0, which is refused, for what is no number of days."""
    text = request.POST.get("days", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def _day(until: datetime) -> str:
    return formats.date_format(until, "j F")


def _back(agency: AgencyAccess, client: UUID) -> HttpResponse:
    return redirect("agency:client", agency=agency.agency.slug, client_grant=client)
