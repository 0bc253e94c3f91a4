"""Addresses of people outside a team."""

from django.urls import path

from apps.teams.views import switcher

app_name = "start"
urlpatterns = [path("", switcher.front_door, name="front_door")]
