"""Addresses of people outside a team."""

from django.urls import path

from apps.teams.views import stop_mail, switcher, web_app

app_name = "start"
urlpatterns = [
    path("", switcher.front_door, name="front_door"),
    path("manifest.webmanifest", web_app.manifest, name="manifest"),
    path("sw.js", web_app.service_worker, name="service_worker"),
    path("mails/stop/<str:token>/", stop_mail.stop_mail, name="stop_mail"),
    path("offline/", web_app.offline, name="offline"),
]
