"""Addresses of people outside a team."""

from django.urls import path

from apps.teams.views import switcher, web_app

app_name = "start"
urlpatterns = [
    path("", switcher.front_door, name="front_door"),
    path("manifest.webmanifest", web_app.manifest, name="manifest"),
    path("sw.js", web_app.service_worker, name="service_worker"),
    path("offline/", web_app.offline, name="offline"),
]
