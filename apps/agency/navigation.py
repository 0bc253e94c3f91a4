"""What the frame of an agency's pages needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from apps.alerts import services as alerts


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `agency` (None elsewhere), and the newest alert that its page shows."""
    agency = getattr(request, "agency", None)
    if agency is None:
        return {}
    newest = SimpleLazyObject(lambda: alerts.shown_up_to(agency.user.pk, now=timezone.now()))
    return {"agency": agency, "agency_last_seq": newest}
