"""People and their teams."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from apps.accounts.models import User
from apps.teams import models
from apps.teams.permissions import Role
from apps.teams.secrets import token_hash

# A Wednesday at ten, when teams with the default hours are open.
NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
PASSWORD = "a quiet green door"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Faker("name")

    @factory.post_generation
    def password(self: User, create: bool, extracted: str | None, **kwargs: Any) -> None:
        """Hashing is slow: only who asks for a password can sign in with it."""
        if extracted:
            self.set_password(extracted)
            self.save(update_fields=["password"])


class TeamFactory(DjangoModelFactory):
    class Meta:
        model = models.Team

    name = factory.Sequence(lambda n: f"Team {n}")
    slug = factory.Sequence(lambda n: f"team-{n}")
    country = "AT"


class OfTeam(DjangoModelFactory):
    """A row of a team."""

    class Meta:
        abstract = True

    team = factory.SubFactory(TeamFactory)


def of_same_team(made_by: str, **defaults: Any) -> factory.SubFactory:
    """A relative in the same team, by the path of its factory."""
    return factory.SubFactory(made_by, team=factory.SelfAttribute("..team"), **defaults)


class MembershipFactory(OfTeam):
    class Meta:
        model = models.Membership

    user = factory.SubFactory(UserFactory)
    role = Role.SALESPERSON


class OfMember(OfTeam):
    class Meta:
        abstract = True

    membership = of_same_team("tests.factories.teams.MembershipFactory")


class HolidayFactory(OfTeam):
    class Meta:
        model = models.Holiday

    date = factory.Sequence(lambda n: date(2030, 1, 1) + timedelta(days=n))
    name = "Founders’ Day"


class SkillFactory(OfTeam):
    class Meta:
        model = models.Skill

    name = factory.Sequence(lambda n: f"Skill {n}")


class TerritoryFactory(OfTeam):
    class Meta:
        model = models.Territory

    name = factory.Sequence(lambda n: f"Territory {n}")
    area = factory.LazyFunction(lambda: {"countries": ["AT"]})


class TimeOffFactory(OfMember):
    class Meta:
        model = models.TimeOff

    starts_at = NOW
    ends_at = NOW + timedelta(days=7)


class AvailabilityChangeFactory(OfMember):
    class Meta:
        model = models.AvailabilityChange

    at = NOW
    kind = models.AvailabilityChange.Kind.PAUSED
    via = "membership"


class InvitationFactory(OfTeam):
    """`token` is what stands in the link."""

    class Meta:
        model = models.Invitation

    class Params:
        token = factory.Sequence(lambda n: f"invitation-{n}")

    email = factory.Sequence(lambda n: f"invited{n}@example.com")
    token_hash = factory.LazyAttribute(lambda made: token_hash(made.token))
    created_at = NOW
    expires_at = NOW + timedelta(days=7)
    via = "membership"


class ApiTokenFactory(OfMember):
    """`secret` is the key itself."""

    class Meta:
        model = models.ApiToken

    class Params:
        secret = factory.Sequence(lambda n: f"lr_secret-{n}")

    name = "Reporting script"
    token_hash = factory.LazyAttribute(lambda made: token_hash(made.secret))
    hint = "lr_secre"
    created_at = NOW


class AuditEntryFactory(OfTeam):
    class Meta:
        model = models.AuditEntry

    at = NOW
    action = "member.role"
    via = "membership"


class CoverFactory(OfMember):
    """A colleague takes her new leads for a week."""

    class Meta:
        model = models.Cover

    by_member = of_same_team("tests.factories.teams.MembershipFactory")
    starts_at = NOW
    ends_at = NOW + timedelta(days=7)
    created_at = NOW
    via = "membership"
