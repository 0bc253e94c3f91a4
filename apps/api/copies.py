"""Recipients, the copies that they got, and their returns."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import documents, errors
from apps.api.base import Strict, TeamView, choice_in, id_in, listed, read
from apps.api.shapes import Shape, iso
from apps.deliveries.models import Delivery, DeliveryAttempt, Dispute
from apps.deliveries.plans import copying, planning
from apps.deliveries.returns import disputes
from apps.deliveries.returns.disputes import DisputeRefused
from apps.deliveries.sending import progress
from apps.leads.models import Lead
from apps.rules.models import Recipient
from apps.rules.recipients import services as recipients
from apps.rules.recipients.facts import barrier
from apps.rules.registry import registry
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import api_policy

ALL = "all"
STATES = (*Delivery.State.values, ALL)
MOST_RECIPIENTS = 50
PAUSED_UNTIL = "Without a moment, until it is switched on again."


class RecipientShape(serializers.Serializer[Any]):
    """`waits_for` is why it gets no leads now, such as `paused`; null if it gets some."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Recipient.Kind.choices)
    is_active = serializers.BooleanField()
    waits_for = serializers.CharField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    campaign = serializers.CharField()
    quota = serializers.IntegerField(allow_null=True)
    campaign_count = serializers.IntegerField()
    ends_at = serializers.DateTimeField(allow_null=True)
    price = serializers.CharField(help_text="Of one lead, in major units of the currency.")
    currency = serializers.CharField()


def recipient_shape(one: Recipient, by: Access) -> Shape:
    stops = barrier(one, by.team, now=timezone.now())
    return {
        "id": str(one.pk),
        "name": one.name,
        "kind": one.kind,
        "is_active": one.is_active,
        "waits_for": stops.why if stops else None,
        "until": iso(stops.until) if stops else None,
        "campaign": one.campaign,
        "quota": one.quota,
        "campaign_count": one.campaign_count,
        "ends_at": iso(one.ends_at),
        "price": str(copying.price(one, by.team.currency)),
        "currency": by.team.currency,
    }


class DeliveryShape(serializers.Serializer[Any]):
    """One copy. Of a lead that was kept out, `lead` is null."""

    id = serializers.UUIDField()
    lead = serializers.UUIDField(allow_null=True)
    recipient = serializers.UUIDField()
    recipient_name = serializers.CharField()
    channel = serializers.ChoiceField(choices=Recipient.Kind.choices)
    state = serializers.ChoiceField(choices=Delivery.State.choices)
    campaign = serializers.CharField()
    reason = serializers.CharField(help_text="Why it failed or ended, in words.")
    attempts = serializers.IntegerField()
    queued_at = serializers.DateTimeField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


def delivery_shape(one: Delivery) -> Shape:
    moments = ("queued_at", "next_attempt_at", "sent_at", "delivered_at", "opened_at", "ended_at")
    return {
        "id": str(one.pk),
        "lead": None if one.lead.stage == Lead.Stage.AWAY else str(one.lead_id),
        "recipient": str(one.recipient_id),
        "recipient_name": one.recipient.name,
        "channel": one.channel,
        "state": one.state,
        "campaign": one.campaign,
        "reason": one.reason,
        "attempts": one.attempts_made,
        **{moment: iso(getattr(one, moment)) for moment in moments},
    }


