"""Addresses of deliveries, returns and statements, below /t/<team>/."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
