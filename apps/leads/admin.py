"""Statuses, fields and leads in the Django admin. What a lead is and whose can only be read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.leads.models import Activity, Attempt, FollowUp, Lead, Status
from apps.teams.operators import OfTeam, ReadOnly
from apps.teams.team_settings import routing_moved


@admin.register(Status)
class StatusAdmin(OfTeam):
    list_display = ("name", "kind", "position", "is_active", "team")
    list_filter = ("kind", "is_active", "team")
    search_fields = ("name",)

    def note(self, request: HttpRequest, obj: Any, deed: str, *, fields: list[str]) -> None:
        """Rules ask for statuses by their names."""
        super().note(request, obj, deed, fields=fields)
        routing_moved(obj.team)


@admin.register(Lead)
class LeadAdmin(ReadOnly):
    list_display = ("name", "team", "stage", "status", "owner", "source", "received_at")
    list_filter = ("stage", "status_kind", "is_test", "is_spam", "team")
    search_fields = ("id__exact", "email_key__exact", "phone_key__exact")
    search_help_text = "The whole id, e-mail or phone number."


@admin.register(Activity)
class ActivityAdmin(ReadOnly):
    list_display = ("at", "kind", "lead", "member", "actor", "via", "team")
    list_filter = ("kind", "team")
    search_fields = ("lead__id__exact",)


@admin.register(Attempt)
class AttemptAdmin(ReadOnly):
    list_display = ("at", "channel", "outcome", "lead", "member", "team")
    list_filter = ("channel", "outcome", "team")
    search_fields = ("lead__id__exact",)


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnly):
    list_display = ("due_at", "lead", "member", "done_at", "cancelled_at", "team")
    list_filter = ("team",)
    search_fields = ("lead__id__exact",)
