"""Scripts in the Django admin."""

from __future__ import annotations

from django.contrib import admin

from apps.content.models import Script
from apps.teams.operators import OfTeam


@admin.register(Script)
class ScriptAdmin(OfTeam):
    list_display = ("name", "channel", "language", "position", "is_active", "team")
    list_filter = ("channel", "is_active", "team")
    search_fields = ("name", "body")
