"""Returns: who may return what and how long, who decides, and what comes of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMultiAlternatives

from apps.alerts.links import address_of
from apps.alerts.models import Alert, Kind
from apps.deliveries.models import Delivery, Dispute
from apps.deliveries.returns import disputes
from apps.deliveries.returns.disputes import DisputeRefused
from apps.rules.models import Recipient
from apps.teams.access import Access
from apps.teams.models import AuditEntry
from apps.teams.permissions import Role
from tests import factories
from tests.capture.inbox import in_own_connection
from tests.deliveries.desk import Desk, later
from tests.factories.teams import NOW

pytestmark = pytest.mark.django_db
State = Delivery.State


@pytest.fixture
def desk() -> Desk:
    return Desk()


def opened(delivery: Delivery, **columns: Any) -> Dispute:
    given = {"reason": "wrong_number", "now": later(days=1), **columns}
    return disputes.open_dispute(delivery, **given)


def test_the_senders_managers_are_told_of_a_return(desk: Desk) -> None:
    delivery = desk.copy(desk.recipient("Berger"), State.DELIVERED)

    made = opened(delivery, note="Nobody\x00 there", by_name="Ola Adeyemi")

    assert (made.state, made.note, made.by_name) == ("open", "Nobody there", "Ola Adeyemi")
    alert = Alert.objects.select_related("team").get(kind=Kind.DISPUTED)
    assert alert.user == desk.manager.user
    assert alert.data["title"] == "Berger: wrong number or address"
    assert address_of(alert) == desk.at(f"returns/{made.pk}/")


@pytest.mark.parametrize(
    "state",
    [State.QUEUED, State.OFFERED, State.FAILED, State.DEAD, State.REFUSED, State.WITHDRAWN],
)
def test_what_did_not_arrive_is_not_returned(desk: Desk, state: str) -> None:
    delivery = desk.copy(desk.recipient(), state)

    with pytest.raises(DisputeRefused, match="not delivered"):
        opened(delivery)


def test_a_lead_is_returned_within_the_recipients_days(desk: Desk) -> None:
    delivery = desk.copy(desk.recipient(return_days=3), State.DELIVERED)

    assert disputes.window_ends(delivery) == later(days=3)
    with pytest.raises(DisputeRefused, match="3 days"):
        opened(delivery, now=later(days=3))
    assert opened(delivery, now=later(days=3) - timedelta(seconds=1))


def test_a_mail_may_be_returned_from_when_it_was_sent(desk: Desk) -> None:
    delivery = desk.copy(desk.recipient(kind="email"), State.SENT)

    assert disputes.window_ends(delivery) == later(days=7)


def test_where_no_days_are_given_nothing_is_returned(desk: Desk) -> None:
    delivery = desk.copy(desk.recipient(return_days=0), State.DELIVERED)

    with pytest.raises(DisputeRefused, match="to this sender"):
        opened(delivery, now=NOW)


def test_one_return_a_delivery(desk: Desk) -> None:
    delivery = desk.copy(desk.recipient(), State.DELIVERED)
    opened(delivery)

    with pytest.raises(DisputeRefused, match="returned already"):
        opened(delivery)


@pytest.mark.parametrize(
    "said", [{"reason": "because"}, {"reason": ""}, {"note": "x" * 501}], ids=str
)
def test_a_return_says_what_is_wrong_in_few_words(desk: Desk, said: dict[str, str]) -> None:
    delivery = desk.copy(desk.recipient(), State.DELIVERED)

    with pytest.raises(DisputeRefused):
        opened(delivery, **said)

    assert not Dispute.objects.exists()


def test_accepting_gives_back_what_the_lead_counted_for(desk: Desk) -> None:
    recipient = desk.recipient(quota=10, campaign_count=4)
    dispute = opened(desk.copy(recipient, State.DELIVERED))

    disputes.accept(dispute, answer="Right.", by=desk.by, now=later(days=2))

    dispute.refresh_from_db()
    recipient.refresh_from_db()
    assert (dispute.state, dispute.gave_back, dispute.answer) == ("accepted", True, "Right.")
    assert (dispute.decided_by, dispute.decided_at) == (desk.manager.user, later(days=2))
    assert recipient.campaign_count == 3
    entry = AuditEntry.objects.get(team=desk.team, action="return.accepted")
    assert entry.detail["gave_back"] is True


def test_refusing_gives_nothing_back(desk: Desk) -> None:
    recipient = desk.recipient(quota=10, campaign_count=4)
    dispute = opened(desk.copy(recipient, State.DELIVERED))

    disputes.refuse(dispute, by=desk.by, now=later(days=2))

    recipient.refresh_from_db()
    assert recipient.campaign_count == 4
    assert Dispute.objects.get().state == "refused"


def test_whoever_decides_first_decides(desk: Desk) -> None:
    recipient = desk.recipient(quota=10, campaign_count=4)
    dispute = opened(desk.copy(recipient, State.DELIVERED))
    disputes.refuse(dispute, by=desk.by, now=later(days=2))

    with pytest.raises(DisputeRefused, match="decided this already"):
        disputes.accept(dispute, by=desk.by, now=later(days=2))

    recipient.refresh_from_db()
    assert recipient.campaign_count == 4


def test_salespeople_do_not_decide(desk: Desk) -> None:
    dispute = opened(desk.copy(desk.recipient(), State.DELIVERED))
    seller = Access.of(desk.member(Role.SALESPERSON))

    with pytest.raises(PermissionDenied):
        disputes.accept(dispute, by=seller, now=NOW)


def test_a_recipient_team_learns_what_was_decided(desk: Desk) -> None:
    partner = factories.MembershipFactory(role=Role.MANAGER)
    agreement = factories.AgreementFactory(team=desk.team, to=partner.team)
    recipient = desk.recipient("Partner", kind=Recipient.Kind.TEAM, agreement=agreement)
    delivery = desk.copy(recipient, State.DELIVERED)
    theirs = factories.LeadFactory(team=partner.team)
    factories.ArrivalFactory(
        team=partner.team, sender=desk.team, lead=theirs, delivery_id=delivery.pk
    )

    disputes.accept(opened(delivery), by=desk.by, now=later(days=2))

    alert = Alert.objects.select_related("team").get(kind=Kind.DISPUTE_DECIDED)
    assert (alert.user, alert.team) == (partner.user, partner.team)
    assert alert.data["title"] == "Sender: wrong number or address"
    assert address_of(alert) == f"/t/{partner.team.slug}/leads/{theirs.pk}/"


def test_an_e_mail_recipient_gets_the_decision_by_mail(
    desk: Desk, django_capture_on_commit_callbacks: Any
) -> None:
    recipient = desk.recipient(kind="email", email="office@berger.example")
    dispute = opened(desk.copy(recipient, State.SENT), note="Rings at a bakery")

    with django_capture_on_commit_callbacks(execute=True):
        disputes.refuse(dispute, answer="It is the right one.", by=desk.by, now=later(days=2))

    (message,) = mail.outbox
    assert isinstance(message, EmailMultiAlternatives)
    assert message.to == ["office@berger.example"]
    assert message.subject == "Sender did not accept your return"
    for body in (str(message.body), str(message.alternatives[0][0])):
        assert "It is the right one." in body
        assert "Rings at a bakery" in body


def test_the_page_shows_what_waits_and_decides_with_one_press(desk: Desk) -> None:
    first = opened(desk.copy(desk.recipient("Berger"), State.DELIVERED))
    opened(desk.copy(desk.recipient("Huber"), State.DELIVERED), now=later(days=2))
    browser = desk.browser()

    page = browser.get(desk.at("returns/"))
    assert page.context["waiting"][0].dispute.pk == first.pk
    assert page.context["open_returns"] == 2

    answer = browser.post(desk.at(f"returns/{first.pk}/accept/"), {"answer": ""}, follow=True)

    assert "Accepted: the lead is not billed" in answer.text
    assert [each.dispute.pk for each in answer.context["decided"]] == [first.pk]


def test_a_press_that_comes_too_late_says_so(desk: Desk) -> None:
    dispute = opened(desk.copy(desk.recipient(), State.DELIVERED))
    disputes.refuse(dispute, by=desk.by, now=later(days=2))

    answer = desk.browser().post(desk.at(f"returns/{dispute.pk}/accept/"), follow=True)

    assert "Somebody has decided this already." in answer.text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:1", ""])
def test_after_a_decision_nobody_is_sent_elsewhere(desk: Desk, target: str) -> None:
    dispute = opened(desk.copy(desk.recipient(), State.DELIVERED))

    answer = desk.browser().post(desk.at(f"returns/{dispute.pk}/refuse/"), {"next": target})

    assert answer["Location"] == desk.at("returns/")


def test_an_answer_that_is_too_long_decides_nothing(desk: Desk) -> None:
    dispute = opened(desk.copy(desk.recipient(), State.DELIVERED))
    form = {"answer": "x" * 501}

    answer = desk.browser().post(desk.at(f"returns/{dispute.pk}/accept/"), form, follow=True)

    assert "Use at most 500 characters." in answer.text
    assert Dispute.objects.get().state == "open"


def test_the_list_costs_the_same_for_many(desk: Desk, django_assert_max_num_queries: Any) -> None:
    recipient = desk.recipient()
    for number in range(60):
        state = "open" if number % 2 else "accepted"
        decided = None if number % 2 else NOW
        desk.returned(desk.copy(recipient, State.DELIVERED), state, decided_at=decided)
    browser = desk.browser()

    with django_assert_max_num_queries(12):
        page = browser.get(desk.at("returns/"))

    assert len(page.context["decided"]) == 25
    rest = browser.get(desk.at(f"returns/{page.context['older'].removesuffix('#decided')}"))
    assert len(rest.context["decided"]) == 5


def test_a_return_is_decided_once_however_many_press(transactional_db: None) -> None:
    desk = Desk()
    recipient = desk.recipient(quota=10, campaign_count=4)
    dispute = opened(desk.copy(recipient, State.DELIVERED))
    by = desk.by

    def press(_number: int) -> bool:
        try:
            mine = Dispute.objects.select_related("delivery").get(pk=dispute.pk)
            in_own_connection(disputes.accept, mine, by=by, now=later(days=2))
        except DisputeRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        decided = list(threads.map(lambda n: in_own_connection(press, n), range(8)))

    recipient.refresh_from_db()
    assert sum(decided) == 1
    assert recipient.campaign_count == 3
