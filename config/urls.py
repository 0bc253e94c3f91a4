"""Addresses: a team's pages under its slug, the rest at the root."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

from config import health

handler500 = "config.errors.server_error"

TEAM_APPS = (
    "assignments",
    "leads",
    "capture",
    "rules",
    "teams",
    "alerts",
    "dashboards",
    "content",
)
PUBLIC_APPS = ("accounts", "teams", "capture")


def _has(module: str) -> bool:
    return find_spec(module) is not None


urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    *(path("api/v1/", include(m)) for m in ["apps.api.urls"] if _has(m)),
    *(
        path("t/<slug:team>/", include(f"apps.{app}.urls"))
        for app in TEAM_APPS
        if _has(f"apps.{app}.urls")
    ),
    path("t/<slug:team>/setup/", include("apps.capture.guide_urls")),
    path("", include("apps.capture.welcome_urls")),
    *(
        path("", include(f"apps.{app}.public_urls"))
        for app in PUBLIC_APPS
        if _has(f"apps.{app}.public_urls")
    ),
]
