"""Pages of a team: sources, captures, imports, a lead typed in."""

from django.urls import path

from apps.capture import (
    capture_views,
    import_views,
    new_lead_view,
    senders_views,
    source_views,
)

app_name = "capture"
urlpatterns = [
    path("leads/new/", new_lead_view.new_lead, name="new_lead"),
    path("sources/", source_views.sources_page, name="sources"),
    path("sources/new/", source_views.new_source, name="new_source"),
    path("sources/<uuid:source>/", source_views.source_page, name="source"),
    path("sources/<uuid:source>/arrivals/", source_views.arrivals, name="arrivals"),
    path("sources/<uuid:source>/test/", source_views.send_test, name="source_test"),
    path("sources/<uuid:source>/mapping/", source_views.save_mapping, name="source_mapping"),
    path("sources/<uuid:source>/settings/", source_views.save_settings, name="source_settings"),
    path("sources/<uuid:source>/rotate/", source_views.rotate, name="source_rotate"),
    path("sources/<uuid:source>/revoke/", source_views.revoke, name="source_revoke"),
    path("senders/", senders_views.senders_page, name="senders"),
    path("senders/<uuid:sender>/end/", senders_views.end_sender, name="end_sender"),
    path("senders/asked/<uuid:question>/", senders_views.question, name="question"),
    path("leads/<uuid:lead>/return/", senders_views.return_lead, name="return_lead"),
    path("captures/", capture_views.captures_page, name="captures"),
    path("captures/replay/", capture_views.replay_all, name="replay_all"),
    path("captures/<uuid:capture>/", capture_views.capture_page, name="capture"),
    path("captures/<uuid:capture>/replay/", capture_views.replay, name="replay"),
    path("imports/", import_views.imports_page, name="imports"),
    path("imports/<uuid:run>/", import_views.import_page, name="import"),
    path("imports/<uuid:run>/start/", import_views.start, name="import_start"),
    path("imports/<uuid:run>/progress/", import_views.progress, name="import_progress"),
    path("imports/<uuid:run>/refused.csv", import_views.refused, name="import_refused"),
]
