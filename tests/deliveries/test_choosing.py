"""Which recipients of a rule get a lead: by turn, by hours, by caps, by offer."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.alerts.models import Alert, Kind
from apps.deliveries.models import Delivery, Dispute, Distribution
from apps.leads.models import Lead
from apps.rules.models import Recipient, RecipientSeat, RecipientTurn
from tests import factories
from tests.capture.inbox import ROSA, now
from tests.deliveries.sender import Sender, to, to_pool

State = Delivery.State


def person(number: int, **fields: str) -> dict[str, str]:
    return {"name": f"Person {number}", "email": f"person{number}@example.com", **fields}


def test_weights_decide_how_many_each_gets(sender: Sender) -> None:
    big, small = sender.webhook_to("Big"), sender.webhook_to("Small")
    sender.distribute(sender.pool_of(big, small, weights=[3, 1]))

    for number in range(8):
        sender.post(person(number))

    got = Counter(delivery.recipient_id for delivery in sender.sent())
    assert got == {big.pk: 6, small.pk: 2}
    assert sum(seat.credit for seat in RecipientSeat.objects.all()) == 0


def test_two_rules_that_share_a_pool_take_two_turns_of_one_lead(sender: Sender) -> None:
    first, second, third = (sender.webhook_to() for _ in range(3))
    pool = sender.pool_of(first, second, third)
    sender.distribute(to_pool(pool), to_pool(pool))

    sender.post(ROSA)

    assert [each.recipient_id for each in sender.sent()] == [first.pk, second.pk]
    assert list(RecipientTurn.objects.order_by("turn_no").values_list("turn_no", flat=True)) == [
        1,
        2,
    ]
    seats = RecipientSeat.objects.order_by("position")
    assert sum(seat.credit for seat in seats) == 0
    assert [seat.last_turn_no for seat in seats] == [1, 2, 0]


def test_a_pool_passes_over_whoever_is_closed_and_waits_when_all_are(sender: Sender) -> None:
    first = sender.webhook_to("Closed", hours={})  # no hour of the week
    second = sender.webhook_to("Open")
    sender.distribute(sender.pool_of(first, second))
    sender.post(person(1))
    sender.post(person(2))
    Recipient.objects.filter(pk=second.pk).update(hours={})

    sender.post(person(3))

    names = [each.recipient.name for each in sender.sent()]
    assert names == ["Open", "Open", "Closed"]


def test_a_broadcast_waits_for_the_opening_of_a_recipient(sender: Sender) -> None:
    always_tomorrow = timezone.now() + timedelta(days=1)
    weekday = always_tomorrow.weekday()
    sender.distribute(sender.webhook_to(hours={str(weekday): [["09:00", "17:00"]]}, timezone="UTC"))

    sender.post(ROSA)

    (copy,) = sender.sent()
    opening = always_tomorrow.replace(hour=9, minute=0, second=0, microsecond=0)
    assert (copy.state, copy.next_attempt_at) == (State.QUEUED, opening)


def test_caps_and_quotas_hold_and_managers_hear_of_a_full_campaign(sender: Sender) -> None:
    capped = sender.webhook_to("Capped", cap_day=2)
    campaign = sender.webhook_to("Campaign", quota=5, campaign="Spring")
    sender.distribute(to(capped, campaign))

    for number in range(7):
        sender.post(person(number))

    got = Counter(delivery.recipient.name for delivery in sender.sent())
    assert got == {"Capped": 2, "Campaign": 5}
    told = Alert.objects.filter(kind=Kind.CAMPAIGN, user=sender.manager.user).order_by("created_at")
    assert [each.data["reason"] for each in told] == ["quota_80", "quota_100"]
    last = Distribution.objects.order_by("-at").first()
    assert last is not None
    assert [each["skip"] for each in last.trace["steps"][0]["recipients"]] == [
        "cap_day", "campaign_full",
    ]  # fmt: skip


def test_caps_that_were_set_a_moment_ago_count_what_was_sent_before(sender: Sender) -> None:
    busy = sender.webhook_to("Busy")
    sender.distribute(busy)
    for number in range(3):
        sender.post(person(number))
    Recipient.objects.filter(pk=busy.pk).update(cap_day=4, capped_at=timezone.now())

    for number in range(3, 6):
        sender.post(person(number))

    assert len(sender.sent()) == 4


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("is_active", False, "off"),
        ("disabled_at", "2026-01-01T00:00Z", "switched_off"),
        ("is_paused", True, "paused"),
        ("ends_at", "2026-01-01T00:00Z", "campaign_over"),
    ],
)
def test_a_recipient_that_takes_no_leads_gets_none_and_the_trace_says_why(
    sender: Sender, column: str, value: object, why: str
) -> None:
    recipient = sender.webhook_to()
    Recipient.objects.filter(pk=recipient.pk).update(**{column: value})
    sender.distribute(recipient)

    sender.post(ROSA)

    assert sender.sent() == []
    (step,) = Distribution.objects.get().trace["steps"]
    assert step["recipients"][0]["skip"] == why


def test_those_who_keep_more_of_their_leads_get_more_within_the_bound(sender: Sender) -> None:
    good, bad = sender.webhook_to("Good"), sender.webhook_to("Bad")
    for number in range(60):
        for recipient in (good, bad):
            sent = factories.DeliveryFactory(
                team=sender.team, recipient=recipient, state=State.DELIVERED,
                queued_at=now() - timedelta(days=3), next_attempt_at=None,
            )  # fmt: skip
            if recipient == bad and number % 2:
                factories.DisputeFactory(
                    team=sender.team, delivery=sent, state=Dispute.State.ACCEPTED
                )
    pool = sender.pool_of(good, bad, way="performance", performance={"most_percent": 25})
    sender.distribute(pool)

    for number in range(24):
        sender.post(person(number))

    got = Counter(sender.sent(pool=pool)[n].recipient.name for n in range(24))
    assert got["Good"] > got["Bad"] >= 8


def test_an_offer_goes_to_all_who_may_have_it_and_counts_for_nobody_yet(sender: Sender) -> None:
    first, second = sender.email_to("First", quota=5), sender.email_to("Second")
    full = sender.email_to("Full", quota=0)
    pool = sender.pool_of(first, second, full, way="first", window_seconds=600)
    sender.distribute(to_pool(pool, keeps_out=True))

    sender.post(ROSA)

    offers = sender.sent()
    assert [each.recipient.name for each in offers] == ["First", "Second"]
    assert {each.state for each in offers} == {State.OFFERED}
    assert all(each.offered_until == each.queued_at + timedelta(minutes=10) for each in offers)
    assert Recipient.objects.get(pk=first.pk).campaign_count == 0
    assert sender.only_lead().stage == Lead.Stage.AWAY
