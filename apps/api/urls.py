from django.urls import path

from apps.api import documents, lead_events, leads, offers, ownership, personal, rules

app_name = "api"
urlpatterns = [
    path("schema/", documents.Schema.as_view(), name="schema"),
    path("docs/", documents.Docs.as_view(), name="docs"),
    path("me/", personal.Me.as_view(), name="me"),
    path("alerts/", personal.Alerts.as_view(), name="alerts"),
    path("fields/", rules.Fields.as_view(), name="fields"),
    path("rule-sets/", rules.RuleSets.as_view(), name="rule_sets"),
    path("leads/", leads.Leads.as_view(), name="leads"),
    path("leads/<uuid:lead>/", leads.OneLead.as_view(), name="lead"),
    path("leads/<uuid:lead>/restore/", leads.Restore.as_view(), name="restore"),
    path("leads/<uuid:lead>/attempts/", leads.Attempts.as_view(), name="attempts"),
    path(
        "leads/<uuid:lead>/attempts/<uuid:attempt>/outcome/",
        leads.OneAttempt.as_view(),
        name="attempt",
    ),
    path("leads/<uuid:lead>/notes/", leads.Notes.as_view(), name="notes"),
    path("leads/<uuid:lead>/events/", lead_events.Events.as_view(), name="events"),
    path("leads/<uuid:lead>/why-not-me/", lead_events.WhyNotMe.as_view(), name="why_not_me"),
    path("leads/<uuid:lead>/status/", leads.LeadStatus.as_view(), name="status"),
    path("offers/", offers.Offers.as_view(), name="offers"),
    path("offers/<uuid:offer>/", offers.OneOffer.as_view(), name="offer"),
    path("offers/<uuid:offer>/claim/", offers.Claim.as_view(), name="claim"),
    path("offers/<uuid:offer>/accept/", offers.Accept.as_view(), name="accept"),
    path("offers/<uuid:offer>/decline/", offers.Decline.as_view(), name="decline"),
    path("assignments/", ownership.Assignments.as_view(), name="assignments"),
    path("assignments/<uuid:assignment>/release/", ownership.Release.as_view(), name="release"),
    path("hopper/", ownership.Hopper.as_view(), name="hopper"),
    path("hopper/<uuid:lead>/pick/", ownership.Pick.as_view(), name="pick"),
    path("decisions/", ownership.Decisions.as_view(), name="decisions"),
    path("decisions/<uuid:decision>/", ownership.OneDecision.as_view(), name="decision"),
]
