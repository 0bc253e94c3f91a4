"""Addresses by which people come in."""

from django.urls import path

from apps.onboarding import agreement_views, copy_views, public_views

app_name = "welcome"
urlpatterns = [
    path("setup/", public_views.setup, name="setup"),
    path("invitations/<str:token>/", public_views.invitation, name="invitation"),
    path("agreements/<str:token>/", agreement_views.agreement, name="agreement"),
    path("agreements/<str:token>/decline/", agreement_views.decline, name="agreement_decline"),
    path("agreements/<str:token>/account/", agreement_views.join, name="agreement_join"),
    path("start/<str:token>/", copy_views.ask, name="from_copy"),
    path("start/<str:token>/account/", copy_views.join, name="from_copy_join"),
]
