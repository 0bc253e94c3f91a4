"""What lets the site be installed as an app: manifest, service worker, offline page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from apps.teams.policy import public_page


@public_page("names and pictures only")
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> JsonResponse:
    """How the app is named and drawn on a home screen."""
    sizes = [("192x192", "icons/icon-192.png"), ("512x512", "icons/icon-512.png")]
    icons = [{"src": static(path), "sizes": size, "type": "image/png"} for size, path in sizes]
    maskable = {**icons[-1], "src": static("icons/maskable-512.png"), "purpose": "maskable"}
    return JsonResponse(
        {
            "name": "Leadrelay",
            "short_name": "Leadrelay",
            "description": _("New leads, within seconds, to the right person."),
            "id": "/",
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#f6f6f7",
            "theme_color": "#f6f6f7",
            "icons": [*icons, maskable],
        },
        content_type="application/manifest+json",
    )


@public_page("code only")
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker; it stands at the root because its address limits what it may serve."""
    return render(request, "web_app/sw.js", content_type="text/javascript")


@public_page("the same words for everyone")
@cache_control(no_cache=True)
def offline(request: HttpRequest) -> HttpResponse:
    return render(request, "web_app/offline.html")
