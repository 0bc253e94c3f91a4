"""Alerts and relays in the Django admin: to be read only."""

from __future__ import annotations

from django.contrib import admin

from apps.alerts.models import Alert, RelayHeartbeat
from apps.teams.operators import ReadOnly


@admin.register(Alert)
class AlertAdmin(ReadOnly):
    list_display = ("created_at", "kind", "user", "seq", "read_at", "emailed_at", "team")
    list_filter = ("kind", "team")
    search_fields = ("user__email", "lead_id__exact")


@admin.register(RelayHeartbeat)
class RelayHeartbeatAdmin(ReadOnly):
    list_display = ("name", "beat_at")
