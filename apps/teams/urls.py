"""Addresses of the people of a team, below /t/<team>/."""

from django.urls import path

from apps.teams.views import holidays, me, member, members, settings, territories

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
    path("members/", members.members, name="members"),
    path("members/invite/", members.invite, name="invite"),
    path("members/invitations/<uuid:invitation>/resend/", members.resend, name="resend"),
    path("members/invitations/<uuid:invitation>/revoke/", members.revoke, name="revoke"),
    path("members/<uuid:member>/", member.member, name="member"),
    path("members/<uuid:member>/pause/", member.pause, name="member_pause"),
    path("members/<uuid:member>/resume/", member.resume, name="member_resume"),
    path("members/<uuid:member>/hours/", member.hours, name="member_hours"),
    path("members/<uuid:member>/time-off/", member.add_time_off, name="member_time_off"),
    path(
        "members/<uuid:member>/time-off/<uuid:time_off>/remove/",
        member.remove_time_off,
        name="member_time_off_remove",
    ),
    path("members/<uuid:member>/cover/", member.add_cover, name="member_cover"),
    path(
        "members/<uuid:member>/cover/<uuid:cover>/call-off/",
        member.call_off_cover,
        name="member_cover_call_off",
    ),
    path("members/<uuid:member>/role/", member.role, name="member_role"),
    path("members/<uuid:member>/switches/", member.switches, name="member_switches"),
    path("members/<uuid:member>/active/", member.active, name="member_active"),
    path("members/<uuid:member>/profile/", member.profile, name="member_profile"),
    path("members/<uuid:member>/skills/", member.skills, name="member_skills"),
    path("members/<uuid:member>/territories/", member.territories, name="member_territories"),
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
