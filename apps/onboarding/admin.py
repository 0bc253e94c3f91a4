"""Teams are founded and set in the Django admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.onboarding import services as onboarding
from apps.teams import team_settings
from apps.teams.models import RESERVED_SLUGS, Team
from apps.teams.operators import Tidy, operator


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
