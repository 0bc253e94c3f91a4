"""Offers of one lead to several: exactly one gets it, whoever presses when."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from apps.alerts.models import Alert, Kind
from apps.capture import copies
from apps.deliveries import links
from apps.deliveries.models import Delivery, Distribution
from apps.deliveries.plans import offers
from apps.deliveries.plans.offers import Gone, OfferGone, OfferRefused
from apps.deliveries.sending.courier import Courier
from apps.leads.models import Lead
from apps.rules.models import RecipientPool
from tests.capture.inbox import Inbox
from tests.concurrency.crew import Crew
from tests.concurrency.sizes import size
from tests.deliveries.post_office import PostOffice, body
from tests.deliveries.sender import Sender, to_pool
from tests.factories import SourceFactory

pytestmark = pytest.mark.django_db

State = Delivery.State
CROWD = size("OFFER_CROWD", 8)
ROUNDS = size("OFFER_ROUNDS", 4)


def to(post: PostOffice, address: str) -> list[EmailMessage]:
    return [mail for mail in post.taken if mail["To"] == address]


def offered(sender: Sender, *, keeps_out: bool = False, **pool: Any) -> list[Delivery]:
    """The offers of one lead to three partners."""
    partners = [sender.webhook_to(name) for name in ("Ann", "Ben", "Cid")]
    group = sender.pool_of(*partners, way=RecipientPool.Way.FIRST, **pool)
    sender.distribute(to_pool(group, keeps_out=keeps_out))
    sender.post({"name": "Rosa", "email": "rosa@example.com", "city": "Graz"})
    return sender.sent(state=State.OFFERED)


def run_out(deliveries: list[Delivery]) -> None:
    """The time to accept is over, by the database's clock."""
    ids = [each.pk for each in deliveries]
    Delivery.objects.filter(pk__in=ids).update(offered_until=Now() - timedelta(seconds=1))


def states(sender: Sender) -> Counter[str]:
    return Counter(each.state for each in sender.sent())


def now() -> datetime:
    return timezone.now()


def test_whoever_accepts_first_gets_the_copy_at_once(sender: Sender) -> None:
    first, second, third = offered(sender)

    taken = offers.accept(second, now=now())

    assert (taken.state, taken.pk) == (State.QUEUED, second.pk)
    assert taken.next_attempt_at is not None
    assert taken.next_attempt_at <= now()
    for lost in (first, third):
        lost.refresh_from_db()
        assert (lost.state, lost.next_attempt_at) == (State.WITHDRAWN, None)
        with pytest.raises(OfferGone) as gone:
            offers.accept(lost, now=now())
        assert gone.value.why is Gone.TAKEN
        assert gone.value.at == taken.accepted_at


def test_the_winner_may_press_again(sender: Sender) -> None:
    first, *_others = offered(sender)
    taken = offers.accept(first, now=now())

    again = offers.accept(first, now=now() + timedelta(seconds=1))

    assert again.accepted_at == taken.accepted_at
    assert states(sender) == {State.QUEUED: 1, State.WITHDRAWN: 2}


def test_an_offer_that_ran_out_cannot_be_accepted(sender: Sender) -> None:
    deliveries = offered(sender)
    run_out(deliveries)

    with pytest.raises(OfferGone) as gone:
        offers.accept(deliveries[0], now=now())

    assert gone.value.why is Gone.EXPIRED
    assert states(sender) == {State.OFFERED: 3}


def test_declining_leaves_the_others_their_chance(sender: Sender) -> None:
    first, second, _third = offered(sender)

    offers.decline(first, now=now())
    offers.decline(first, now=now())
    offers.accept(second, now=now())

    first.refresh_from_db()
    assert offers.why_gone(first) is Gone.DECLINED
    with pytest.raises(OfferGone):
        offers.accept(first, now=now())
    with pytest.raises(OfferGone):
        offers.decline(_third, now=now())


def test_an_offer_that_nobody_took_goes_to_one_of_them_by_turn(sender: Sender) -> None:
    deliveries = offered(sender, when_nobody="turn")
    offers.decline(deliveries[0], now=now())
    run_out(deliveries)

    assert offers.expire_due(now=now()) == 1

    (given,) = sender.sent(state=State.QUEUED)
    assert given.pk == deliveries[1].pk  # the first of those who did not decline
    assert given.turn is not None
    assert given.turn.winner is not None
    assert given.turn.winner.recipient_id == given.recipient_id
    assert sum(given.turn.deltas.values()) == 0
    assert states(sender) == {State.QUEUED: 1, State.WITHDRAWN: 2}
    assert offers.expire_due(now=now()) == 0


