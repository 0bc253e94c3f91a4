"""The report of a team for itself, below /t/<team>/report/."""

from django.urls import path

from apps.agency.views import report

app_name = "reports"
urlpatterns = [
    path("", report.of_team, name="report"),
    path("pdf/", report.of_team_pdf, name="pdf"),
]
