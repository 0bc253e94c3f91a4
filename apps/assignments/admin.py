"""Who owns what, and why, in the Django admin: to be read only."""

from __future__ import annotations

from django.contrib import admin

from apps.assignments.models import Assignment, Decision, Hold, HopperEntry, Offer
from apps.teams.operators import ReadOnly


@admin.register(Decision)
class DecisionAdmin(ReadOnly):
    list_display = ("at", "lead", "door", "hop", "outcome", "rule", "pool", "chosen", "team")
    list_filter = ("outcome", "door", "team")
    search_fields = ("lead__id__exact",)


@admin.register(Offer)
class OfferAdmin(ReadOnly):
    list_display = (
        "opened_at",
        "lead",
        "pool",
        "member",
        "state",
        "expires_at",
        "taken_by",
        "team",
    )
    list_filter = ("state", "team")
    search_fields = ("lead__id__exact",)


@admin.register(Assignment)
class AssignmentAdmin(ReadOnly):
    list_display = (
        "started_at", "lead", "member", "how", "respond_by", "responded_at", "ended_at", "team",
    )  # fmt: skip
    list_filter = ("how", "end_reason", "team")
    search_fields = ("lead__id__exact", "member__user__email")


@admin.register(Hold)
class HoldAdmin(ReadOnly):
    list_display = ("since", "lead", "pool", "retry_at", "released_at", "team")
    list_filter = ("team",)
    search_fields = ("lead__id__exact",)


@admin.register(HopperEntry)
class HopperEntryAdmin(ReadOnly):
    list_display = ("entered_at", "lead", "pool", "expires_at", "left_at", "picked_by", "team")
    list_filter = ("team",)
    search_fields = ("lead__id__exact",)
