"""Copies arrive in another team as leads: once, by its own rules, and never in a circle."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.assignments.models import Assignment
from apps.capture import copies, services
from apps.capture.models import Capture
from apps.deliveries import consent
from apps.deliveries.models import Arrival, Delivery
from apps.deliveries.sending import progress
from apps.leads.models import Activity, Lead
from apps.rules.models import Agreement
from tests.capture.inbox import ROSA, now
from tests.deliveries.sender import to
from tests.deliveries.teams import Partner, take_all

pytestmark = pytest.mark.django_db
State = Delivery.State


@pytest.fixture
def agency() -> Partner:
    return Partner("agency")


@pytest.fixture
def dealer() -> Partner:
    return Partner("dealer")


def test_a_copy_arrives_as_a_lead_that_the_teams_own_rules_assign(
    agency: Partner, dealer: Partner
) -> None:
    agency.sends_to(dealer)
    agency.gets()

    assert take_all() == 1

    lead = dealer.only_lead()
    assert (lead.name, lead.email, lead.phone, lead.city) == (
        "Rosa Steiner", "rosa@example.com", "+4930123456", "Graz",
    )  # fmt: skip
    assert lead.source.name == "From Agency"
    assert lead.owner == dealer.seller
    delivery = agency.only_delivery()
    assert delivery.state == State.DELIVERED
    assert delivery.delivered_at is not None
    assert delivery.attempts.get().is_success


def test_money_dates_and_own_fields_arrive_as_what_they_were(
    agency: Partner, dealer: Partner
) -> None:
    agency.sends_to(dealer)
    sent = agency.gets(budget="1250.50 USD", product="Solar", employees=40, message="Call me")

    take_all()

    lead = dealer.only_lead()
    assert lead.facts == sent.facts
    assert lead.facts["budget"] == 125_050
    assert lead.facts["budget_currency"] == "USD"
    assert lead.message == "Call me"


def test_a_source_of_the_senders_own_is_not_said_again(agency: Partner, dealer: Partner) -> None:
    """The copy says where the lead came from there; here it came from the sender."""
    agency.sends_to(dealer)
    agency.gets()

    take_all()

    assert dealer.only_capture().warnings == []


def test_fields_that_the_recipient_may_not_have_never_cross(
    agency: Partner, dealer: Partner
) -> None:
    (recipient,) = agency.sends_to(dealer)
    recipient.fields = ["name", "email"]
    recipient.save()
    agency.gets(message="Only for you", company="Isarwerk")

    take_all()

    body = json.loads(bytes(dealer.only_capture().body))
    assert body == {"name": "Rosa Steiner", "email": "rosa@example.com"}
    lead = dealer.only_lead()
    assert (lead.phone, lead.message, lead.company, lead.city) == ("", "", "", "")


def test_the_sender_learns_nothing_of_what_became_of_it(agency: Partner, dealer: Partner) -> None:
    agency.sends_to(dealer)
    agency.gets()

    take_all()

    lead, delivery = dealer.only_lead(), agency.only_delivery()
    told = json.dumps(
        [str(value) for row in (delivery, delivery.attempts.get()) for value in vars(row).values()]
    )
    assert str(lead.pk) not in told
    assert dealer.seller.user.email not in told
    assert "assigned" not in told


def test_what_the_recipients_inbox_quarantines_is_delivered_and_found_by_a_replay(
    agency: Partner, dealer: Partner
) -> None:
    agency.sends_to(dealer)
    source = dealer.source_of(agency)
    source.is_active = False
    source.save()
    agency.gets()

    take_all()

    assert agency.only_delivery().state == State.DELIVERED
    capture = dealer.only_capture()
    assert capture.state == Capture.State.QUARANTINED
    assert dealer.arrivals()[0].lead is None

    source.is_active = True
    source.save()
    capture.source.refresh_from_db()
    services.replay(capture, by=dealer.access, now=now())

    assert dealer.arrivals()[0].lead == dealer.only_lead()


def test_a_bug_in_the_recipients_intake_is_retried_there(
    agency: Partner, dealer: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency.sends_to(dealer)
    agency.gets()
    with monkeypatch.context() as broken:
        broken.setattr(services, "intake", _broken)
        take_all()

    assert agency.only_delivery().state == State.DELIVERED
    assert dealer.only_capture().state == Capture.State.FAILED

    services.retry_due(now=now() + timedelta(hours=1))

    assert dealer.arrivals()[0].lead == dealer.only_lead()


def _broken(*args: Any, **kwargs: Any) -> Any:
    raise ZeroDivisionError("a bug")


def test_somebody_known_gets_the_copy_added(agency: Partner, dealer: Partner) -> None:
    agency.sends_to(dealer)
    known = dealer.gets()
    agency.gets(message="Once more")

    take_all()

    assert dealer.only_lead() == known
    assert dealer.arrivals()[0].lead == known
    attached = Activity.objects.get(lead=known, kind=Activity.Kind.ATTACHED)
    assert attached.data["source"] == "From Agency"


def test_consent_that_ends_on_the_way_stops_the_copy(agency: Partner, dealer: Partner) -> None:
    (recipient,) = agency.sends_to(dealer)
    agency.gets()
    agreement = Agreement.objects.get(recipients=recipient)
    consent.end(agreement, side="recipient", by=dealer.by, now=now())

    take_all()

    delivery = agency.only_delivery()
    assert delivery.state == State.REFUSED
    assert "ended" in delivery.reason
    assert dealer.captures == 0


def test_what_waited_for_an_opening_is_refused_at_once_when_consent_ends(
    agency: Partner, dealer: Partner
) -> None:
    (recipient,) = agency.sends_to(dealer)
    agency.gets()
    Delivery.objects.update(next_attempt_at=now() + timedelta(days=2))
    agreement = Agreement.objects.get(recipients=recipient)

    consent.end(agreement, side="sender", by=agency.by, now=now() - timedelta(seconds=1))
    take_all()

    assert agency.only_delivery().state == State.REFUSED


def test_later_leads_are_not_even_planned(agency: Partner, dealer: Partner) -> None:
    (recipient,) = agency.sends_to(dealer)
    agreement = Agreement.objects.get(recipients=recipient)
    consent.end(agreement, side="sender", by=agency.by, now=now())

    agency.gets()

    assert agency.sent() == []


def test_a_paused_recipient_lets_its_copies_wait(agency: Partner, dealer: Partner) -> None:
    (recipient,) = agency.sends_to(dealer)
    agency.gets()
    recipient.is_paused = True
    recipient.save()

    take_all()

    delivery = agency.only_delivery()
    assert delivery.state == State.QUEUED
    assert delivery.next_attempt_at is not None
    assert delivery.next_attempt_at > now()
    assert "paused" in delivery.reason
    assert dealer.captures == 0


@pytest.mark.parametrize(
    "changes", [{"deleted_at": now()}, {"do_not_contact": True}], ids=["deleted", "left alone"]
)
def test_a_lead_that_its_sender_may_not_pass_on_any_more_stays(
    agency: Partner, dealer: Partner, changes: dict[str, Any]
) -> None:
    agency.sends_to(dealer)
    lead = agency.gets()
    Lead.objects.filter(pk=lead.pk).update(**changes)

    take_all()

    assert agency.only_delivery().state == State.WITHDRAWN
    assert dealer.captures == 0


def test_an_erased_lead_leaves_what_arrived(agency: Partner, dealer: Partner) -> None:
    agency.sends_to(dealer)
    lead = agency.gets()
    take_all()

    Capture.objects.filter(lead=lead).delete()
    lead.delete()

    assert not Delivery.objects.exists()
    assert dealer.arrivals()[0].lead == dealer.only_lead()


def test_a_lead_that_is_kept_out_arrives_nevertheless(agency: Partner, dealer: Partner) -> None:
    (recipient,) = agency.sends_to(dealer)
    agency.distribute(to(recipient, keeps_out=True))
    agency.post(ROSA)

    take_all()

    assert agency.only_delivery().state == State.DELIVERED
    assert dealer.only_lead().owner == dealer.seller
    assert not Assignment.objects.filter(team=agency.team).exists()


def test_a_transaction_that_is_undone_delivered_nothing(agency: Partner, dealer: Partner) -> None:
    agency.sends_to(dealer)
    agency.gets()

    for _time in range(20):
        with transaction.atomic():
            take_all()
            transaction.set_rollback(True)

    assert agency.only_delivery().state == State.QUEUED
    assert dealer.captures == dealer.leads == 0

    take_all()

    assert dealer.captures == dealer.leads == 1


@pytest.mark.parametrize("step", ["receive", "settle"])
def test_what_breaks_between_the_steps_is_undone_and_done_once(
    agency: Partner, dealer: Partner, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    agency.sends_to(dealer)
    agency.gets()
    with monkeypatch.context() as broken:
        module: Any = {"receive": services, "settle": progress}[step]
        broken.setattr(module, step, _broken_once(getattr(module, step)))
        take_all()

    delivery = agency.only_delivery()
    assert (delivery.state, delivery.attempts_made) == (State.FAILED, 1)
    assert "ZeroDivisionError" not in delivery.reason
    assert dealer.captures == 0

    Delivery.objects.update(next_attempt_at=now() - timedelta(seconds=1))
    take_all()

    assert agency.only_delivery().state == State.DELIVERED
    assert dealer.captures == dealer.leads == len(dealer.arrivals()) == 1


def _broken_once(real: Any) -> Any:
    """Does its work, and breaks afterwards, the first time."""
    calls: list[int] = []

    def work(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        done = real(*args, **kwargs)
        if len(calls) == 1:
            raise ZeroDivisionError("broken after the work was done")
        return done

    return work


def test_a_copy_that_fails_stops_no_other(
    agency: Partner, dealer: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency.sends_to(dealer)
    agency.gets()
    agency.gets(name="Max Berger", email="max@example.com", phone="+4930999999")
    monkeypatch.setattr(services, "receive", _broken_once(services.receive))

    take_all()

    states = sorted(Delivery.objects.values_list("state", flat=True))
    assert states == [State.DELIVERED, State.FAILED]


def test_a_copy_that_arrived_before_is_not_taken_twice(agency: Partner, dealer: Partner) -> None:
    """As after a row was set back by hand."""
    agency.sends_to(dealer)
    agency.gets()
    take_all()
    Delivery.objects.update(state=State.QUEUED, next_attempt_at=now() - timedelta(seconds=1))

    take_all()

    assert agency.only_delivery().state == State.DELIVERED
    assert dealer.captures == dealer.leads == Arrival.objects.count() == 1


def test_copies_of_a_closed_account_are_refused(agency: Partner, dealer: Partner) -> None:
    agency.sends_to(dealer)
    agency.gets()
    dealer.team.is_active = False
    dealer.team.save()

    assert copies.take_due() == 1

    assert agency.only_delivery().state == State.REFUSED
