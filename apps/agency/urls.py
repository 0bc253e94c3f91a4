"""Addresses of an agency's pages, below /agency/<slug>/."""

from django.urls import URLPattern

app_name = "agency"
urlpatterns: list[URLPattern] = []
