"""What the frame of an agency's pages needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from apps.agency.warnings import needing
from apps.alerts import services as alerts
from apps.teams.agency_access import AgencyAccess


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `agency` (None elsewhere), the newest alert that its page shows, and
    how many clients need a look."""
    agency = getattr(request, "agency", None)
    if agency is None:
        return {}
    newest = SimpleLazyObject(lambda: alerts.shown_up_to(agency.user.pk, now=timezone.now()))
    warned = SimpleLazyObject(lambda: _warned(agency))
    return {"agency": agency, "agency_last_seq": newest, "agency_warned": warned}


def _warned(agency: AgencyAccess) -> int:
    """How many clients need a look now."""
    grants = list(agency.clients().exclude(warned={}))
    return len(needing(grants, now=timezone.now()))
