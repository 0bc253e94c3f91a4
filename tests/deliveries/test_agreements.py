"""Consent of teams: asked by mail, given once, ended by either side; each in its own log."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMultiAlternatives
from django.db import transaction

from apps.alerts.models import Alert, Kind
from apps.deliveries import consent
from apps.deliveries.models import Delivery
from apps.leads.models import Source
from apps.rules import agreements
from apps.rules.agreements import AgreementRefused
from apps.rules.models import Agreement
from apps.teams.models import AuditEntry, Membership, Team
from apps.teams.permissions import Role
from tests.capture.inbox import now
from tests.deliveries.teams import Partner, take_all

pytestmark = pytest.mark.django_db

State = Agreement.State


@pytest.fixture
def agency() -> Partner:
    return Partner("agency")


@pytest.fixture
def dealer() -> Partner:
    return Partner("dealer")


def ask(agency: Partner, email: str = "boss@dealer.example", **more: Any) -> tuple[Agreement, str]:
    return agreements.ask(agency.team, email=email, by=agency.by, now=now(), **more)


def html_of(letter: Any) -> str:
    return str(letter.alternatives[0][0])


def told(team: Team) -> list[str]:
    """What the managers of a team read about agreements."""
    rows = Alert.objects.filter(team=team, kind=Kind.AGREEMENT)
    return [row.data["reason"] for row in rows.order_by("created_at", "id")]


def logged(team: Team) -> list[str]:
    rows = AuditEntry.objects.filter(team=team, action__startswith="agreement.")
    return list(rows.order_by("at", "id").values_list("action", flat=True))


def test_a_question_goes_out_by_mail_with_a_link_that_finds_it(
    agency: Partner, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        asked, token = ask(agency, " Boss@Dealer.example ", message="As agreed on the phone.")

    (letter,) = mail.outbox
    assert letter.to == ["boss@dealer.example"]
    assert letter.subject == "Agency wants to send you leads"
    assert "As agreed on the phone." in letter.body
    assert str(agency.manager.user) in letter.body
    assert agreements.link_of(token) in letter.body
    html = html_of(letter)
    assert agreements.link_of(token) in html
    assert agreements.find(token, now=now()) == asked
    assert token.encode() not in bytes(asked.token_hash or b"")


def test_markup_in_a_message_stays_text(
    agency: Partner, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        ask(agency, message="<script>alert(1)</script>")

    (sent,) = mail.outbox
    assert isinstance(sent, EmailMultiAlternatives)
    assert "<script>" not in str(sent.alternatives[0][0])


@pytest.mark.parametrize("email", ["", "nobody", "a\x00@b.example", "x" * 300 + "@b.example"])
def test_what_is_no_address_is_refused_in_words(agency: Partner, email: str) -> None:
    with pytest.raises(AgreementRefused, match=r"e-mail address"):
        ask(agency, email)


def test_one_mailbox_is_asked_once_at_a_time(agency: Partner) -> None:
    ask(agency)

    with pytest.raises(AgreementRefused, match="asked already"):
        ask(agency, "BOSS@dealer.example")


def test_only_who_edits_routing_asks(agency: Partner) -> None:
    with pytest.raises(PermissionDenied):
        agreements.ask(
            agency.team, email="a@b.example", by=agency.world.access(agency.seller), now=now()
        )


def test_yes_makes_a_source_and_both_teams_know(agency: Partner, dealer: Partner) -> None:
    asked, token = ask(agency)

    agreed = consent.accept(asked, team=dealer.team, by=dealer.by, now=now())

    assert (agreed.state, agreed.to, agreed.decided_by) == (
        State.ACCEPTED, dealer.team, dealer.manager.user,
    )  # fmt: skip
    source = dealer.source_of(agency)
    assert (source.kind, source.name, source.token_hash) == (
        Source.Kind.COPY, "From Agency", None,
    )  # fmt: skip
    assert agreements.find(token, now=now()) is None
    assert agreements.between(agency.team, dealer.team) == agreed
    assert agreements.between(dealer.team, agency.team) is None
    assert logged(agency.team) == ["agreement.asked", "agreement.accepted"]
    assert logged(dealer.team) == ["agreement.accepted"]
    assert len(told(agency.team)) == 1
    entry = AuditEntry.objects.get(team=agency.team, action="agreement.accepted")
    assert entry.actor is None  # who acted is no member of this team


def test_a_slug_that_is_taken_is_passed_over(agency: Partner, dealer: Partner) -> None:
    Source.objects.create(team=dealer.team, kind="json", name="x", slug="from-agency")

    dealer.agree_with(agency)

    assert dealer.source_of(agency).slug == "from-agency-2"


def test_a_team_does_not_agree_with_itself(agency: Partner) -> None:
    asked, _token = ask(agency)

    with pytest.raises(AgreementRefused, match="itself"):
        consent.accept(asked, team=agency.team, by=agency.by, now=now())


def test_a_pair_agrees_once(agency: Partner, dealer: Partner) -> None:
    dealer.agree_with(agency)
    again, _token = ask(agency, "other@dealer.example")

    with pytest.raises(AgreementRefused, match="already"):
        consent.accept(again, team=dealer.team, by=dealer.by, now=now())

    assert Source.objects.filter(team=dealer.team, sender=agency.team).count() == 1


def test_nobody_agrees_for_a_team_that_is_not_hers(agency: Partner, dealer: Partner) -> None:
    asked, _token = ask(agency)

    with pytest.raises(Agreement.DoesNotExist):
        consent.accept(asked, team=dealer.team, by=agency.by, now=now())
    seller = dealer.world.access(dealer.seller)
    with pytest.raises(PermissionDenied):
        consent.accept(asked, team=dealer.team, by=seller, now=now())


@pytest.mark.parametrize("days", [14, 400])
def test_a_question_expires(agency: Partner, dealer: Partner, days: int) -> None:
    asked, token = ask(agency)
    later = now() + timedelta(days=days, seconds=1)

    assert agreements.find(token, now=later) is None
    with pytest.raises(AgreementRefused, match="expired"):
        consent.accept(asked, team=dealer.team, by=dealer.by, now=later)


def test_asking_again_makes_a_new_link_and_ends_the_old_one(agency: Partner) -> None:
    asked, old = ask(agency)
    later = now() + timedelta(days=20)

    again, new = agreements.ask_again(asked, by=agency.by, now=later)

    assert agreements.find(old, now=later) is None
    assert agreements.find(new, now=later) == again
    assert again.pk == asked.pk


def test_asking_again_at_once_is_refused(agency: Partner) -> None:
    asked, _token = ask(agency)

    with pytest.raises(AgreementRefused, match="moment ago"):
        agreements.ask_again(asked, by=agency.by, now=now())


def test_a_question_that_was_taken_back_can_not_be_answered(
    agency: Partner, dealer: Partner
) -> None:
    asked, token = ask(agency)
    agreements.withdraw(asked, by=agency.by, now=now())

    assert agreements.find(token, now=now()) is None
    with pytest.raises(AgreementRefused):
        consent.accept(asked, team=dealer.team, by=dealer.by, now=now())
    with pytest.raises(AgreementRefused):
        agreements.withdraw(asked, by=agency.by, now=now())


def test_no_is_told_and_may_be_asked_again(agency: Partner, dealer: Partner) -> None:
    asked, token = ask(agency)

    declined = consent.decline(asked, by=None, now=now())

    assert declined.state == State.DECLINED
    assert agreements.find(token, now=now()) is None
    assert len(told(agency.team)) == 1
    again, _token = agreements.ask_again(asked, by=agency.by, now=now() + timedelta(hours=1))
    assert consent.accept(again, team=dealer.team, by=dealer.by, now=now()).to == dealer.team


@pytest.mark.parametrize("side", ["sender", "recipient"])
def test_either_side_ends_it_and_both_know(agency: Partner, dealer: Partner, side: str) -> None:
    agreement = dealer.agree_with(agency)
    by = agency.by if side == "sender" else dealer.by

    ended = consent.end(agreement, side=side, by=by, now=now())

    assert (ended.state, ended.ended_side, ended.ended_by) == (State.ENDED, side, by.user)
    assert agreements.between(agency.team, dealer.team) is None
    assert dealer.source_of(agency).revoked_at is not None
    assert logged(agency.team)[-1] == logged(dealer.team)[-1] == "agreement.ended"
    assert len(told(dealer.team)) == 1
    assert len(told(agency.team)) == 2  # that they agreed, and that it ended


def test_ending_twice_changes_nothing(agency: Partner, dealer: Partner) -> None:
    agreement = dealer.agree_with(agency)
    first = consent.end(agreement, side="sender", by=agency.by, now=now())

    again = consent.end(agreement, side="recipient", by=dealer.by, now=now())

    assert (again.ended_side, again.ended_at) == ("sender", first.ended_at)


def test_no_side_ends_it_as_the_other(agency: Partner, dealer: Partner) -> None:
    agreement = dealer.agree_with(agency)

    with pytest.raises(Agreement.DoesNotExist):
        consent.end(agreement, side="recipient", by=agency.by, now=now())
    with pytest.raises(Agreement.DoesNotExist):
        consent.end(agreement, side="sender", by=Partner("stranger").by, now=now())


def test_agreeing_again_opens_the_source_there_was(agency: Partner, dealer: Partner) -> None:
    agreement = dealer.agree_with(agency)
    source = dealer.source_of(agency)
    consent.end(agreement, side="sender", by=agency.by, now=now())
    again, _token = agreements.ask_again(agreement, by=agency.by, now=now())

    consent.accept(again, team=dealer.team, by=dealer.by, now=now())

    assert dealer.source_of(agency).pk == source.pk
    assert dealer.source_of(agency).revoked_at is None


def test_questions_for_ones_mailbox_or_team_wait_on_the_page_of_senders(
    agency: Partner, dealer: Partner
) -> None:
    mine, _token = ask(agency, dealer.manager.user.email)
    ask(agency, "somebody@else.example")

    assert list(agreements.asked_of(dealer.by, now=now())) == [mine]
    assert not agreements.asked_of(dealer.world.access(dealer.seller), now=now()).exists()
    assert not agreements.asked_of(agency.by, now=now()).exists()


def test_a_team_can_be_agreed_for_only_by_who_connects_its_sources(
    agency: Partner, dealer: Partner
) -> None:
    user = dealer.manager.user
    Membership.objects.create(team=agency.team, user=user, role=Role.SALESPERSON)

    assert [each.team for each in agreements.teams_of(user)] == [dealer.team]


class TestTakingCopiesIntoAnAccount:
    @pytest.fixture
    def mailed(self, agency: Partner) -> Delivery:
        """A copy that went to a mailbox."""
        recipient = agency.email_to("Dealer by mail")
        agency.distribute(recipient)
        agency.gets()
        Delivery.objects.update(state="sent", sent_at=now(), attempts_made=1, next_attempt_at=None)
        delivery = agency.only_delivery()
        delivery.attempts.create(
            team=agency.team, number=1, at=now(), milliseconds=5, is_success=True
        )
        return delivery

    def test_the_recipient_becomes_the_team_and_the_copy_arrives_there(
        self, agency: Partner, dealer: Partner, mailed: Delivery
    ) -> None:
        consent.adopt(mailed, dealer.team, dealer.by, now() - timedelta(seconds=1))
        take_all()

        recipient = agency.only_delivery().recipient
        assert (recipient.kind, recipient.email) == ("team", "")
        assert recipient.agreement == agreements.between(agency.team, dealer.team)
        assert dealer.only_lead().name == "Rosa Steiner"
        delivery = agency.only_delivery()
        assert (delivery.pk, delivery.state, delivery.channel) == (mailed.pk, "delivered", "team")
        assert [row.number for row in delivery.attempts.all()] == [1, 2]

    def test_twice_is_once(self, agency: Partner, dealer: Partner, mailed: Delivery) -> None:
        for _time in range(2):
            consent.adopt(mailed, dealer.team, dealer.by, now() - timedelta(seconds=1))
            take_all()

        assert dealer.leads == dealer.captures == 1
        assert Agreement.objects.count() == 1

    def test_it_goes_to_one_account(
        self, agency: Partner, dealer: Partner, mailed: Delivery
    ) -> None:
        consent.adopt(mailed, dealer.team, dealer.by, now())
        other = Partner("other")

        with pytest.raises(AgreementRefused, match="another account"):
            consent.adopt(mailed, other.team, other.by, now())

    def test_an_agreement_that_there_is_is_used(
        self, agency: Partner, dealer: Partner, mailed: Delivery
    ) -> None:
        agreement = dealer.agree_with(agency)

        consent.adopt(mailed, dealer.team, dealer.by, now())

        assert agency.only_delivery().recipient.agreement == agreement

    def test_what_waits_for_the_mailbox_goes_to_the_team(
        self, agency: Partner, dealer: Partner, mailed: Delivery
    ) -> None:
        agency.gets(name="Max Berger", email="max@example.com", phone="+4930999999")

        consent.adopt(mailed, dealer.team, dealer.by, now() - timedelta(seconds=1))
        take_all()

        assert dealer.leads == 2
        assert set(Delivery.objects.values_list("channel", "state")) == {("team", "delivered")}

    def test_the_sender_can_not_take_its_own_copies_in(
        self, agency: Partner, mailed: Delivery
    ) -> None:
        with pytest.raises(AgreementRefused, match="itself"):
            consent.adopt(mailed, agency.team, agency.by, now())

    def test_a_webhook_is_not_taken_into_an_account(self, agency: Partner, dealer: Partner) -> None:
        agency.distribute(agency.webhook_to())
        agency.gets()

        with pytest.raises(AgreementRefused):
            consent.adopt(agency.only_delivery(), dealer.team, dealer.by, now())


def test_an_answer_that_is_undone_told_nobody(agency: Partner, dealer: Partner) -> None:
    asked, _token = ask(agency)

    with transaction.atomic():
        consent.accept(asked, team=dealer.team, by=dealer.by, now=now())
        transaction.set_rollback(True)

    assert not told(agency.team)
    assert not Source.objects.filter(kind=Source.Kind.COPY).exists()
    asked.refresh_from_db()
    assert asked.state == State.ASKED


def test_links_are_not_guessed(agency: Partner) -> None:
    ask(agency)

    for token in ("", "x" * 5000, "\x00", "../..", "é" * 43, re.sub("a", "b", "a" * 43)):
        assert agreements.find(token, now=now()) is None
