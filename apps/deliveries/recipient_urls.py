"""Addresses of recipients and their pools, below /t/<team>/."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
