"""Rules and pools."""

import factory

from apps.rules import models
from tests.factories.teams import NOW, OfMember, OfTeam, of_same_team


class PoolFactory(OfTeam):
    """A round robin that is open day and night and passes to the manager."""

    class Meta:
        model = models.Pool

    name = factory.Sequence(lambda n: f"Pool {n}")
    is_always_open = True
    respects_hours = False


class SeatFactory(OfMember):
    class Meta:
        model = models.Seat

    pool = of_same_team("tests.factories.rules.PoolFactory")
    position = factory.Sequence(int)


class InvitedSeatFactory(OfTeam):
    class Meta:
        model = models.InvitedSeat

    invitation = of_same_team("tests.factories.teams.InvitationFactory")
    pool = of_same_team("tests.factories.rules.PoolFactory")


class PoolRevisionFactory(OfTeam):
    class Meta:
        model = models.PoolRevision

    pool = of_same_team("tests.factories.rules.PoolFactory")
    number = factory.Sequence(lambda n: n + 1)
    at = NOW
    settings = factory.LazyFunction(dict)
    via = "membership"


class TurnEntryFactory(OfTeam):
    class Meta:
        model = models.TurnEntry

    pool = of_same_team("tests.factories.rules.PoolFactory")
    turn_no = factory.Sequence(lambda n: n + 1)
    at = NOW
    deltas = factory.LazyFunction(dict)


class RuleSetFactory(OfTeam):
    class Meta:
        model = models.RuleSet
        django_get_or_create = ("team", "kind")

    kind = models.RuleSet.Kind.ASSIGNMENT
    name = "Assignment rules"


class VersionFactory(OfTeam):
    """A draft."""

    class Meta:
        model = models.Version

    rule_set = of_same_team("tests.factories.rules.RuleSetFactory")
    number = factory.Sequence(lambda n: n + 1)
    created_at = NOW
    saved_at = NOW


class RuleFactory(OfTeam):
    class Meta:
        model = models.Rule

    version = of_same_team("tests.factories.rules.VersionFactory")
    position = factory.Sequence(lambda n: n + 1)
    name = factory.Sequence(lambda n: f"Rule {n}")
    destination = models.Destination.MANAGER


class TrackRecordFactory(OfMember):
    class Meta:
        model = models.TrackRecord

    days = 90
    counted_at = NOW


class NamedAccountFactory(OfTeam):
    class Meta:
        model = models.NamedAccount

    name = factory.Sequence(lambda n: f"Account {n}")
    company_key = factory.LazyAttribute(lambda made: made.name.casefold())
    keeper = of_same_team("tests.factories.teams.MembershipFactory")


class ScoreLineFactory(OfTeam):
    class Meta:
        model = models.ScoreLine

    position = factory.Sequence(int)
    name = factory.Sequence(lambda n: f"Line {n}")
    points = 10


class ExperimentFactory(OfTeam):
    """Two settings of a pool, being prepared."""

    class Meta:
        model = models.Experiment

    name = factory.Sequence(lambda n: f"Experiment {n}")
    pool = of_same_team("tests.factories.rules.PoolFactory")
    created_at = NOW
    via = "membership"


class VariantFactory(OfTeam):
    class Meta:
        model = models.Variant

    experiment = of_same_team("tests.factories.rules.ExperimentFactory")
    position = factory.Sequence(int)
    name = factory.Sequence(lambda n: f"Variant {n}")
    percent = 50
