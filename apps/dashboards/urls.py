from django.urls import path

from apps.dashboards import cost_views, views

app_name = "dashboards"
urlpatterns = [
    path("dashboard/", views.team, name="team"),
    path("dashboard/<slug:figure>.csv", views.download, name="csv"),
    path("costs/", cost_views.cost_page, name="costs"),
    path("costs/add/", cost_views.add, name="add_cost"),
    path("costs/file/", cost_views.add_file, name="add_costs"),
    path("costs/<uuid:cost>/remove/", cost_views.remove, name="remove_cost"),
]
