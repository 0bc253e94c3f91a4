"""Who owns what, and why. Tests of routing make these by routing; the rest makes them here."""

from datetime import timedelta

import factory

from apps.assignments import models
from tests.factories.leads import OfLead
from tests.factories.teams import NOW, OfTeam, of_same_team


class DecisionFactory(OfLead):
    class Meta:
        model = models.Decision

    at = NOW
    door = models.Door.WEBHOOK
    outcome = models.Decision.Outcome.MANAGER
    trace = factory.LazyFunction(lambda: {"rules": [], "ruled_out": 0, "facts": {}, "steps": []})
    via = "system"


class _Decided(OfLead):
    class Meta:
        abstract = True

    decision = of_same_team(
        "tests.factories.assignments.DecisionFactory", lead=factory.SelfAttribute("..lead")
    )
    generation = factory.SelfAttribute("lead.generation")


class OfferFactory(_Decided):
    """An open offer to one member until a minute and a half from NOW."""

    class Meta:
        model = models.Offer

    pool = of_same_team("tests.factories.rules.PoolFactory")
    member = of_same_team("tests.factories.teams.MembershipFactory")
    candidates = factory.LazyAttribute(lambda made: [made.member.pk] if made.member else [])
    opened_at = NOW
    expires_at = NOW + timedelta(seconds=90)


class AssignmentFactory(_Decided):
    class Meta:
        model = models.Assignment

    member = of_same_team("tests.factories.teams.MembershipFactory")
    how = models.Assignment.How.ASSIGNED
    started_at = NOW
    via = "system"


class HoldFactory(OfLead):
    class Meta:
        model = models.Hold

    pool = of_same_team("tests.factories.rules.PoolFactory")
    decision = of_same_team(
        "tests.factories.assignments.DecisionFactory", lead=factory.SelfAttribute("..lead")
    )
    since = NOW
    retry_at = NOW + timedelta(minutes=1)


class HopperEntryFactory(_Decided):
    class Meta:
        model = models.HopperEntry

    entered_at = NOW
    expires_at = NOW + timedelta(days=7)


class BadLeadReportFactory(OfLead):
    class Meta:
        model = models.BadLeadReport

    member = of_same_team("tests.factories.teams.MembershipFactory")
    reason = models.BadLeadReport.Reason.SPAM
    at = NOW
    via = "membership"


class BulkRunFactory(OfTeam):
    class Meta:
        model = models.BulkRun

    destination = factory.LazyFunction(lambda: {"to": "manager"})
    lead_ids = factory.LazyFunction(list)
    created_at = NOW
    via = "membership"


class ApprovalRequestFactory(OfLead):
    """A salesperson asks for another owner."""

    class Meta:
        model = models.ApprovalRequest

    kind = models.ApprovalRequest.Kind.REASSIGN
    member = of_same_team("tests.factories.teams.MembershipFactory")
    reason = "I know them privately."
    at = NOW
    via = "membership"
