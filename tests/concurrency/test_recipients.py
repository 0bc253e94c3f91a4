"""Turns among recipients are exact, and caps and quotas hold, whoever takes the leads in."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from apps.assignments.models import Door
from apps.capture.drafts import LeadDraft
from apps.capture.intake import intake
from apps.deliveries.models import Delivery
from apps.leads.models import Lead, Source
from apps.leads.normalise import Email
from apps.rules.models import Recipient, RecipientPool, RecipientSeat, RecipientTurn
from apps.teams.access import Access
from apps.teams.models import Team
from tests.concurrency.crew import Crew
from tests.concurrency.sizes import TURN_LEADS, TURN_PROCESSES
from tests.deliveries.sender import Sender, to, to_pool

pytestmark = pytest.mark.django_db(transaction=True)


def _take_in(number: int, stop: Any, team_id: UUID, leads: int) -> int:
    """Take leads in one after another, as a web process does."""
    team = Team.objects.get(pk=team_id)
    by, source = Access.system(team), Source.objects.select_related("team").get(team=team)
    for lead in range(leads):
        address = f"lead{number}.{lead}@example.com"
        draft = LeadDraft(name="Rosa", email=Email(shown=address, key=address))
        with transaction.atomic():
            intake(draft, source=source, door=Door.WEBHOOK, by=by, now=timezone.now())
    return leads


def _run(sender: Sender, leads: int) -> None:
    each = leads // TURN_PROCESSES
    Source.objects.filter(team=sender.team).exclude(pk=sender.webhook.source.pk).delete()

    taken = Crew(TURN_PROCESSES, _take_in, sender.team.pk, each).start().results()

    assert sum(taken) == TURN_PROCESSES * each == Lead.objects.count()


@pytest.mark.parametrize("weights", [(1, 1, 1), (5, 3, 1)], ids=["equal", "5:3:1"])
def test_each_recipient_is_within_one_lead_of_its_share_at_every_moment(
    weights: tuple[int, ...],
) -> None:
    sender = Sender()
    recipients = [sender.webhook_to() for _ in weights]
    pool = sender.pool_of(*recipients, weights=weights)
    sender.distribute(to_pool(pool, keeps_out=True))

    _run(sender, TURN_LEADS)

    turns = list(RecipientTurn.objects.filter(pool=pool).order_by("turn_no"))
    assert [turn.turn_no for turn in turns] == list(range(1, len(turns) + 1))
    seats = list(RecipientSeat.objects.filter(pool=pool).order_by("position"))
    had: Counter[UUID | None] = Counter()
    for number, turn in enumerate(turns, 1):
        assert sum(turn.deltas.values()) == 0
        had[turn.winner_id] += 1
        for seat in seats:
            assert abs(number * seat.weight - had[seat.pk] * sum(weights)) < sum(weights)
    assert [seat.credit for seat in seats] == [
        sum(turn.deltas[str(seat.pk)] for turn in turns) for seat in seats
    ]
    got = Counter(Delivery.objects.values_list("recipient", flat=True))
    assert got == {seat.recipient_id: had[seat.pk] for seat in seats}
    assert RecipientPool.objects.get(pk=pool.pk).turn_no == len(turns) == Lead.objects.count()


def test_a_quota_is_met_exactly_and_a_cap_never_passed() -> None:
    sender = Sender()
    quota = sender.webhook_to("Quota", quota=37)
    capped = sender.webhook_to("Capped", cap_day=23)
    free = sender.webhook_to("Free")
    sender.distribute(to(capped, quota), to(free))

    _run(sender, TURN_PROCESSES * 10)

    got = Counter(Delivery.objects.values_list("recipient__name", flat=True))
    assert got == {"Quota": 37, "Capped": 23, "Free": TURN_PROCESSES * 10}
    assert Recipient.objects.get(pk=quota.pk).campaign_count == 37
