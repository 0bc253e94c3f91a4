"""Addresses by which people come in."""

from django.urls import path

from apps.capture import welcome_views

app_name = "welcome"
urlpatterns = [
    path("setup/", welcome_views.setup, name="setup"),
    path("invitations/<str:token>/", welcome_views.invitation, name="invitation"),
]
