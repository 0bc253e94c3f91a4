"""Copies for teams: taken in exactly once, however many take them and however those end."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from apps.capture import copies
from apps.deliveries.models import Arrival, Delivery
from apps.leads.models import Lead
from tests.capture.inbox import now
from tests.concurrency.crew import Crew
from tests.concurrency.sizes import COPIES, COPY_KILLS, COPY_PROCESSES
from tests.deliveries.teams import Partner, take_all

pytestmark = pytest.mark.django_db(transaction=True)

State = Delivery.State


def send_leads(sender: Partner, number: int, domain: str = "example.com") -> None:
    for place in range(number):
        body = {"name": f"Lead {place}", "email": f"lead{place}@{domain}"}
        assert sender.post(body).status_code == 201


def take_until_empty(number: int, stop: Any) -> int:
    taken = 0
    while settled := copies.take_due(limit=20):
        taken += settled
    return taken


def take_for_ever(number: int, stop: Any) -> None:
    while not stop.is_set():
        copies.take_due(limit=20)


def assert_each_came_once(recipient: Partner, number: int) -> None:
    assert recipient.captures == recipient.leads == len(recipient.arrivals()) == number
    linked = Arrival.objects.filter(team=recipient.team, lead__isnull=False).values("lead")
    assert Lead.objects.filter(pk__in=linked).count() == number


def test_of_many_takers_each_copy_has_one() -> None:
    agency, dealer = Partner("agency"), Partner("dealer")
    agency.sends_to(dealer)
    send_leads(agency, COPIES)

    taken = Crew(COPY_PROCESSES, take_until_empty).start().results()

    assert sum(taken) == COPIES
    assert_each_came_once(dealer, COPIES)
    assert set(Delivery.objects.values_list("state", "attempts_made")) == {(State.DELIVERED, 1)}


def test_takers_that_are_killed_lose_nothing_and_double_nothing() -> None:
    agency, dealer = Partner("agency"), Partner("dealer")
    agency.sends_to(dealer)
    send_leads(agency, COPIES)

    for kill in range(1, COPY_KILLS + 1):
        crew = Crew(2, take_for_ever).start()
        while delivered() < COPIES * kill // (COPY_KILLS + 1):
            pass
        for process in crew._processes:
            process.kill()
        for process in crew._processes:
            process.join()
    cut = COPIES - delivered()
    take_all()

    assert cut > 0, "Everything was done before the last kill: nothing was proven."
    assert_each_came_once(dealer, COPIES)
    assert delivered() == COPIES


def delivered() -> int:
    return Delivery.objects.filter(state=State.DELIVERED).count()


def test_two_ways_at_the_same_moment_make_one_lead() -> None:
    """The copies of one lead by way of two teams, taken by two processes at once."""
    agency, network, dealer = Partner("agency"), Partner("network"), Partner("dealer")
    agency.sends_to(network, dealer)
    network.sends_to(dealer)
    send_leads(agency, COPIES)
    later = now() + timedelta(days=1)
    Delivery.objects.filter(recipient__name="Dealer").update(next_attempt_at=later)
    take_all()  # the network has them all, and its copies wait
    Delivery.objects.filter(state=State.QUEUED).update(next_attempt_at=now())

    Crew(COPY_PROCESSES, take_until_empty).start().results()

    assert_each_came_once(dealer, COPIES)
    ends = Counter(Delivery.objects.filter(recipient__name="Dealer").values_list("state"))
    assert ends == {(State.DELIVERED,): COPIES, (State.REFUSED,): COPIES}


def test_teams_that_send_each_other_leads_never_hold_each_other_up() -> None:
    agency, dealer = Partner("agency"), Partner("dealer")
    for recipient in (*agency.sends_to(dealer), *dealer.sends_to(agency)):
        recipient.cap_day = 10_000  # counted: planning locks it
        recipient.save()
    send_leads(agency, COPIES // 2, "agency.example")
    send_leads(dealer, COPIES // 2, "dealer.example")

    Crew(COPY_PROCESSES, take_until_empty).start().results()

    ended = set(Delivery.objects.values_list("state", "attempts_made"))
    assert ended == {(State.DELIVERED, 1)}
    assert agency.leads == dealer.leads == COPIES // 2 * 2
