"""Pages of a team's day: Today, Lead, Hopper, decisions."""

from django.urls import path

from apps.assignments.views import actions, held, hopper, lead, reports, today, triage

app_name = "assignments"

urlpatterns = [
    path("", today.today, name="today"),
    path("offers/<uuid:offer>/claim/", today.claim, name="claim"),
    path("offers/<uuid:offer>/accept/", today.claim, name="accept"),
    path("offers/<uuid:offer>/decline/", today.decline, name="decline"),
    path("hopper/", hopper.hopper, name="hopper"),
    path("triage/", triage.page, name="triage"),
    path("triage/<uuid:lead>/assign/", triage.assign, name="triage_assign"),
    path("triage/<uuid:lead>/hopper/", triage.into_hopper, name="triage_hopper"),
    path("triage/<uuid:lead>/route/", triage.route_again, name="triage_route"),
    path("triage/<uuid:lead>/qualify/", triage.qualify, name="triage_qualify"),
    path("triage/<uuid:lead>/disqualify/", triage.disqualify, name="triage_disqualify"),
    path("hopper/next/", hopper.take_next, name="hopper_next"),
    path("held/", held.held, name="held"),
    path("held/<uuid:lead>/release/", held.release, name="held_release"),
    path("reports/", reports.reports, name="reports"),
    path("reports/<uuid:report>/accept/", reports.accept, name="report_accept"),
    path("reports/<uuid:report>/refuse/", reports.refuse, name="report_refuse"),
    path("leads/<uuid:lead>/report/", reports.report, name="report"),
    path("leads/<uuid:lead>/", lead.lead, name="lead"),
    path("leads/<uuid:lead>/pick/", today.pick, name="pick"),
    path("leads/<uuid:lead>/attempts/", actions.attempt, name="attempt"),
    path("leads/<uuid:lead>/notes/", actions.note, name="note"),
    path("leads/<uuid:lead>/status/", actions.status, name="status"),
    path("leads/<uuid:lead>/owner/", actions.owner, name="owner"),
    path("leads/<uuid:lead>/release/", actions.release, name="release"),
    path("leads/<uuid:lead>/delete/", actions.delete, name="delete"),
    path("leads/<uuid:lead>/deleted/", actions.deleted, name="deleted"),
    path("leads/<uuid:lead>/do-not-contact/", actions.do_not_contact, name="do_not_contact"),
    path("leads/<uuid:lead>/edit/", actions.edit, name="edit"),
    path("attempts/<uuid:attempt>/", actions.outcome, name="outcome"),
    path("attempts/<uuid:attempt>/misdial/", actions.misdial, name="misdial"),
    path("follow-ups/<uuid:follow_up>/done/", actions.follow_up_done, name="follow_up_done"),
    path("follow-ups/<uuid:follow_up>/cancel/", actions.follow_up_cancel, name="follow_up_cancel"),
    path("decisions/<uuid:decision>/", lead.decision, name="decision"),
]
