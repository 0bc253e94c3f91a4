"""Copies on their way to a receiver, and the courier that takes them there."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from apps.deliveries.models import Delivery
from apps.deliveries.sending.courier import Courier
from apps.rules.models import Recipient
from apps.rules.recipients import secrets
from tests.capture.inbox import ROSA
from tests.deliveries.receiver import Receiver
from tests.deliveries.sender import Sender, to


def webhook(sender: Sender, receiver: Receiver, name: str, **columns: Any) -> Recipient:
    """A recipient at an address of the receiver, which knows its secret."""
    recipient = sender.webhook_to(name, **columns)
    recipient.url = receiver.url_of(name)
    receiver[name].secret, recipient.secrets_encrypted = secrets.first()
    recipient.save()
    return recipient


def sent_one(sender: Sender, recipient: Recipient) -> Delivery:
    """A delivery of one lead to this recipient, queued."""
    sender.distribute(to(recipient))
    sender.post(ROSA)
    return sender.sent(recipient=recipient)[0]


def deliver() -> int:
    return Courier(4).deliver_due()


def now_due(delivery: Delivery) -> Delivery:
    Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=timezone.now())
    Recipient.objects.filter(pk=delivery.recipient_id).update(slowed_until=None)
    delivery.refresh_from_db()
    return delivery
