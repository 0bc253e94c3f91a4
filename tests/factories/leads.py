"""Leads and what happens to them."""

from datetime import timedelta

import factory

from apps.leads import models
from tests.factories.teams import NOW, OfTeam, of_same_team


class SourceFactory(OfTeam):
    class Meta:
        model = models.Source

    kind = models.Source.Kind.HAND
    name = factory.Sequence(lambda n: f"Source {n}")
    slug = factory.Sequence(lambda n: f"source-{n}")


class StatusFactory(OfTeam):
    class Meta:
        model = models.Status

    name = factory.Sequence(lambda n: f"Status {n}")
    kind = models.StatusKind.NEW


class CustomFieldFactory(OfTeam):
    class Meta:
        model = models.CustomField

    key = factory.Sequence(lambda n: f"field_{n}")
    label = factory.Sequence(lambda n: f"Field {n}")
    type = models.CustomField.Type.TEXT


class LeadFactory(OfTeam):
    """An unowned lead on its way; give `owner` and it is owned."""

    class Meta:
        model = models.Lead

    source = of_same_team("tests.factories.leads.SourceFactory")
    status = of_same_team("tests.factories.leads.StatusFactory")
    stage = factory.LazyAttribute(
        lambda made: models.Lead.Stage.OWNED if made.owner else models.Lead.Stage.NEW
    )
    owner = None
    name = factory.Faker("name")
    email = factory.Sequence(lambda n: f"lead{n}@example.com")
    email_key = factory.SelfAttribute("email")
    city = "Graz"
    country = "AT"
    received_at = NOW


class OfLead(OfTeam):
    class Meta:
        abstract = True

    lead = of_same_team("tests.factories.leads.LeadFactory")


class ActivityFactory(OfLead):
    class Meta:
        model = models.Activity

    at = NOW
    kind = models.Activity.Kind.NOTE
    via = "membership"


class AttemptFactory(OfLead):
    """A call that was tapped and not confirmed yet."""

    class Meta:
        model = models.Attempt

    member = of_same_team("tests.factories.teams.MembershipFactory")
    channel = models.Channel.CALL
    at = NOW
    via = "membership"


class FollowUpFactory(OfLead):
    class Meta:
        model = models.FollowUp

    member = of_same_team("tests.factories.teams.MembershipFactory")
    due_at = NOW + timedelta(days=1)
    created_at = NOW
    via = "membership"


class LeadEventFactory(OfLead):
    class Meta:
        model = models.LeadEvent

    kind = models.LeadEvent.Kind.CHANGED
    at = NOW


class InterestGroupFactory(OfTeam):
    class Meta:
        model = models.InterestGroup

    name = factory.Sequence(lambda n: f"Group {n}")


class KnownApartFactory(OfTeam):
    """Two leads of one team, in the order of their ids."""

    class Meta:
        model = models.KnownApart

    first = of_same_team("tests.factories.leads.LeadFactory")
    second = of_same_team("tests.factories.leads.LeadFactory")
    at = NOW
    via = "membership"
