"""Teams are founded, sources set and the inbox read in the Django admin."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.capture import onboarding, sources
from apps.capture.models import Capture, Import, ImportRow
from apps.leads.models import Source
from apps.teams import team_settings
from apps.teams.models import RESERVED_SLUGS, Team
from apps.teams.operators import OfTeam, ReadOnly, Tidy, operator


class NewTeamForm(forms.ModelForm):
    """A team with its first admin."""

    owner = forms.ModelChoiceField(
        queryset=User.objects.filter(is_active=True).order_by("email"), label=_("First admin")
    )

    class Meta:
        model = Team
        fields = ("name", "slug", "timezone", "country", "currency")

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug in RESERVED_SLUGS:
            raise forms.ValidationError(_("This address is taken. Choose another."))
        return slug


@admin.register(Team)
class TeamAdmin(Tidy):
    """Here and not with the teams: a new team needs statuses, a pool, rules and sources."""

    list_display = ("name", "slug", "timezone", "country", "is_active", "created_at")
    list_filter = ("is_active",)
    search_fields = ("name", "slug")
    readonly_fields = ("slug", "hours", "created_at", "routing_version")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = {} if obj else {"form": NewTeamForm}
        return super().get_form(request, obj, change, **form, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return (*NewTeamForm.Meta.fields, "owner")
        return ("slug", *team_settings.EDITABLE, "hours", "is_active", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        now, given = timezone.now(), form.cleaned_data
        if not change:
            founded = onboarding.found_team(**given, now=now)
            obj.pk, obj._state.adding = founded.pk, False
            return
        by = operator(obj, request)
        team_settings.change_team(values=given, by=by, now=now)
        team_settings.set_team_active(is_active=given["is_active"], by=by, now=now)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Teams are deactivated: their leads and their proofs stay."""
        return False


@admin.register(Source)
class SourceAdmin(OfTeam):
    """Addresses and secrets are made, shown and rotated on the team's Sources page only."""

    list_display = ("name", "team", "kind", "is_active", "is_signed", "created_at", "revoked_at")
    list_filter = ("kind", "is_active", "is_signed", "team")
    search_fields = ("name", "slug")
    fields = (
        "team", "kind", "name", "slug", "is_active", "is_signed", "mapping", "id_field",
        "default_country", "campaign", "allowed_origins", "created_at", "revoked_at",
    )  # fmt: skip
    readonly_fields = ("kind", "slug", "created_at", "revoked_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        if changes:
            by = operator(cast(Team, obj.team), request)
            sources.change(obj, by=by, now=timezone.now(), **changes)


@admin.register(Capture)
class CaptureAdmin(ReadOnly):
    """Without the body, which is a person's: it is read on the team's Captures page."""

    list_display = ("received_at", "source", "state", "outcome", "reason", "tries", "team")
    list_filter = ("state", "outcome", "team")
    search_fields = ("id__exact", "key__exact")
    exclude = ("body", "body_hash", "answer")


@admin.register(Import)
class ImportAdmin(ReadOnly):
    list_display = ("created_at", "file_name", "source", "state", "rows_done", "rows_total", "team")
    list_filter = ("state", "team")
    search_fields = ("file_name",)
    exclude = ("body", "file_hash", "agency_id")


@admin.register(ImportRow)
class ImportRowAdmin(ReadOnly):
    list_display = ("run", "number", "outcome", "reason", "team")
    list_filter = ("outcome", "team")
    exclude = ("cells",)
