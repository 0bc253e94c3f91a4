"""Copies of leads. Tests of distribution make these by distributing; the rest makes them here."""

import factory

from apps.accounts.ids import uuid7
from apps.deliveries import models
from tests.factories.leads import OfLead
from tests.factories.teams import NOW, OfTeam, of_same_team


class DistributionFactory(OfLead):
    class Meta:
        model = models.Distribution

    at = NOW
    trace = factory.LazyFunction(lambda: {"rules": [], "ruled_out": 0, "facts": {}, "steps": []})
    via = "system"


class DeliveryFactory(OfLead):
    """A copy that waits to be sent to a webhook."""

    class Meta:
        model = models.Delivery

    distribution = of_same_team(
        "tests.factories.deliveries.DistributionFactory", lead=factory.SelfAttribute("..lead")
    )
    recipient = of_same_team("tests.factories.recipients.RecipientFactory")
    channel = factory.SelfAttribute("recipient.kind")
    payload = factory.LazyAttribute(lambda made: {"name": made.lead.name, "email": made.lead.email})
    path = factory.LazyAttribute(lambda made: [made.team.pk])
    root_id = factory.SelfAttribute("lead.pk")
    queued_at = NOW
    next_attempt_at = NOW


class DeliveryAttemptFactory(OfTeam):
    class Meta:
        model = models.DeliveryAttempt

    delivery = of_same_team("tests.factories.deliveries.DeliveryFactory")
    number = factory.Sequence(lambda n: n + 1)
    at = NOW
    milliseconds = 120
    status_code = 500
    is_success = False


class DisputeFactory(OfTeam):
    class Meta:
        model = models.Dispute

    delivery = of_same_team(
        "tests.factories.deliveries.DeliveryFactory", state=models.Delivery.State.DELIVERED
    )
    recipient = factory.SelfAttribute("delivery.recipient")
    reason = models.Dispute.Reason.WRONG_NUMBER
    at = NOW


class ArrivalFactory(OfLead):
    """A copy of another team's lead, for this team."""

    class Meta:
        model = models.Arrival

    sender = factory.SubFactory("tests.factories.teams.TeamFactory")
    delivery_id = factory.LazyFunction(uuid7)
    root_id = factory.LazyFunction(uuid7)
    path = factory.LazyAttribute(lambda made: [made.sender.pk])
    arrived_at = NOW
