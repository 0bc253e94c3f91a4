from django.urls import path

from apps.dashboards import views

app_name = "dashboards"
urlpatterns = [
    path("dashboard/", views.team, name="team"),
    path("dashboard/<slug:figure>.csv", views.download, name="csv"),
]
