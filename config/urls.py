"""Addresses: a team's pages under its slug, the rest at the root."""

from django.contrib import admin
from django.urls import include, path

from config import health

handler500 = "config.errors.server_error"

TEAM_APPS = (
    "assignments",
    "leads",
    "capture",
    "deliveries",
    "rules",
    "simulator",
    "experiments",
    "teams",
    "alerts",
    "dashboards",
    "content",
    "people",
)

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("apps.api.urls")),
    *(path("t/<slug:team>/", include(f"apps.{app}.urls")) for app in TEAM_APPS),
    path("t/<slug:team>/setup/", include("apps.onboarding.urls")),
    path("t/<slug:team>/settings/agencies/", include("apps.agency.client_urls")),
    path("t/<slug:team>/report/", include("apps.agency.report_urls")),
    path("agency/<slug:agency>/", include("apps.agency.urls")),
    path("", include("apps.onboarding.public_urls")),
    path("", include("apps.teams.public_urls")),
    path("", include("apps.alerts.public_urls")),
    path("", include("apps.capture.public_urls")),
    path("d/", include("apps.deliveries.public_urls")),
]
