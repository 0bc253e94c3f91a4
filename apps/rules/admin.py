"""Rules and pools in the Django admin: changed on their pages, where each change is a version."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.leads.models import CustomField
from apps.rules.models import Pool, PoolRevision, Rule, RuleSet, Seat, TurnEntry, Version
from apps.rules.registry import routing_moved
from apps.teams.operators import OfTeam, ReadOnly, ReadOnlyInline


@admin.register(CustomField)
class CustomFieldAdmin(OfTeam):
    """Here and not with the leads: a changed field moves the compiled rules."""

    list_display = ("label", "key", "type", "is_personal", "position", "team")
    list_filter = ("type", "is_personal", "team")
    search_fields = ("key", "label")

    def note(self, request: HttpRequest, obj: Any, deed: str, *, fields: list[str]) -> None:
        super().note(request, obj, deed, fields=fields)
        routing_moved(obj.team)


class SeatInline(ReadOnlyInline):
    model = Seat
    fields = ("membership", "position", "weight", "cap_day", "is_active", "credit")
    readonly_fields = ("credit",)


class RuleInline(ReadOnlyInline):
    model = Rule
    fields = ("position", "name", "destination", "pool", "member", "is_active", "conditions")


@admin.register(Pool)
class PoolAdmin(ReadOnly):
    list_display = ("name", "team", "ranking", "mode", "overflow", "is_active", "revision")
    list_filter = ("mode", "ranking", "is_active", "team")
    search_fields = ("name",)
    inlines = (SeatInline,)


@admin.register(PoolRevision)
class PoolRevisionAdmin(ReadOnly):
    list_display = ("pool", "number", "at", "actor", "via", "team")
    list_filter = ("team",)
    search_fields = ("pool__name",)


@admin.register(TurnEntry)
class TurnEntryAdmin(ReadOnly):
    list_display = ("pool", "turn_no", "at", "winner", "reason", "team")
    list_filter = ("reason", "team")
    search_fields = ("pool__name", "lead__id__exact")


@admin.register(RuleSet)
class RuleSetAdmin(ReadOnly):
    list_display = ("name", "kind", "team")
    list_filter = ("kind", "team")


@admin.register(Version)
class VersionAdmin(ReadOnly):
    list_display = ("rule_set", "number", "state", "published_at", "published_by", "team")
    list_filter = ("state", "team")
    inlines = (RuleInline,)
