from django.urls import path

from apps.dashboards import attribution_views, breakdown_views, cost_views, road_views, views

app_name = "dashboards"
urlpatterns = [
    path("dashboard/", views.team, name="team"),
    path("dashboard/<slug:figure>.csv", views.download, name="csv"),
    path("dashboard/by/<slug:dimension>/", breakdown_views.by_dimension, name="by"),
    path("dashboard/by/<slug:dimension>.csv", breakdown_views.by_dimension_csv, name="by_csv"),
    path("dashboard/road/", road_views.road_page, name="road"),
    path("dashboard/road/all.csv", road_views.road_csv, name="road_csv"),
    path("dashboard/attribution/", attribution_views.attribution_page, name="attribution"),
    path(
        "dashboard/attribution/all.csv", attribution_views.attribution_csv, name="attribution_csv"
    ),
    path("costs/", cost_views.cost_page, name="costs"),
    path("costs/add/", cost_views.add, name="add_cost"),
    path("costs/file/", cost_views.add_file, name="add_costs"),
    path("costs/<uuid:cost>/remove/", cost_views.remove, name="remove_cost"),
]
