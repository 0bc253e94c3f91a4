"""Every page speaks in the time zone of its reader, and notes that her session is in use."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts import devices


class PersonalTimezone:
    """Times are shown, and typed times are read, by the clock of whoever is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Captures and API calls carry no session: they must not pay for a look at it.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return self.get_response(request)
        zone = getattr(request.user, "timezone", None)
        with timezone.override(ZoneInfo(zone) if zone else None):
            return self.get_response(request)


class LastSeen:
    """When each session was last used, to a few minutes: no statement more on most requests."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            devices.seen(request, now=timezone.now())
        return self.get_response(request)
