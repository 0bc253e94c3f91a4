"""What became of leads that an agency's own team sent to its clients."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.agency import outcomes
from apps.dashboards.figures.periods import Period
from apps.deliveries.models import Delivery
from apps.leads.models import Lead
from apps.teams.models import Team
from tests import factories
from tests.factories.teams import NOW

pytestmark = pytest.mark.django_db
State = Delivery.State
PERIOD = Period.ending(NOW, key="28", timezone="UTC")


@pytest.fixture
def sender() -> Team:
    return factories.TeamFactory()


@pytest.fixture
def recipient(sender: Team) -> Any:
    agreement = factories.AgreementFactory(team=sender)
    return factories.RecipientFactory(team=sender, kind="team", agreement=agreement)


def sent(
    recipient: Any, state: str = State.DELIVERED, campaign: str = "Spring", days: int = 1,
    **became: Any,
) -> Delivery:  # fmt: skip
    """A copy, and the client's own lead of it unless it never arrived."""
    lead = factories.LeadFactory(team=recipient.team, campaign=campaign)
    delivery = factories.DeliveryFactory(
        team=recipient.team, recipient=recipient, lead=lead, state=state,
        queued_at=NOW - timedelta(days=days),
    )  # fmt: skip
    if state in (State.DELIVERED, State.OPENED):
        client = recipient.agreement.to
        theirs = factories.LeadFactory(team=client, **became)
        factories.ArrivalFactory(
            team=client, sender=recipient.team, lead=theirs, delivery_id=delivery.pk
        )
    return delivery


def test_every_copy_is_followed_to_its_end(sender: Team, recipient: Any) -> None:
    sent(recipient)
    sent(recipient, first_attempt_at=NOW)
    sent(recipient, State.OPENED, first_attempt_at=NOW, first_contact_at=NOW,
         status_kind="won")  # fmt: skip
    sent(recipient, campaign="", first_attempt_at=NOW, qualified_at=NOW, status_kind="lost")
    sent(recipient, State.REFUSED)
    factories.DisputeFactory(team=sender, delivery=sent(recipient), state="accepted")
    factories.DisputeFactory(team=sender, delivery=sent(recipient), state="refused")
    sent(recipient, days=40)

    client = recipient.agreement.to_id
    lines = outcomes.by_campaign(client, sender=sender.pk, period=PERIOD)

    assert [line.campaign for line in lines] == ["Spring", ""]
    assert outcomes.total(lines) == outcomes.Outcome(
        sent=7, delivered=6, failed=1, returned=1, attempted=3, contacted=1, qualified=2, won=1
    )
    assert lines[1].outcome == outcomes.Outcome(sent=1, delivered=1, attempted=1, qualified=1)
    assert outcomes.delivered_to([client], sender=sender.pk, period=PERIOD) == {client: 6}


def test_a_lead_that_was_merged_counts_as_what_it_is_now(sender: Team, recipient: Any) -> None:
    client = recipient.agreement.to
    into = factories.LeadFactory(team=client, status_kind="won", first_attempt_at=NOW)
    sent(recipient, merged_into=into)
    outcome = outcomes.total(outcomes.by_campaign(client.pk, sender=sender.pk, period=PERIOD))
    assert (outcome.attempted, outcome.won) == (1, 1)


def test_what_others_sent_and_got_is_not_counted(sender: Team, recipient: Any) -> None:
    other = factories.RecipientFactory(
        team=sender, kind="team", agreement=factories.AgreementFactory(team=sender)
    )
    agreement = factories.AgreementFactory(to=recipient.agreement.to)
    theirs = factories.RecipientFactory(team=agreement.team, kind="team", agreement=agreement)
    sent(other)
    sent(theirs)
    client = recipient.agreement.to_id
    assert outcomes.by_campaign(client, sender=sender.pk, period=PERIOD) == []
    assert outcomes.total([]) == outcomes.Outcome()
    assert outcomes.delivered_to([client], sender=sender.pk, period=PERIOD) == {}
    assert outcomes.delivered_to([client], sender=None, period=PERIOD) == {}
    assert Lead.objects.filter(team=client).count() == 1
