"""Pages of a team: sources, captures, imports, a lead typed in."""

from django.urls import path

from apps.capture.views import captures, imports, new_lead, senders, sources

app_name = "capture"
urlpatterns = [
    path("leads/new/", new_lead.new_lead, name="new_lead"),
    path("sources/", sources.sources_page, name="sources"),
    path("sources/new/", sources.new_source, name="new_source"),
    path("sources/<uuid:source>/", sources.source_page, name="source"),
    path("sources/<uuid:source>/arrivals/", sources.arrivals, name="arrivals"),
    path("sources/<uuid:source>/test/", sources.send_test, name="source_test"),
    path("sources/<uuid:source>/mapping/", sources.save_mapping, name="source_mapping"),
    path("sources/<uuid:source>/settings/", sources.save_settings, name="source_settings"),
    path("sources/<uuid:source>/rotate/", sources.rotate, name="source_rotate"),
    path("sources/<uuid:source>/revoke/", sources.revoke, name="source_revoke"),
    path("senders/", senders.senders_page, name="senders"),
    path("senders/<uuid:sender>/end/", senders.end_sender, name="end_sender"),
    path("senders/asked/<uuid:question>/", senders.question, name="question"),
    path("leads/<uuid:lead>/return/", senders.return_lead, name="return_lead"),
    path("captures/", captures.captures_page, name="captures"),
    path("captures/replay/", captures.replay_all, name="replay_all"),
    path("captures/<uuid:capture>/", captures.capture_page, name="capture"),
    path("captures/<uuid:capture>/replay/", captures.replay, name="replay"),
    path("imports/", imports.imports_page, name="imports"),
    path("imports/<uuid:run>/", imports.import_page, name="import"),
    path("imports/<uuid:run>/start/", imports.start, name="import_start"),
    path("imports/<uuid:run>/progress/", imports.progress, name="import_progress"),
    path("imports/<uuid:run>/refused.csv", imports.refused, name="import_refused"),
]
