"""Who gets copies of leads."""

import factory

from apps.rules import models
from tests.factories.teams import NOW, OfTeam, of_same_team


class AgreementFactory(OfTeam):
    """Another team that takes this team's leads."""

    class Meta:
        model = models.Agreement

    to = factory.SubFactory("tests.factories.teams.TeamFactory")
    state = models.Agreement.State.ACCEPTED
    asked_at = NOW
    decided_at = NOW
    via = "membership"


class RecipientFactory(OfTeam):
    """A webhook; give `kind` and what it needs for another."""

    class Meta:
        model = models.Recipient

    kind = models.Recipient.Kind.WEBHOOK
    name = factory.Sequence(lambda n: f"Recipient {n}")
    url = factory.LazyAttribute(
        lambda made: "https://partner.example/leads" if made.kind == "webhook" else ""
    )
    email = factory.LazyAttribute(
        lambda made: "partner@example.com" if made.kind == "email" else ""
    )


class RecipientPoolFactory(OfTeam):
    class Meta:
        model = models.RecipientPool

    name = factory.Sequence(lambda n: f"Partners {n}")


class RecipientSeatFactory(OfTeam):
    class Meta:
        model = models.RecipientSeat

    pool = of_same_team("tests.factories.recipients.RecipientPoolFactory")
    recipient = of_same_team("tests.factories.recipients.RecipientFactory")
    position = factory.Sequence(int)


class RecipientTurnFactory(OfTeam):
    class Meta:
        model = models.RecipientTurn

    pool = of_same_team("tests.factories.recipients.RecipientPoolFactory")
    turn_no = factory.Sequence(lambda n: n + 1)
    at = NOW
    deltas = factory.LazyFunction(dict)
