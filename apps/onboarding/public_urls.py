"""Addresses by which people come in."""

from django.urls import path

from apps.onboarding import agency_views, agreement_views, client_views, copy_views, public_views

app_name = "welcome"
urlpatterns = [
    path("setup/", public_views.setup, name="setup"),
    path("invitations/<str:token>/", public_views.invitation, name="invitation"),
    path("agreements/<str:token>/", agreement_views.agreement, name="agreement"),
    path("agreements/<str:token>/decline/", agreement_views.decline, name="agreement_decline"),
    path("agreements/<str:token>/account/", agreement_views.join, name="agreement_join"),
    path("agencies/start/", agency_views.start, name="agency_start"),
    path("agency/<slug:agency>/new-client/", agency_views.new_client, name="new_client"),
    path("operators/<str:token>/", agency_views.operator, name="operator"),
    path("clients/<str:token>/", client_views.client, name="client"),
    path("clients/<str:token>/decline/", client_views.decline, name="client_decline"),
    path("clients/<str:token>/team/", client_views.join, name="client_join"),
    path("start/<str:token>/", copy_views.ask, name="from_copy"),
    path("start/<str:token>/account/", copy_views.join, name="from_copy_join"),
]
