"""Teams and their people in the Django admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.teams import members, tokens
from apps.teams.members import MemberRefused
from apps.teams.models import (
    Agency,
    ApiToken,
    AuditEntry,
    AvailabilityChange,
    ClientGrant,
    Holiday,
    Invitation,
    Membership,
    MemberSkill,
    MemberTerritory,
    Operator,
    Skill,
    Team,
    Territory,
    TimeOff,
)
from apps.teams.operators import OfTeam, ReadOnly, ReadOnlyInline, operator


class SkillInline(ReadOnlyInline):
    model = MemberSkill
    fields = ("skill", "level")


class TerritoryInline(ReadOnlyInline):
    model = MemberTerritory
    fields = ("territory",)


@admin.register(Membership)
class MembershipAdmin(OfTeam):
    """Role, switches and activity go through the members' services, which keep an admin."""

    list_display = ("user", "team", "role", "is_active", "is_paused", "open_leads")
    list_filter = ("role", "is_active", "is_paused", "team")
    search_fields = ("user__email", "user__name", "team__name")
    autocomplete_fields = ("team", "user")
    inlines = (SkillInline, TerritoryInline)
    fields = (
        "team", "user", "role", "switches", "is_active", "title", "experience", "is_paused",
        "paused_until", "hours", "capacity", "open_leads", "joined_at",
    )  # fmt: skip
    readonly_fields = (
        "is_paused", "paused_until", "hours", "capacity", "open_leads", "joined_at",
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "user") if obj else (*fields, "switches", "is_active")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        by, now, given = operator(obj.team, request), timezone.now(), form.cleaned_data
        try:
            members.change_role(obj, role=given["role"], by=by, now=now)
            members.set_active(obj, is_active=given["is_active"], by=by, now=now)
        except MemberRefused as refusal:
            messages.error(request, str(refusal))
            return
        members.change_switches(obj, switches=given["switches"], by=by, now=now)
        members.describe(obj, title=given["title"], experience=given["experience"], by=by, now=now)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Members are deactivated: what they did stays theirs."""
        return False


@admin.register(Holiday)
class HolidayAdmin(OfTeam):
    list_display = ("date", "name", "team")
    list_filter = ("team",)
    search_fields = ("name",)

    def note(self, request: HttpRequest, obj: Any, deed: str, *, fields: list[str]) -> None:
        super().note(request, obj, deed, fields=fields)
        # Every process keeps the holidays until the team's version moves.
        Team.objects.filter(pk=obj.team_id).update(routing_version=F("routing_version") + 1)


@admin.register(Skill)
class SkillAdmin(OfTeam):
    list_display = ("name", "kind", "team")
    list_filter = ("kind", "team")
    search_fields = ("name",)


@admin.register(Territory)
class TerritoryAdmin(OfTeam):
    list_display = ("name", "team")
    list_filter = ("team",)
    search_fields = ("name",)


@admin.register(TimeOff)
class TimeOffAdmin(ReadOnly):
    list_display = ("membership", "starts_at", "ends_at", "team")
    list_filter = ("team",)
    search_fields = ("membership__user__email",)


@admin.register(AvailabilityChange)
class AvailabilityChangeAdmin(ReadOnly):
    list_display = ("at", "membership", "kind", "actor", "via", "team")
    list_filter = ("kind", "team")
    search_fields = ("membership__user__email",)


@admin.register(Invitation)
class InvitationAdmin(ReadOnly):
    list_display = (
        "email",
        "role",
        "team",
        "created_at",
        "expires_at",
        "accepted_at",
        "revoked_at",
    )
    list_filter = ("role", "team")
    search_fields = ("email",)
    exclude = ("token_hash", "agency_id")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly):
    list_display = ("name", "hint", "membership", "team", "last_used_at", "revoked_at")
    list_filter = ("team",)
    search_fields = ("name", "membership__user__email")
    exclude = ("token_hash",)
    actions = ("revoke",)

    @admin.action(description=_("Revoke the chosen keys"), permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        if not request.user.has_perm("teams.change_apitoken"):
            messages.error(request, _("You may look at keys, not revoke them."))
            return
        for token in queryset.select_related("team"):
            tokens.revoke_token(token, by=operator(token.team, request), now=timezone.now())
        messages.success(request, _("Revoked: they no longer work."))


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    list_display = ("at", "team", "action", "target_label", "actor", "via")
    list_filter = ("via", "team")
    search_fields = ("action", "target_label", "actor__email")


@admin.register(Agency)
class AgencyAdmin(ReadOnly):
    list_display = ("name", "slug", "timezone", "sending_team", "is_active", "created_at")
    list_filter = ("is_active",)
    search_fields = ("name", "slug")


@admin.register(Operator)
class OperatorAdmin(ReadOnly):
    list_display = ("user", "agency", "role", "is_active", "joined_at")
    list_filter = ("role", "is_active")
    search_fields = ("user__email", "agency__name")


@admin.register(ClientGrant)
class ClientGrantAdmin(ReadOnly):
    list_display = ("agency", "team", "allows", "is_masked", "granted_at", "ended_at")
    list_filter = ("is_masked", "agency")
    search_fields = ("agency__name", "team__name")
