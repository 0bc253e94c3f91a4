"""Addresses of the people of a team, below /t/<team>/."""

from django.urls import path

from apps.teams.views import audit, holidays, me, sessions, settings, territories

app_name = "teams"
urlpatterns = [
    path("me/", me.me, name="me"),
    path("me/pause/", me.pause, name="my_pause"),
    path("me/resume/", me.resume, name="my_resume"),
    path("me/hours/", me.hours, name="my_hours"),
    path("me/time-off/", me.add_time_off, name="my_time_off"),
    path("me/time-off/<uuid:time_off>/remove/", me.remove_time_off, name="my_time_off_remove"),
    path("me/cover/", me.add_cover, name="my_cover"),
    path("me/cover/<uuid:cover>/call-off/", me.call_off_cover, name="my_cover_call_off"),
    path("me/notifications/", me.notifications, name="my_notifications"),
    path("me/keys/", me.add_token, name="my_token"),
    path("me/keys/<uuid:token>/revoke/", me.revoke_token, name="my_token_revoke"),
    path("me/sessions/end/", sessions.end_mine, name="my_sessions_end"),
    path("members/<uuid:member>/sessions/end/", sessions.end_all, name="member_sessions_end"),
    path("audit/", audit.audit_log, name="audit"),
    path("audit/export/", audit.export, name="audit_export"),
    path("settings/", settings.settings, name="settings"),
    path("settings/general/", settings.general, name="settings_general"),
    path("settings/hours/", settings.hours, name="settings_hours"),
    path("settings/holidays/", holidays.holidays, name="holidays"),
    path("settings/holidays/country/", holidays.follow, name="holidays_follow"),
    path("settings/holidays/add/", holidays.add, name="holiday_add"),
    path("settings/holidays/<uuid:holiday>/remove/", holidays.remove, name="holiday_remove"),
    path("settings/territories/", territories.territories, name="territories"),
    path("settings/territories/add/", territories.add, name="territory_add"),
    path("settings/territories/<uuid:territory>/", territories.territory, name="territory"),
    path(
        "settings/territories/<uuid:territory>/remove/",
        territories.remove,
        name="territory_remove",
    ),
]
