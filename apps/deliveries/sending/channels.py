"""Which way a copy goes: one `send` for each kind of recipient.

A channel hands one copy over and says what came of it; it neither locks nor writes the delivery.
Copies for teams are no channel: they come in by the intake (apps/capture/copies.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from apps.deliveries.sending import emailing, member_channel, webhooks
from apps.deliveries.sending.outcomes import Copy as Copy  # channels import it from there
from apps.deliveries.sending.outcomes import Result
from apps.rules.models import Recipient

Send = Callable[[Copy, datetime], Result]
CHANNELS: Mapping[str, Send] = {
    Recipient.Kind.WEBHOOK: webhooks.send,
    Recipient.Kind.EMAIL: emailing.send,
    Recipient.Kind.MEMBER: member_channel.send,
    # Offers only: what a team accepts comes in by its intake.
    Recipient.Kind.TEAM: member_channel.offer_to_team,
}
