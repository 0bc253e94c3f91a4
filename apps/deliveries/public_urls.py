"""Addresses for recipients without an account: signed links out of e-mails."""

from django.urls import URLPattern

app_name = "deliveries_public"
urlpatterns: list[URLPattern] = []
