"""Rules and pools in the Django admin: changed on their pages, where each change is a version."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.leads.models import CustomField
from apps.rules.models import (
    Agreement,
    Pool,
    PoolRevision,
    Recipient,
    RecipientPool,
    RecipientSeat,
    RecipientTurn,
    Rule,
    RuleSet,
    Seat,
    TurnEntry,
    Version,
)
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


class RecipientSeatInline(ReadOnlyInline):
    model = RecipientSeat
    fields = ("recipient", "position", "weight", "is_active", "credit")
    readonly_fields = ("credit",)


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


@admin.register(Recipient)
class RecipientAdmin(ReadOnly):
    """Secrets are made, shown and rotated on the team's own page only."""

    list_display = ("name", "kind", "team", "is_paused", "disabled_at", "is_active")
    list_filter = ("kind", "is_active", "team")
    search_fields = ("name", "email", "url")
    exclude = ("secrets_encrypted",)


@admin.register(RecipientPool)
class RecipientPoolAdmin(ReadOnly):
    list_display = ("name", "team", "way", "is_active", "turn_no")
    list_filter = ("way", "is_active", "team")
    search_fields = ("name",)
    inlines = (RecipientSeatInline,)


@admin.register(RecipientTurn)
class RecipientTurnAdmin(ReadOnly):
    list_display = ("pool", "turn_no", "at", "winner", "reason", "team")
    list_filter = ("reason", "team")
    search_fields = ("pool__name", "lead__id__exact")


@admin.register(Agreement)
class AgreementAdmin(ReadOnly):
    """A team's consent is given and ended by that team, never here."""

    list_display = ("team", "to", "email", "state", "asked_at", "decided_at")
    list_filter = ("state", "team")
    search_fields = ("email", "to__name")
    exclude = ("token_hash",)
