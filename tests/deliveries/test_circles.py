"""Copies that go from team to team: each team once, five deep, and never back."""

from __future__ import annotations

from itertools import pairwise

import pytest

from apps.deliveries.models import Delivery
from apps.leads.models import Activity
from tests.deliveries.teams import Partner, take_all

pytestmark = pytest.mark.django_db
State = Delivery.State


@pytest.fixture
def agency() -> Partner:
    return Partner("agency")


@pytest.fixture
def dealer() -> Partner:
    return Partner("dealer")


def test_a_copy_goes_on_by_the_recipients_own_distribution_rules(agency: Partner) -> None:
    network, dealer = Partner("network"), Partner("dealer")
    agency.sends_to(network)
    network.sends_to(dealer)
    first = agency.gets()

    assert take_all() == 2

    arrival = dealer.arrivals()[0]
    assert arrival.path == [agency.team.pk, network.team.pk]
    assert arrival.root_id == first.pk
    assert arrival.sender_id == network.team.pk
    assert dealer.only_lead().source.name == "From Network"


def test_there_and_back_stops_with_a_reason(agency: Partner, dealer: Partner) -> None:
    agency.sends_to(dealer)
    dealer.sends_to(agency)
    agency.gets()

    take_all()

    assert (agency.leads, dealer.leads) == (1, 1)
    assert not dealer.sent()  # it is not even queued
    distribution = Activity.objects.filter(team=dealer.team, kind=Activity.Kind.COPIED)
    assert not distribution.exists()


def test_a_circle_that_was_queued_all_the_same_is_refused(agency: Partner, dealer: Partner) -> None:
    """As when the path was not known yet while the copy was planned."""
    agency.sends_to(dealer)
    agency.gets()
    Delivery.objects.update(path=[dealer.team.pk, agency.team.pk])

    take_all()

    delivery = agency.only_delivery()
    assert delivery.state == State.REFUSED
    assert "circle" in delivery.reason
    assert dealer.leads == dealer.captures == 0


def test_two_ways_to_the_same_team_make_one_lead(agency: Partner, dealer: Partner) -> None:
    """A sends to B, and to C that sends to B."""
    network = Partner("network")
    agency.sends_to(dealer, network)
    network.sends_to(dealer)
    agency.gets()

    take_all()

    assert dealer.leads == dealer.captures == len(dealer.arrivals()) == 1
    (longer,) = network.sent()
    assert longer.state == State.REFUSED
    assert "already" in longer.reason


def test_a_lead_goes_through_five_teams_and_no_further() -> None:
    chain = [Partner(f"team-{number}") for number in range(7)]
    for sender, recipient in pairwise(chain):
        sender.sends_to(recipient)
    chain[0].gets()

    take_all()

    assert [each.leads for each in chain] == [1, 1, 1, 1, 1, 1, 0]


def test_a_copy_that_went_too_far_is_refused(agency: Partner, dealer: Partner) -> None:
    agency.sends_to(dealer)
    agency.gets()
    Delivery.objects.update(path=[Partner(f"t{n}").team.pk for n in range(5)] + [agency.team.pk])

    take_all()

    assert agency.only_delivery().state == State.REFUSED
    assert dealer.leads == 0