class DeliveryAttemptShape(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    milliseconds = serializers.IntegerField()
    status_code = serializers.IntegerField(allow_null=True)
    is_success = serializers.BooleanField()
    error = serializers.CharField()


class DeliveryInFullShape(DeliveryShape):
    """The copy as it goes out (masked for a lead that was kept out), and every try."""

    payload = serializers.DictField()
    tries = DeliveryAttemptShape(many=True)


def _tried(one: DeliveryAttempt) -> Shape:
    return {
        "number": one.number,
        "at": iso(one.at),
        "milliseconds": one.milliseconds,
        "status_code": one.status_code,
        "is_success": one.is_success,
        "error": one.error,
    }


def _in_full(one: Delivery, by: Access) -> Shape:
    payload = one.payload
    if by.masked or one.lead.stage == Lead.Stage.AWAY:
        payload = copying.masked(payload, one.recipient, registry(by.team))
    tries = [_tried(each) for each in one.attempts.order_by("number")]
    return {**delivery_shape(one), "payload": payload, "tries": tries}


class Recipients(TeamView):
    policy = api_policy(Permission.SEE_ROUTING)

    @extend_schema(
        operation_id="recipients_list",
        parameters=documents.PAGE,
        responses={200: documents.page(RecipientShape), **documents.REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """Everyone who may get copies of leads, and whether they get some now."""
        rows = Recipient.objects.visible_to(self.access).select_related("agreement", "membership")
        return listed(rows, request, lambda one: recipient_shape(one, self.access))


class Paused(Strict):
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)


class Pause(TeamView):
    policy = api_policy(Permission.EDIT_ROUTING)

    @extend_schema(
        operation_id="recipients_pause",
        request=Paused,
        description=f"No leads for this recipient until then. {PAUSED_UNTIL}",
        responses={200: RecipientShape, **documents.REFUSALS},
    )
    def post(self, request: Request, recipient: UUID) -> Response:
        found, body, now = _recipient(self.access, recipient), read(Paused, request), timezone.now()
        if body["until"] is not None and body["until"] <= now:
            raise errors.Unprocessable("This moment is over.", until="Give a moment to come.")
        changed = recipients.pause(found, until=body["until"], by=self.access, now=now)
        return Response(recipient_shape(changed, self.access))


class Resume(TeamView):
    policy = api_policy(Permission.EDIT_ROUTING)

    @extend_schema(
        operation_id="recipients_resume",
        request=None,
        responses={200: RecipientShape, **documents.REFUSALS},
    )
    def post(self, request: Request, recipient: UUID) -> Response:
        """Leads for this recipient again."""
        found = _recipient(self.access, recipient)
        changed = recipients.resume(found, by=self.access, now=timezone.now())
        progress.wake(changed, now=timezone.now())
        return Response(recipient_shape(changed, self.access))


def _recipient(access: Access, pk: UUID) -> Recipient:
    rows = Recipient.objects.visible_to(access).select_related("agreement", "membership")
    return get_object_or_404(rows, pk=pk)


class Deliveries(TeamView):
    policy = api_policy(Permission.SEE_ROUTING)

    @extend_schema(
        operation_id="deliveries_list",
        parameters=[
            *documents.PAGE,
            OpenApiParameter("lead", UUID, description="Only copies of this lead."),
            OpenApiParameter("recipient", UUID, description="Only copies for this recipient."),
            OpenApiParameter("state", str, enum=STATES, description="Default: all."),
        ],
        responses={200: documents.page(DeliveryShape), **documents.REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """Copies of leads, the latest first, and how far each came."""
        rows = Delivery.objects.visible_to(self.access).select_related("lead", "recipient")
        state = choice_in(request, "state", STATES, ALL)
        if state != ALL:
            rows = rows.filter(state=state)
        for name in ("lead", "recipient"):
            if wanted := id_in(request, name):
                rows = rows.filter(**{name: wanted})
        if request.query_params.get("lead"):
            rows = rows.exclude(lead__stage=Lead.Stage.AWAY)
        return listed(rows, request, delivery_shape)


class OneDelivery(TeamView):
    policy = api_policy(Permission.SEE_ROUTING)

    @extend_schema(
        operation_id="deliveries_retrieve",
        responses={200: DeliveryInFullShape, **documents.REFUSALS},
    )
    def get(self, request: Request, delivery: UUID) -> Response:
        """One copy with what it holds and every try to hand it over."""
        return Response(_in_full(_delivery(self.access, delivery), self.access))


class Replay(TeamView):
    policy = api_policy(Permission.EDIT_ROUTING)

    @extend_schema(
        operation_id="deliveries_replay",
        request=None,
        responses={200: DeliveryInFullShape, 409: documents.Refusal, **documents.REFUSALS},
    )
    def post(self, request: Request, delivery: UUID) -> Response:
        """Send a copy again that was given up. 409 if it was not."""
        one = _delivery(self.access, delivery)
        if not progress.replay(one, by=self.access, now=timezone.now()):
            return Response({"detail": "Only a copy that was given up is sent again."}, 409)
        return Response(_in_full(_delivery(self.access, delivery), self.access))


def _delivery(access: Access, pk: UUID) -> Delivery:
    rows = Delivery.objects.visible_to(access).select_related("lead", "recipient")
    return get_object_or_404(rows, pk=pk)


class SendTo(Strict):
    recipients = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MOST_RECIPIENTS
    )


class MadeShape(serializers.Serializer[Any]):
    results = DeliveryShape(many=True)


class SendCopies(TeamView):
    policy = api_policy(Permission.EDIT_ROUTING)

    @extend_schema(
        operation_id="leads_send_copies",
        request=SendTo,
        responses={201: MadeShape, 422: documents.Refusal, **documents.REFUSALS},
    )
    def post(self, request: Request, lead: UUID) -> Response:
        """Send copies of a lead by hand. Whoever has it, or takes none now, is passed over."""
        by = self.access
        rows = Lead.objects.visible_to(by).select_related("source", "team")
        found, body = get_object_or_404(rows, pk=lead), read(SendTo, request)
        wanted = list(Recipient.objects.visible_to(by).filter(pk__in=body["recipients"]))
        if len(wanted) < len(set(body["recipients"])):
            raise errors.unknown("recipients")
        with transaction.atomic():
            made = planning.send_by_hand(found, wanted, by=by, now=timezone.now())
        sent = Delivery.objects.filter(pk__in=[each.pk for each in made.deliveries])
        results = [delivery_shape(one) for one in sent.select_related("lead", "recipient")]
        return Response({"results": results}, 201)


class DisputeShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    delivery = serializers.UUIDField()
    recipient = serializers.UUIDField()
    reason = serializers.ChoiceField(choices=Dispute.Reason.choices)
    note = serializers.CharField()
    at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=Dispute.State.choices)
    decided_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField()


def _dispute_shape(one: Dispute) -> Shape:
    return {
        "id": str(one.pk),
        "delivery": str(one.delivery_id),
        "recipient": str(one.recipient_id),
        "reason": one.reason,
        "note": one.note,
        "at": iso(one.at),
        "state": one.state,
        "decided_at": iso(one.decided_at),
        "answer": one.answer,
    }


class Disputes(TeamView):
    policy = api_policy(Permission.SEE_ROUTING)

    @extend_schema(
        operation_id="disputes_list",
        parameters=[
            *documents.PAGE,
            OpenApiParameter("state", str, enum=(*Dispute.State.values, ALL)),
        ],
        responses={200: documents.page(DisputeShape), **documents.REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """Leads that recipients returned, the latest first."""
        rows = Dispute.objects.visible_to(self.access)
        state = choice_in(request, "state", (*Dispute.State.values, ALL), ALL)
        if state != ALL:
            rows = rows.filter(state=state)
        return listed(rows, request, _dispute_shape)


class Decided(Strict):
    accept = serializers.BooleanField()
    answer = serializers.CharField(
        max_length=disputes.LONGEST_NOTE, required=False, allow_blank=True, default=""
    )


class Decide(TeamView):
    policy = api_policy(Permission.ADJUST_CREDIT)

    @extend_schema(
        operation_id="disputes_decide",
        request=Decided,
        responses={200: DisputeShape, 409: documents.Refusal, **documents.REFUSALS},
    )
    def post(self, request: Request, dispute: UUID) -> Response:
        """Accept a return (it is not billed, the turn comes back) or refuse it. Once."""
        rows = Dispute.objects.visible_to(self.access).select_related("delivery", "recipient")
        one, body = get_object_or_404(rows, pk=dispute), read(Decided, request)
        decide = disputes.accept if body["accept"] else disputes.refuse
        try:
            made = decide(one, answer=body["answer"], by=self.access, now=timezone.now())
        except DisputeRefused as refused:
            return Response({"detail": str(refused)}, 409)
        return Response(_dispute_shape(made))
