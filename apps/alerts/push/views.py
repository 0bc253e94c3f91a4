"""A browser lets itself buzz, or stops; its owner sees on her own page which do."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import devices
from apps.accounts.models import User
from apps.alerts.push import keys, subscriptions
from apps.alerts.push.subscriptions import SubscriptionRefused
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import signed_in_page, team_page


@team_page(Permission.SEE_TEAM)
@require_safe
def device_list(request: HttpRequest, access: Access) -> HttpResponse:
    """This browser's switch, and all devices that buzz for this person, in whatever team."""
    assert isinstance(request.user, User)
    context = {
        "access": access,
        "section": "me",
        "key": keys.public_key(),
        "devices": subscriptions.of(request.user),
    }
    return render(request, "alerts/devices.html", context)


@signed_in_page
@require_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    """Keep what `pushManager.subscribe` gave this browser: `endpoint`, `p256dh`, `auth`."""
    assert isinstance(request.user, User)
    try:
        subscriptions.keep(
            request.user,
            endpoint=request.POST.get("endpoint", ""),
            p256dh=request.POST.get("p256dh", ""),
            auth=request.POST.get("auth", ""),
            session_key=request.session.session_key or "",
            words=devices.in_words(request.headers.get("User-Agent", "")),
            now=timezone.now(),
        )
    except SubscriptionRefused as refused:
        return JsonResponse({"error": str(refused)}, status=422)
    return HttpResponse(status=204)


@signed_in_page
@require_POST
def unsubscribe(request: HttpRequest) -> HttpResponse:
    """Forget a device of hers by `device`, or this browser by `endpoint`."""
    assert isinstance(request.user, User)
    if endpoint := request.POST.get("endpoint"):
        subscriptions.stop_browser(request.user, endpoint)
        return HttpResponse(status=204)
    try:
        subscriptions.stop(request.user, UUID(request.POST.get("device", "")))
    except ValueError as error:
        raise Http404 from error
    return redirect(_next(request))


def _next(request: HttpRequest) -> str:
    given = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(given, allowed_hosts={request.get_host()})
    return given if is_ours else "/"
