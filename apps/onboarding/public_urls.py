"""Addresses by which people come in."""

from django.urls import path

from apps.onboarding import public_views

app_name = "welcome"
urlpatterns = [
    path("setup/", public_views.setup, name="setup"),
    path("invitations/<str:token>/", public_views.invitation, name="invitation"),
]
