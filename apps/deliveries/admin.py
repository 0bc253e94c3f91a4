"""Deliveries and what proves them, to look at."""

from django.contrib import admin

from apps.deliveries.models import Arrival, Delivery, DeliveryAttempt, Dispute, Distribution
from apps.teams.operators import ReadOnly, ReadOnlyInline


class AttemptInline(ReadOnlyInline):
    model = DeliveryAttempt
    exclude = ("team", "answer")  # what was answered may repeat what was sent


@admin.register(Distribution)
class DistributionAdmin(ReadOnly):
    list_display = ("at", "keeps_out", "returned_at", "team")
    list_filter = ("keeps_out", "team")
    fields = ("team", "at", "version", "keeps_out", "returned_at", "via", "actor")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    """Without the copy itself: it is a lead's, and the team's."""

    list_display = ("queued_at", "recipient", "channel", "state", "attempts_made", "team")
    list_filter = ("state", "channel", "team")
    fields = (
        "team", "recipient", "channel", "state", "reason", "campaign", "price_minor", "currency",
        "queued_at", "offered_until", "accepted_at", "next_attempt_at", "locked_until",
        "attempts_made", "sent_at", "delivered_at", "opened_at", "ended_at", "replayed_at",
    )  # fmt: skip
    inlines = (AttemptInline,)


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(ReadOnly):
    list_display = ("at", "number", "status_code", "is_success", "milliseconds", "team")
    list_filter = ("is_success", "team")
    fields = ("team", "at", "number", "milliseconds", "status_code", "is_success", "error")


@admin.register(Dispute)
class DisputeAdmin(ReadOnly):
    list_display = ("at", "recipient", "reason", "state", "decided_by", "team")
    list_filter = ("state", "reason", "team")
    exclude = ("note", "by_name")


@admin.register(Arrival)
class ArrivalAdmin(ReadOnly):
    list_display = ("arrived_at", "sender", "team")
    list_filter = ("team",)
    fields = ("team", "sender", "delivery_id", "arrived_at")
