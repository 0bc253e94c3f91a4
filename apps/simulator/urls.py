"""Addresses of the simulator, below /t/<team>/."""

from django.urls import path

from apps.simulator import dry_run_views, views

app_name = "simulator"
urlpatterns = [
    path("simulator/", views.simulator, name="simulator"),
    path("simulator/lead/", dry_run_views.test_lead, name="test_lead"),
    path("simulator/<uuid:simulation>/", views.run, name="run"),
    path("simulator/<uuid:simulation>/progress/", views.progress, name="progress"),
    path("simulator/<uuid:simulation>/cancel/", views.cancel, name="cancel"),
    path("simulator/<uuid:simulation>/again/", views.again, name="again"),
    path("simulator/<uuid:simulation>/leads/", views.leads, name="leads"),
    path("simulator/<uuid:simulation>/leads/<int:number>/", views.lead, name="lead"),
]
