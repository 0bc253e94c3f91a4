"""Sources are set and the inbox read in the Django admin."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from apps.capture import sources
from apps.capture.models import Capture, Import, ImportRow
from apps.leads.models import Source
from apps.teams.models import Team
from apps.teams.operators import OfTeam, ReadOnly, operator


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
