"""Addresses of the simulator, below /t/<team>/."""

from django.urls import URLPattern

app_name = "simulator"
urlpatterns: list[URLPattern] = []
