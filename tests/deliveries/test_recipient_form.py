"""The form of a recipient, with all that can be wrong in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client

from apps.rules.models import Agreement, Recipient
from apps.rules.recipients import services as recipients
from apps.teams.access import Access
from apps.teams.models import Team
from tests import factories
from tests.deliveries.recipient_forms import FORM, NEW, at, posted, signed_in
from tests.rules import makers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _to_this_machine(settings: Any) -> None:
    settings.EGRESS_TO_THIS_MACHINE = True


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def manager(team: Team) -> Access:
    return makers.manager_of(team)


@pytest.fixture
def desk(manager: Access) -> Client:
    return signed_in(manager)


def test_a_recipient_is_made_from_a_few_words(desk: Client) -> None:
    answer = desk.post(at(NEW), FORM, follow=True)

    assert answer.status_code == 200
    recipient = Recipient.objects.get()
    assert (recipient.kind, recipient.email) == ("email", "office@berger.example")
    assert recipient.fields == ["name", "email", "phone", "city"]
    assert (recipient.hours, recipient.price_minor, recipient.return_days) == (None, 0, 7)


def test_first_one_says_what_it_is(desk: Client) -> None:
    page = desk.get(at("recipients/new/"))

    assert "form" not in page.context
    assert [f"?kind={kind}" in page.text for kind in Recipient.Kind.values] == [True] * 4
    assert desk.get(at("recipients/new/?kind=pigeon")).status_code == 200
    assert desk.post(at("recipients/new/?kind=pigeon"), FORM).status_code == 422


def test_everything_that_is_set_stands_in_the_form_again(desk: Client, manager: Access) -> None:
    given = FORM | {
        "fields-as-city": "Ort", "open_hours": "own", "hours-from_0_0": "09:00",
        "hours-to_0_0": "17:00", "timezone": "America/New_York", "cap_day": "5",
        "cap_window": "rolling", "campaign": "Autumn", "quota": "50", "ends_on": "2031-11-30",
        "price": "25.50", "contact_email": "it@berger.example",
    }  # fmt: skip

    desk.post(at(NEW), given)

    recipient = Recipient.objects.get()
    before = recipients.RecipientSettings.of(recipient)
    midnight = datetime(2031, 12, 1, tzinfo=ZoneInfo("America/New_York"))
    assert before.renames == {"city": "Ort"}
    assert before.hours is not None
    assert before.hours["0"] == [["09:00", "17:00"]]
    assert (before.ends_at, before.price_minor) == (midnight, 2_550)
    address = at(f"recipients/{recipient.pk}/edit/")
    assert desk.post(address, posted(desk.get(address))).status_code == 302
    recipient.refresh_from_db()
    assert recipients.RecipientSettings.of(recipient) == before


def test_with_all_ticked_later_fields_go_along_too(desk: Client, manager: Access) -> None:
    page = desk.get(at(NEW))
    data = posted(page) | {"name": "All", "email": "all@example.com"}

    desk.post(at(NEW), data)

    assert Recipient.objects.get().fields == []


PRICES = {"": 0, "0": 0, "25": 2_500, "25.5": 2_550, "25,50": 2_550, "1.250,00": 125_000,
          "€ 19": 1_900, "19 EUR": 1_900, "1.000": 100_000}  # fmt: skip


@pytest.mark.parametrize("text", PRICES)
def test_a_price_is_read_as_people_write_it(desk: Client, text: str) -> None:
    desk.post(at(NEW), FORM | {"price": text})

    assert Recipient.objects.get().price_minor == PRICES[text]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"name": ""}, "name"),
    "NUL": ({"name": "a\0b"}, "name"),
    "a long name": ({"name": "x" * 5_000}, "name"),
    "no address": ({"email": ""}, "email"),
    "an address of two lines": ({"email": "a@b.example\r\nBcc: c@d.example"}, "email"),
    "a price in words": ({"price": "a lot"}, "price"),
    "a price in dollars": ({"price": "$ 20"}, "price"),
    "a price below nothing": ({"price": "-5"}, "price"),
    "a price of NUL": ({"price": "1\0"}, "price"),
    "a huge price": ({"price": "9" * 30}, "price"),
    "a huge limit": ({"cap_day": "9" * 400}, "cap_day"),
    "no number": ({"quota": "many"}, "quota"),
    "no day": ({"ends_on": "2031-02-30"}, "ends_on"),
    "a day long ago": ({"ends_on": "0001-01-01"}, "ends_on"),
    "the last day of all": ({"ends_on": "9999-12-31"}, "ends_on"),
    "no zone": ({"timezone": "Europe/Atlantis"}, "timezone"),
    "returned for ever": ({"return_days": "99999"}, "return_days"),
    "no days": ({"return_days": ""}, "return_days"),
    "no such hours": ({"open_hours": "sometimes"}, "open_hours"),
    "half a shift": ({"open_hours": "own", "hours-from_0_0": "09:00", "hours-to_0_0": ""},
                     "open_hours"),
    "a contact that is none": ({"contact_email": "me"}, "contact_email"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_what_can_not_be_is_said_at_its_field(desk: Client, kind: str) -> None:
    change, field = WRONG[kind]

    answer = desk.post(at(NEW), FORM | change)

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Recipient.objects.exists()


WRONG_FIELDS: dict[str, dict[str, Any]] = {
    "none": {f"fields-send-{key}": "" for key in ("name", "email", "phone", "city")},
    "nobody can be reached": {"fields-send-email": "", "fields-send-phone": ""},
    "two of one name": {"fields-as-name": "x", "fields-as-city": "x"},
    "a name that is taken": {"fields-as-city": "email"},
    "a long name": {"fields-as-city": "x" * 81},
    "NUL": {"fields-as-city": "a\0b"},
}


@pytest.mark.parametrize("kind", WRONG_FIELDS)
def test_fields_that_can_not_be_are_marked(desk: Client, kind: str) -> None:
    answer = desk.post(at(NEW), {**FORM, **WRONG_FIELDS[kind]})

    assert answer.status_code == 422
    assert answer.context["form"].fields_form.has_errors
    assert "fields" in answer.context["opened"]
    assert not Recipient.objects.exists()


def test_a_recipient_sent_twice_is_made_once(desk: Client) -> None:
    answers = [desk.post(at(NEW), FORM).status_code for _ in range(2)]

    assert answers == [302, 422]
    assert Recipient.objects.count() == 1


def test_a_team_is_asked_for_its_consent_once_the_recipient_can_be(
    desk: Client, django_capture_on_commit_callbacks: Any
) -> None:
    factories.RecipientFactory(team=Team.objects.get(), name="Taken")
    form = {
        key: value for key, value in FORM.items() if key != "email"
    } | {"ask_email": "boss@partner.example", "message": "Hello"}  # fmt: skip

    with django_capture_on_commit_callbacks(execute=True):
        taken = desk.post(at("recipients/new/?kind=team"), form | {"name": "Taken"})
    assert (taken.status_code, len(mail.outbox), Agreement.objects.count()) == (422, 0, 0)

    with django_capture_on_commit_callbacks(execute=True):
        made = desk.post(at("recipients/new/?kind=team"), form | {"name": "Partner"})
    assert made.status_code == 302
    recipient = Recipient.objects.get(name="Partner")
    assert recipient.agreement is not None
    assert recipient.agreement.state == "asked"
    assert [message.to for message in mail.outbox] == [["boss@partner.example"]]

    again = desk.post(at("recipients/new/?kind=team"), form | {"name": "Partner 2"})
    assert (again.status_code, list(again.context["form"].errors)) == (422, ["ask_email"])


def test_a_team_needs_somebody_to_ask(desk: Client) -> None:
    answer = desk.post(at("recipients/new/?kind=team"), FORM)

    assert answer.status_code == 422
    assert "ask_email" in answer.context["form"].errors


def test_an_agreement_that_is_there_is_chosen(desk: Client, team: Team) -> None:
    agreement = factories.AgreementFactory(team=team)

    desk.post(at("recipients/new/?kind=team"), FORM | {"agreement": str(agreement.pk)})

    assert Recipient.objects.get().agreement == agreement


def test_others_agreements_and_members_are_no_choice(desk: Client) -> None:
    foreign = factories.AgreementFactory(), factories.MembershipFactory()

    answers = [
        desk.post(at("recipients/new/?kind=team"), FORM | {"agreement": str(foreign[0].pk)}),
        desk.post(at("recipients/new/?kind=member"), FORM | {"member": str(foreign[1].pk)}),
        desk.post(at("recipients/new/?kind=member"), FORM | {"member": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [422] * 3
    assert not Recipient.objects.exists()


def test_a_colleague_is_a_recipient(desk: Client, team: Team) -> None:
    mia = makers.make_member(team, "Mia Brandt")

    desk.post(at("recipients/new/?kind=member"), FORM | {"member": str(mia.pk)})

    assert Recipient.objects.get().membership == mia


def test_a_webhook_in_our_own_network_is_refused(desk: Client) -> None:
    form = FORM | {"url": "http://169.254.169.254/latest/"}

    answer = desk.post(at("recipients/new/?kind=webhook"), form)

    assert answer.status_code == 422
    assert "private network" in answer.text
