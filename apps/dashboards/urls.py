from django.urls import path

from apps.dashboards.views import attribution, breakdown, costs, live_board, road, team

app_name = "dashboards"
urlpatterns = [
    path("dashboard/", team.team, name="team"),
    path("board/", live_board.live_board, name="board"),
    path("dashboard/<slug:figure>.csv", team.download, name="csv"),
    path("dashboard/by/<slug:dimension>/", breakdown.by_dimension, name="by"),
    path("dashboard/by/<slug:dimension>.csv", breakdown.by_dimension_csv, name="by_csv"),
    path("dashboard/road/", road.road_page, name="road"),
    path("dashboard/road/all.csv", road.road_csv, name="road_csv"),
    path("dashboard/attribution/", attribution.attribution_page, name="attribution"),
    path("dashboard/attribution/all.csv", attribution.attribution_csv, name="attribution_csv"),
    path("costs/", costs.cost_page, name="costs"),
    path("costs/add/", costs.add, name="add_cost"),
    path("costs/file/", costs.add_file, name="add_costs"),
    path("costs/<uuid:cost>/remove/", costs.remove, name="remove_cost"),
]
