"""Addresses of members and invitations, below /t/<team>/."""

from django.urls import path

from apps.people.views import invitations, member, members

app_name = "people"
urlpatterns = [
    path("members/", members.members, name="members"),
    path("members/invite/", invitations.invite, name="invite"),
    path("members/invitations/<uuid:invitation>/", invitations.invitation, name="invitation"),
    path("members/invitations/<uuid:invitation>/resend/", invitations.resend, name="resend"),
    path("members/invitations/<uuid:invitation>/revoke/", invitations.revoke, name="revoke"),
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
    path("members/<uuid:member>/pools/", member.pools, name="member_pools"),
]
