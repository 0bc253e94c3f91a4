"""Agencies, their people, and what clients grant them."""

from datetime import timedelta

import factory
from factory.django import DjangoModelFactory

from apps.accounts.ids import uuid7
from apps.agency.models import CopyRun, CopyTarget, ReportMail, ReportPlan, ReportSchedule, Rest
from apps.teams import models
from tests.factories.teams import NOW, OfTeam, of_same_team


class AgencyFactory(DjangoModelFactory):
    class Meta:
        model = models.Agency

    name = factory.Sequence(lambda n: f"Agency {n}")
    slug = factory.Sequence(lambda n: f"agency-{n}")


class OperatorFactory(DjangoModelFactory):
    class Meta:
        model = models.Operator

    agency = factory.SubFactory(AgencyFactory)
    user = factory.SubFactory("tests.factories.teams.UserFactory")


class ClientGrantFactory(OfTeam):
    """A client that grants figures alone, with contact details hidden; say more in `allows`."""

    class Meta:
        model = models.ClientGrant

    agency = factory.SubFactory(AgencyFactory)
    granted_at = NOW
    via = "membership"


class ClientInvitationFactory(DjangoModelFactory):
    class Meta:
        model = models.ClientInvitation

    agency = factory.SubFactory(AgencyFactory)
    name = factory.Sequence(lambda n: f"Client {n}")
    email = factory.Sequence(lambda n: f"client{n}@example.com")
    token_hash = factory.LazyFunction(lambda: uuid7().bytes * 2)
    created_at = NOW
    expires_at = NOW + timedelta(days=14)


class OperatorInvitationFactory(DjangoModelFactory):
    class Meta:
        model = models.OperatorInvitation

    agency = factory.SubFactory(AgencyFactory)
    email = factory.Sequence(lambda n: f"colleague{n}@example.com")
    token_hash = factory.LazyFunction(lambda: uuid7().bytes * 2)
    created_at = NOW
    expires_at = NOW + timedelta(days=14)


class ReportPlanFactory(DjangoModelFactory):
    class Meta:
        model = ReportPlan

    agency = factory.SubFactory(AgencyFactory)
    created_at = NOW


class ReportScheduleFactory(OfTeam):
    class Meta:
        model = ReportSchedule

    grant = of_same_team("tests.factories.agencies.ClientGrantFactory")
    plan = factory.SubFactory(
        ReportPlanFactory,
        agency=factory.SelfAttribute("..grant.agency"),
        to_client="managers",
    )
    next_at = NOW


class ReportMailFactory(OfTeam):
    class Meta:
        model = ReportMail

    schedule = of_same_team("tests.factories.agencies.ReportScheduleFactory")
    user = factory.SubFactory("tests.factories.teams.UserFactory")
    side = "agency"
    kind = "week"
    first_day = NOW.date()
    try_at = NOW


class CopyRunFactory(DjangoModelFactory):
    """A preview of nothing for nobody."""

    class Meta:
        model = CopyRun

    agency = factory.SubFactory(AgencyFactory)
    started_by = factory.SubFactory("tests.factories.teams.UserFactory")
    source = factory.SubFactory("tests.factories.teams.TeamFactory")
    content = factory.LazyFunction(lambda: {"sets": [], "pools": [], "names": {}})
    created_at = NOW


class CopyTargetFactory(DjangoModelFactory):
    class Meta:
        model = CopyTarget

    run = factory.SubFactory(CopyRunFactory)
    grant = factory.SubFactory(ClientGrantFactory)
    fingerprint = ""


class RestFactory(OfTeam):
    class Meta:
        model = Rest

    grant = of_same_team("tests.factories.agencies.ClientGrantFactory")
    warning = "slow"
    at = NOW
    until = NOW + timedelta(days=7)
