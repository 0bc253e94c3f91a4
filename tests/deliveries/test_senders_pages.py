"""The pages of who sends leads and of who gets them, once teams have agreed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.capture import sources
from apps.deliveries.models import Delivery, Dispute
from apps.leads.models import Activity, Lead, Source
from apps.rules import agreements
from apps.rules.models import Agreement, Recipient
from apps.teams.models import Membership
from apps.teams.permissions import Role
from tests.capture.inbox import now
from tests.deliveries.teams import Partner, take_all

pytestmark = pytest.mark.django_db
State = Agreement.State
HOSTILE = ("", "\x00", "x" * 20_000, "' OR 1=1 --", "0198c7d2-0000-7000-8000-000000000000", "[]")


@pytest.fixture
def agency() -> Partner:
    return Partner("agency")


@pytest.fixture
def dealer() -> Partner:
    return Partner("dealer")


@pytest.fixture
def question(agency: Partner) -> tuple[Agreement, str]:
    return agreements.ask(
        agency.team, email="nora@dealer.example", message="Hello", by=agency.by, now=now()
    )


class TestSenders:
    def test_it_lists_who_sends_and_what_came(self, agency: Partner, dealer: Partner) -> None:
        agency.sends_to(dealer)
        agency.gets()
        take_all()

        page = dealer.signed_in(dealer.manager).get("/t/dealer/senders/").content.decode()

        assert "Agency" in page
        assert "From Agency" in page
        assert "<b>1</b>" in page

    def test_an_empty_page_says_what_it_is_for(self, dealer: Partner) -> None:
        page = dealer.signed_in(dealer.manager).get("/t/dealer/senders/").content.decode()

        assert "No team sends you leads" in page

    def test_a_question_for_her_mailbox_is_answered_there(
        self, agency: Partner, dealer: Partner
    ) -> None:
        asked, _token = agreements.ask(
            agency.team, email=dealer.manager.user.email, by=agency.by, now=now()
        )
        client = dealer.signed_in(dealer.manager)

        assert "wants to send you leads" in client.get("/t/dealer/senders/").content.decode()
        page = client.get(f"/t/dealer/senders/asked/{asked.pk}/").content.decode()
        client.post(f"/t/dealer/senders/asked/{asked.pk}/", {"answer": "yes"})

        assert "Either side ends this" in page
        assert agreements.between(agency.team, dealer.team) is not None

    def test_no_is_an_answer_too(self, agency: Partner, dealer: Partner) -> None:
        asked, _token = agreements.ask(
            agency.team, email=dealer.manager.user.email, by=agency.by, now=now()
        )

        dealer.signed_in(dealer.manager).post(
            f"/t/dealer/senders/asked/{asked.pk}/", {"answer": "no"}
        )

        assert Agreement.objects.get().state == State.DECLINED

    def test_ending_is_asked_once_more(self, agency: Partner, dealer: Partner) -> None:
        agreement = dealer.agree_with(agency)
        client = dealer.signed_in(dealer.manager)
        path = f"/t/dealer/senders/{agreement.pk}/end/"

        assert "sends you nothing more" in client.get(path).content.decode()
        assert Agreement.objects.get().state == State.ACCEPTED
        client.post(path)

        assert Agreement.objects.get().ended_side == "recipient"
        assert "Ended" in client.get("/t/dealer/senders/").content.decode()

    def test_the_source_has_no_address_and_can_not_be_made_by_hand(
        self, agency: Partner, dealer: Partner
    ) -> None:
        dealer.agree_with(agency)
        source = dealer.source_of(agency)
        client = dealer.signed_in(dealer.manager)

        page = client.get(f"/t/dealer/sources/{source.pk}/").content.decode()
        client.post(f"/t/dealer/sources/{source.pk}/rotate/")
        client.post(f"/t/dealer/sources/{source.pk}/revoke/")
        made = client.post("/t/dealer/sources/new/", {"kind": "copy", "name": "From nobody"})

        assert "Leads of another team come in here." in page
        assert "signature" not in page.lower()
        assert made.status_code == 422
        source.refresh_from_db()
        assert (source.token_hash, source.revoked_at) == (None, None)
        assert sources.address_of(source) == ""
        assert Source.objects.filter(kind="copy").count() == 1

    def test_its_settings_are_changed_like_others(self, agency: Partner, dealer: Partner) -> None:
        dealer.agree_with(agency)
        source = dealer.source_of(agency)

        dealer.signed_in(dealer.manager).post(
            f"/t/dealer/sources/{source.pk}/settings/",
            {"name": "From our agency", "default_country": "CH", "id_field": "name"},
        )

        source.refresh_from_db()
        assert (source.name, source.default_country, source.is_active, source.id_field) == (
            "From our agency", "CH", False, "",
        )  # fmt: skip


class TestTheSendersSide:
    def post(self, agency: Partner, agreement: Agreement, deed: str, **form: str) -> Any:
        client = agency.signed_in(agency.manager)
        return client.post(f"/t/agency/agreements/{agreement.pk}/{deed}/", form)

    @pytest.fixture
    def asked(self, agency: Partner, question: tuple[Agreement, str]) -> Agreement:
        Recipient.objects.create(
            team=agency.team, kind="team", name="Dealer", agreement=question[0]
        )
        return question[0]

    def test_asking_again(self, agency: Partner, asked: Agreement) -> None:
        Agreement.objects.update(asked_at=now() - timedelta(days=1))
        before = bytes(Agreement.objects.get().token_hash or b"")

        self.post(agency, asked, "ask-again")

        assert bytes(Agreement.objects.get().token_hash or b"") != before

    def test_taking_it_back(self, agency: Partner, asked: Agreement) -> None:
        self.post(agency, asked, "withdraw")

        assert Agreement.objects.get().state == State.ENDED

    def test_ending(self, agency: Partner, dealer: Partner) -> None:
        (recipient,) = agency.sends_to(dealer)
        agreement = Agreement.objects.get(recipients=recipient)

        answer = self.post(agency, agreement, "end")

        assert answer.status_code == 302
        assert Agreement.objects.get().ended_side == "sender"

    def test_whoever_runs_both_teams_agrees_without_a_mail(
        self, agency: Partner, dealer: Partner, asked: Agreement
    ) -> None:
        Membership.objects.create(team=dealer.team, user=agency.manager.user, role=Role.MANAGER)

        self.post(agency, asked, "accept", to_team=str(dealer.team.pk))

        assert agreements.between(agency.team, dealer.team) is not None

    @pytest.mark.parametrize("team", HOSTILE)
    def test_nobody_agrees_for_a_team_of_others(
        self, agency: Partner, dealer: Partner, asked: Agreement, team: str
    ) -> None:
        for given in (team, str(dealer.team.pk)):
            assert self.post(agency, asked, "accept", to_team=given).status_code == 302

        assert Agreement.objects.get().state == State.ASKED


class TestReturning:
    @pytest.fixture
    def lead(self, agency: Partner, dealer: Partner) -> Lead:
        agency.sends_to(dealer)
        agency.gets()
        take_all()
        return dealer.only_lead()

    def form(self, dealer: Partner, **more: str) -> dict[str, str]:
        arrival = dealer.arrivals()[0]
        return {"arrival": str(arrival.pk), "reason": "wrong_number", "note": "No line", **more}

    def test_the_leads_page_says_whence_it_came_and_returns_it(
        self, agency: Partner, dealer: Partner, lead: Lead
    ) -> None:
        client = dealer.signed_in(dealer.manager)
        path = f"/t/dealer/leads/{lead.pk}/"
        before = client.get(path).content.decode()

        client.post(f"{path}return/", self.form(dealer))

        after = client.get(path).content.decode()
        assert "From Agency" in before
        assert "straight from them" in before
        assert "Return this lead" in before
        assert "Return this lead" not in after
        assert "The sender has not decided yet." in after
        dispute = Dispute.objects.get()
        assert (dispute.team, dispute.reason, dispute.note) == (
            agency.team, "wrong_number", "No line",
        )  # fmt: skip
        assert "Received: From Agency" in before
        assert Activity.objects.filter(lead=lead, kind=Activity.Kind.DISPUTED).exists()
        assert "returned it to Agency" in after

    def test_a_salesperson_sees_the_source_and_no_form(self, dealer: Partner, lead: Lead) -> None:
        client = dealer.signed_in(dealer.seller)

        page = client.get(f"/t/dealer/leads/{lead.pk}/").content.decode()

        assert "From Agency" in page
        assert "Return this lead" not in page
        answer = client.post(f"/t/dealer/leads/{lead.pk}/return/", self.form(dealer))
        assert answer.status_code == 403

    def test_it_is_possible_within_the_window_only(self, dealer: Partner, lead: Lead) -> None:
        Delivery.objects.update(delivered_at=now() - timedelta(days=8))
        client = dealer.signed_in(dealer.manager)

        page = client.get(f"/t/dealer/leads/{lead.pk}/").content.decode()
        client.post(f"/t/dealer/leads/{lead.pk}/return/", self.form(dealer))

        assert "Return this lead" not in page
        assert "is over" in page
        assert not Dispute.objects.exists()

    @pytest.mark.parametrize("field", ["arrival", "reason", "note"])
    @pytest.mark.parametrize("value", HOSTILE)
    def test_wrong_forms_are_refused_in_words(
        self, dealer: Partner, lead: Lead, field: str, value: str
    ) -> None:
        client = dealer.signed_in(dealer.manager)

        answer = client.post(
            f"/t/dealer/leads/{lead.pk}/return/", self.form(dealer, **{field: value})
        )

        assert answer.status_code == 302
        assert Dispute.objects.exists() == (field == "note" and len(value) < 500)

    def test_a_lead_of_ones_own_can_not_be_returned(self, dealer: Partner) -> None:
        lead = dealer.gets()

        dealer.signed_in(dealer.manager).post(f"/t/dealer/leads/{lead.pk}/return/", {})

        assert not Dispute.objects.exists()

    def test_a_sender_that_erased_its_lead_is_named_without_a_form(
        self, dealer: Partner, lead: Lead
    ) -> None:
        Delivery.objects.all().delete()

        page = dealer.signed_in(dealer.manager).get(f"/t/dealer/leads/{lead.pk}/").content.decode()

        assert "keeps no record" in page
