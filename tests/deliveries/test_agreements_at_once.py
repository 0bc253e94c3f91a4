"""The same answer given several times in one moment, as by a double click, counts once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client

from apps.deliveries import links
from apps.deliveries.models import Delivery, Dispute
from apps.leads.models import Source
from apps.rules import agreements
from apps.rules.models import Agreement
from apps.teams.models import AuditEntry
from tests.capture.inbox import in_own_connection, now
from tests.deliveries.teams import Partner, take_all

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 5


@pytest.fixture
def agency() -> Partner:
    return Partner("agency")


@pytest.fixture
def dealer() -> Partner:
    return Partner("dealer")


def at_once(who: Partner, path: str, **form: str) -> set[int]:
    clients: list[Client] = [who.signed_in(who.manager) for _ in range(TIMES)]
    post: Any = lambda client: in_own_connection(client.post, path, form)  # noqa: E731
    with ThreadPoolExecutor(TIMES) as threads:
        return {answer.status_code for answer in threads.map(post, clients)}


def test_one_yes_of_several(agency: Partner, dealer: Partner) -> None:
    _asked, token = agreements.ask(agency.team, email="a@b.example", by=agency.by, now=now())

    answers = at_once(dealer, f"/agreements/{token}/", team=str(dealer.team.pk))

    assert answers <= {302, 404, 422}
    assert Agreement.objects.get().to == dealer.team
    assert Source.objects.filter(sender=agency.team).count() == 1
    accepted = AuditEntry.objects.filter(team=dealer.team, action="agreement.accepted")
    assert accepted.count() == 1


def test_two_teams_that_answer_each_other_do_not_block(agency: Partner, dealer: Partner) -> None:
    _one, to_dealer = agreements.ask(agency.team, email="a@b.example", by=agency.by, now=now())
    _two, to_agency = agreements.ask(dealer.team, email="c@d.example", by=dealer.by, now=now())
    pairs = [(dealer, to_dealer), (agency, to_agency)]

    def answer(pair: tuple[Partner, str]) -> int:
        who, token = pair
        client = who.signed_in(who.manager)
        path, form = f"/agreements/{token}/", {"team": str(who.team.pk)}
        status: int = in_own_connection(client.post, path, form).status_code
        return status

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(answer, pairs)) == [302, 302]

    assert Agreement.objects.filter(state="accepted").count() == 2


def test_one_end_of_several(agency: Partner, dealer: Partner) -> None:
    agreement = dealer.agree_with(agency)

    assert at_once(dealer, f"/t/dealer/senders/{agreement.pk}/end/") == {302}

    ended = AuditEntry.objects.filter(team=dealer.team, action="agreement.ended")
    assert ended.count() == 1


def test_one_return_of_several(agency: Partner, dealer: Partner) -> None:
    agency.sends_to(dealer)
    agency.gets()
    take_all()
    lead, arrival = dealer.only_lead(), dealer.arrivals()[0]

    path = f"/t/dealer/leads/{lead.pk}/return/"
    assert at_once(dealer, path, arrival=str(arrival.pk), reason="spam") == {302}

    assert Dispute.objects.count() == 1


def test_one_account_of_several_takes_the_copies(agency: Partner, dealer: Partner) -> None:
    agency.distribute(agency.email_to())
    agency.gets()
    Delivery.objects.update(state="sent", sent_at=now(), next_attempt_at=None)

    path = f"/d/{links.token_of(agency.only_delivery())}/account/"
    answers = at_once(dealer, path, team=str(dealer.team.pk))
    take_all()

    assert answers == {302}
    assert Agreement.objects.count() == 1
    assert dealer.leads == dealer.captures == 1
