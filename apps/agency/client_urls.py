"""What a team lets agencies do, below /t/<team>/settings/agencies/."""

from django.urls import path

from apps.agency.views import consents, reports

app_name = "consents"
urlpatterns = [
    path("", consents.agencies, name="agencies"),
    path("<uuid:client_grant>/", consents.change, name="change"),
    path("<uuid:client_grant>/end/", consents.end, name="end"),
    path("reports/<uuid:report_schedule>/stop/", reports.stop, name="stop_report"),
    path("asked/<uuid:client_invitation>/accept/", consents.accept, name="accept"),
    path("asked/<uuid:client_invitation>/decline/", consents.decline, name="decline"),
]
