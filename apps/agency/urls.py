"""Addresses of an agency's pages, below /agency/<slug>/."""

from django.urls import URLPattern, path

from apps.agency.views import asking, client, clients, copying, people, report, reports, resting

app_name = "agency"
urlpatterns: list[URLPattern] = [
    path("", clients.clients, name="clients"),
    path("compare/", client.compare, name="compare"),
    path("clients/<uuid:client_grant>/", client.client, name="client"),
    path("clients/<uuid:client_grant>/sort/", client.sort, name="sort_client"),
    path("clients/<uuid:client_grant>/report/", report.of_client, name="report"),
    path("clients/<uuid:client_grant>/report/pdf/", report.of_client_pdf, name="report_pdf"),
    path("clients/<uuid:client_grant>/rest/", resting.rest, name="rest"),
    path("clients/<uuid:client_grant>/wake/", resting.wake, name="wake"),
    path("settings/close/", people.close, name="close"),
    path("copy/", copying.choose, name="copy"),
    path("copy/<uuid:copy_run>/", copying.run, name="copy_run"),
    path("copy/<uuid:copy_run>/go/", copying.go, name="copy_go"),
    path("copy/<uuid:copy_run>/progress/", copying.progress, name="copy_progress"),
    path("copy/<uuid:copy_run>/again/", copying.again, name="copy_again"),
    path("reports/", reports.reports, name="reports"),
    path("reports/add/", reports.add, name="add_plan"),
    path("reports/<uuid:plan>/", reports.plan, name="plan"),
    path("reports/<uuid:plan>/remove/", reports.remove, name="remove_plan"),
    path("reports/<uuid:plan>/send/<uuid:schedule>/", reports.send_now, name="send_report"),
    path("operators/", people.operators, name="operators"),
    path("operators/invite/", people.invite, name="invite_operator"),
    path("operators/invitations/<uuid:invitation>/revoke/", people.revoke, name="revoke_operator"),
    path("operators/<uuid:operator>/", people.change, name="change_operator"),
    path("settings/", people.settings, name="settings"),
    path("invitations/", asking.invite, name="invite_client"),
    path("invitations/<uuid:invitation>/resend/", asking.resend, name="resend_client"),
    path("invitations/<uuid:invitation>/revoke/", asking.revoke, name="revoke_client"),
    path("clients/<slug:team>/leave/", asking.leave, name="leave_client"),
]