def test_turns_after_offers_go_round(sender: Sender) -> None:
    given = []
    first = offered(sender, when_nobody="turn")
    for number in range(6):
        deliveries = first if number == 0 else _again(sender, number)
        run_out(deliveries)
        offers.expire_due(now=now())
        given.append(sender.sent(lead=deliveries[0].lead, state=State.QUEUED)[0].recipient.name)

    assert given == ["Ann", "Ben", "Cid"] * 2


def _again(sender: Sender, number: int) -> list[Delivery]:
    sender.post({"name": f"Lead {number}", "email": f"lead{number}@example.com"})
    lead = Lead.objects.get(email=f"lead{number}@example.com")
    return sender.sent(lead=lead, state=State.OFFERED)


def test_an_offer_that_nobody_took_and_nobody_gets_brings_the_lead_back(sender: Sender) -> None:
    deliveries = offered(sender, when_nobody="none", keeps_out=True)
    lead = Lead.objects.get(pk=deliveries[0].lead_id)
    assert lead.stage == Lead.Stage.AWAY
    run_out(deliveries)

    offers.expire_due(now=now())

    lead.refresh_from_db()
    assert lead.owner == sender.seller
    assert states(sender) == {State.WITHDRAWN: 3}


def test_a_lead_that_everybody_declined_comes_back_at_once(sender: Sender) -> None:
    deliveries = offered(sender, when_nobody="turn", keeps_out=True)

    for each in deliveries:
        offers.decline(each, now=now())

    assert Lead.objects.get(pk=deliveries[0].lead_id).owner == sender.seller
    assert Distribution.objects.get().returned_at is not None


def test_a_full_recipient_is_told_and_the_others_may_still_accept(sender: Sender) -> None:
    first, second, _third = offered(sender)
    recipient = first.recipient
    recipient.quota, recipient.campaign_count = 1, 1
    recipient.save()

    with pytest.raises(OfferRefused, match="all leads of your campaign"):
        offers.accept(first, now=now())
    offers.accept(second, now=now())

    assert states(sender) == {State.QUEUED: 1, State.WITHDRAWN: 2}


def test_an_accepted_offer_counts_and_an_offer_alone_does_not(sender: Sender) -> None:
    deliveries = offered(sender)
    for each in deliveries:
        each.recipient.cap_day = 5
        each.recipient.save()

    offers.accept(deliveries[0], now=now())

    counted = []
    for each in deliveries:
        each.recipient.refresh_from_db()
        counted.append(each.recipient.campaign_count)
    assert counted == [1, 0, 0]


def test_an_offer_is_mailed_accepted_by_its_page_and_followed_by_the_copy(
    live_sender: Sender, post: PostOffice
) -> None:
    sender, courier = live_sender, Courier(threads=1)
    partners = [sender.email_to(name, email=f"{name}@example.com") for name in ("ann", "ben")]
    sender.distribute(to_pool(sender.pool_of(*partners, way=RecipientPool.Way.FIRST)))
    sender.post({"name": "Rosa", "email": "rosa@example.com", "city": "Graz"})

    courier.deliver_due()

    assert sorted(mail["To"] for mail in post.taken) == ["ann@example.com", "ben@example.com"]
    assert not [mail for mail in post.taken if "Rosa" in body(mail, "plain")]
    assert states(sender) == {State.OFFERED: 2}
    mine = Delivery.objects.get(recipient=partners[0])
    assert links.address_of(mine) in body(to(post, "ann@example.com")[0], "plain")

    answer = sender.client.post(links.path_of(mine) + "accept/")
    courier.deliver_due()

    assert "It’s yours" in answer.content.decode()
    copy = to(post, "ann@example.com")[1]
    assert "rosa@example.com" in body(copy, "plain")
    assert len(to(post, "ben@example.com")) == 1
    assert states(sender) == {State.SENT: 1, State.WITHDRAWN: 1}
    assert list(mine.attempts.values_list("number", "is_success")) == [(1, True), (2, True)]


@pytest.mark.parametrize(
    "change", [{"deleted_at": Now()}, {"do_not_contact": True}], ids=["deleted", "no contact"]
)
def test_nothing_goes_out_of_a_lead_that_was_deleted_or_wants_no_contact(
    live_sender: Sender, post: PostOffice, change: dict[str, Any]
) -> None:
    sender = live_sender
    sender.distribute(sender.email_to("ann"))
    sender.post({"name": "Rosa", "email": "rosa@example.com"})
    Lead.objects.update(**change)

    Courier(threads=1).deliver_due()

    assert post.taken == []
    assert states(sender) == {State.WITHDRAWN: 1}


def test_an_offer_to_a_team_is_told_to_its_managers_and_comes_in_when_accepted(
    live_sender: Sender, post: PostOffice
) -> None:
    sender, other = live_sender, Inbox("other")
    recipient = sender.team_to(other.team)
    SourceFactory(team=other.team, kind="copy", sender=sender.team)
    sender.distribute(to_pool(sender.pool_of(recipient, way=RecipientPool.Way.FIRST)))
    sender.post({"name": "Rosa", "email": "rosa@example.com", "city": "Graz"})

    Courier(threads=1).deliver_due()
    assert (post.only["To"], other.leads) == (other.manager.user.email, 0)
    alert = Alert.objects.get(team=other.team, kind=Kind.COPY_OFFERED)
    assert alert.user == other.manager.user
    sender.client.post(alert.data["url"] + "accept/")
    copies.take_due(10)

    assert other.only_lead().email == "rosa@example.com"
    assert states(sender) == {State.DELIVERED: 1}


@pytest.mark.django_db(transaction=True)
def test_of_many_who_accept_at_once_exactly_one_wins(live_sender: Sender) -> None:
    sender = live_sender
    partners = [sender.webhook_to(f"Partner {number}") for number in range(CROWD)]
    group = sender.pool_of(*partners, way=RecipientPool.Way.FIRST)
    sender.distribute(to_pool(group))
    for number in range(ROUNDS):
        sender.post({"name": f"Lead {number}", "email": f"lead{number}@example.com"})
    leads = list(Lead.objects.order_by("pk").values_list("pk", flat=True))

    answers = Crew(CROWD, _accept_each, [row.pk for row in partners], leads).start().results()

    for place, lead in enumerate(leads):
        won = [number for number, mine in enumerate(answers) if mine[place] == "won"]
        (winner,) = sender.sent(lead=lead, state=State.QUEUED)
        assert [partners[number].pk for number in won] == [winner.recipient_id]
        lost = Counter(mine[place] for mine in answers)
        assert lost == {"won": 1, Gone.TAKEN.value: CROWD - 1}
        assert len(sender.sent(lead=lead, state=State.WITHDRAWN)) == CROWD - 1


def _accept_each(number: int, stop: Any, recipients: list[UUID], leads: list[UUID]) -> list[str]:
    """One partner who accepts every lead, each as soon as the one before is answered."""
    found = []
    for lead in leads:
        mine = Delivery.objects.get(lead=lead, recipient=recipients[number])
        try:
            offers.accept(mine, now=timezone.now())
            found.append("won")
        except OfferGone as gone:
            found.append(gone.why.value)
    return found


@pytest.mark.django_db(transaction=True)
def test_accepting_and_running_out_at_once_never_make_two_copies(live_sender: Sender) -> None:
    sender = live_sender
    partners = [sender.webhook_to(f"Partner {number}") for number in range(4)]
    group = sender.pool_of(*partners, way=RecipientPool.Way.FIRST, when_nobody="turn")
    sender.distribute(to_pool(group))
    for number in range(40):
        sender.post({"name": f"Lead {number}", "email": f"lead{number}@example.com"})
    leads = list(Lead.objects.order_by("pk").values_list("pk", flat=True))

    answers = Crew(4, _accept_or_expire, partners[0].pk, leads).start().results()

    assert states(sender) == {State.QUEUED: 40, State.WITHDRAWN: 120}
    for lead in leads:
        assert len(sender.sent(lead=lead, state=State.QUEUED)) == 1
    ends = Counter(each.turn_id is None for each in sender.sent(state=State.QUEUED))
    assert set(ends) == {True, False}, f"They did not race: {answers}"


def _accept_or_expire(number: int, stop: Any, recipient: UUID, leads: list[UUID]) -> list[str]:
    """One accepts each lead in the moment in which it runs out; the rest end what is over."""
    if number == 0:
        return [_accept_late(place, recipient, lead) for place, lead in enumerate(leads)]
    done = 0
    while Delivery.objects.filter(state=State.OFFERED).exists():
        done += offers.expire_due(now=timezone.now())
    return [str(done)]


def _accept_late(place: int, recipient: UUID, lead: UUID) -> str:
    soon = timedelta(milliseconds=20 * (place % 8))  # some are over before the next statement
    Delivery.objects.filter(lead=lead).update(offered_until=Now() + soon)
    try:
        offers.accept(Delivery.objects.get(lead=lead, recipient=recipient), now=timezone.now())
    except OfferGone as gone:
        return gone.why.value
    return "won"
