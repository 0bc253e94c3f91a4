"""Pages of recipients: the list, the form with all that can be wrong in it, the deeds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client

from apps.deliveries import recipient_list
from apps.deliveries.recipient_list import Asked
from apps.rules import recipients
from apps.rules.models import Agreement, Recipient
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Role
from tests import factories
from tests.rules import makers

pytestmark = pytest.mark.django_db

FORM = {
    "name": "Berger Dachbau", "email": "office@berger.example", "open_hours": "always",
    "return_days": "7", "fields-send-name": "on", "fields-send-email": "on",
    "fields-send-phone": "on", "fields-send-city": "on",
}  # fmt: skip
NEW = "recipients/new/?kind=email"


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
    return _signed_in(manager)


def _signed_in(access: Access) -> Client:
    client = Client()
    assert access.user is not None
    client.force_login(access.user)
    return client


def at(path: str) -> str:
    return f"/t/acme/{path}"


def posted(page: Any) -> dict[str, Any]:
    """What a browser would send if nobody touched the form."""
    form, hours = page.context["form"], page.context["hours"]
    data: dict[str, Any] = {}
    for each in (form, form.fields_form, hours):
        for field in each:
            value = field.value()
            if value not in (None, False, ""):
                data[field.html_name] = "on" if value is True else value
    return data


# The form


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


# Secrets and other deeds


def _webhook(desk: Client, url: str = "http://127.0.0.1:9/leads") -> Recipient:
    desk.post(at("recipients/new/?kind=webhook"), FORM | {"url": url})
    return Recipient.objects.get()


def test_a_secret_is_shown_once(desk: Client) -> None:
    recipient = _webhook(desk)
    [secret] = recipients.secrets_of(recipient, now=datetime.now(UTC))
    address = at(f"recipients/{recipient.pk}/edit/")

    assert [secret in desk.get(address).text for _ in range(2)] == [True, False]

    desk.post(at(f"recipients/{recipient.pk}/rotate/"))
    recipient.refresh_from_db()
    new, old = recipients.secrets_of(recipient, now=datetime.now(UTC))
    pages = [desk.get(address).text for _ in range(2)]
    assert [(new in page, old in page) for page in pages] == [(True, False), (False, False)]


def test_a_secret_of_a_mailbox_is_refused_in_words(desk: Client) -> None:
    desk.post(at(NEW), FORM)
    recipient = Recipient.objects.get()

    for deed in ("rotate", "ping"):
        answer = desk.post(at(f"recipients/{recipient.pk}/{deed}/"), follow=True)
        assert "Only a webhook" in answer.text


def test_a_pause_is_set_ended_and_must_lie_ahead(desk: Client) -> None:
    desk.post(at(NEW), FORM)
    recipient = Recipient.objects.get()
    address = at(f"recipients/{recipient.pk}/")

    for until in ("2001-01-01T00:00", "0001-01-01T00:00", "soon", "a\0"):
        assert desk.post(f"{address}pause/", {"until": until}).status_code == 422

    desk.post(f"{address}pause/", {"until": ""})
    recipient.refresh_from_db()
    assert (recipient.is_paused, recipient.paused_until) == (True, None)
    desk.post(f"{address}resume/")
    recipient.refresh_from_db()
    assert not recipient.is_paused


def test_what_a_pool_holds_is_not_archived(desk: Client, team: Team) -> None:
    seat = factories.RecipientSeatFactory(team=team)
    address = at(f"recipients/{seat.recipient_id}/")

    answer = desk.post(f"{address}archive/", follow=True)

    assert seat.pool.name in answer.text
    assert Recipient.objects.get().is_active
    seat.delete()
    desk.post(f"{address}archive/")
    assert not Recipient.objects.get().is_active
    assert Recipient.objects.get().name not in desk.get(at("recipients/")).text
    assert Recipient.objects.get().name in desk.get(at("recipients/?state=archived")).text
    desk.post(f"{address}restore/")
    assert Recipient.objects.get().is_active


def test_a_switched_off_endpoint_says_why_and_comes_back(desk: Client) -> None:
    recipient = _webhook(desk)
    Recipient.objects.update(disabled_at=datetime.now(UTC), disabled_reason="It answered 410.")

    assert "It answered 410." in desk.get(at(f"recipients/{recipient.pk}/edit/")).text
    desk.post(at(f"recipients/{recipient.pk}/enable/"))

    assert Recipient.objects.get().disabled_at is None


@pytest.mark.parametrize("deed", ["resume", "enable", "restore", "edit"])
def test_what_waited_is_due_once_it_may_be_reached_again(desk: Client, deed: str) -> None:
    recipient = _webhook(desk)
    waiting = factories.DeliveryFactory(
        team=recipient.team, recipient=recipient,
        next_attempt_at=datetime.now(UTC) + timedelta(hours=5),
    )  # fmt: skip
    Recipient.objects.update(disabled_at=datetime.now(UTC), is_paused=True)

    desk.post(at(f"recipients/{recipient.pk}/{deed}/"), FORM | {"url": recipient.url})

    waiting.refresh_from_db()
    assert waiting.next_attempt_at is not None
    assert waiting.next_attempt_at <= datetime.now(UTC)


def test_a_new_campaign_starts_with_the_tick(desk: Client) -> None:
    desk.post(at(NEW), FORM | {"quota": "50"})
    Recipient.objects.update(campaign_count=50)
    recipient = Recipient.objects.get()

    form = FORM | {"quota": "60", "starts_campaign": "on"}
    desk.post(at(f"recipients/{recipient.pk}/edit/"), form)

    recipient.refresh_from_db()
    assert (recipient.quota, recipient.campaign_count) == (60, 0)


# The list


def test_the_list_says_how_each_stands_and_what_it_got(desk: Client, team: Team) -> None:
    now = datetime.now(UTC)
    berger = factories.RecipientFactory(
        team=team, name="Berger", kind="email", campaign="Autumn", campaign_count=38, quota=50,
        ends_at=datetime(2099, 12, 1, tzinfo=UTC), price_minor=2_500,
    )  # fmt: skip
    for days, state in ((1, "delivered"), (2, "opened"), (20, "sent"), (3, "dead"), (40, "sent")):
        factories.DeliveryFactory(
            team=team, recipient=berger, state=state, queued_at=now - timedelta(days=days)
        )

    page = desk.get(at("recipients/"))

    [row] = page.context["rows"]
    assert (row.week, row.four_weeks, row.percent) == (2, 3, 76)
    assert row.quota == "38 of 50, until 30 Nov."
    assert 'value="76"' in page.text
    assert "€25" in page.text


STANDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "on": ({}, "on", "on"),
    "paused": ({"is_paused": True}, "paused", "paused"),
    "a pause that is over": (
        {"is_paused": True, "paused_until": datetime(2020, 1, 1, tzinfo=UTC)}, "on", "on"
    ),
    "off": ({"disabled_at": datetime(2026, 1, 1, tzinfo=UTC)}, "off", "trouble"),
    "failing": ({"failures": 2}, "failing", "trouble"),
    "slowed": (
        {"failures": 9, "slowed_until": datetime(2099, 1, 1, tzinfo=UTC)}, "slowed", "trouble"
    ),
    "over": ({"ends_at": datetime(2020, 1, 1, tzinfo=UTC)}, "over", "over"),
    "full": ({"quota": 5, "campaign_count": 5}, "over", "over"),
    "archived": ({"is_active": False}, "archived", "archived"),
}  # fmt: skip


@pytest.mark.parametrize("kind", STANDS)
def test_each_state_is_said_and_found(manager: Access, kind: str) -> None:
    columns, key, state = STANDS[kind]
    now = datetime.now(UTC)
    factories.RecipientFactory(team=manager.team, **columns)
    states = [value for value, _label in recipient_list.STATES if value]

    shown = {
        value: recipient_list.page(
            recipient_list.found(manager, Asked(state=value), now=now), manager, number=None,
            now=now,
        )[1]
        for value in states
    }  # fmt: skip

    assert [row.standing.key for row in shown[state]] == [key]
    others = {value for value, rows in shown.items() if rows} - {state}
    assert others <= {"on"}


def test_a_team_without_consent_is_found(desk: Client, team: Team) -> None:
    for state in ("asked", "accepted", "ended"):
        agreement = factories.AgreementFactory(team=team, state=state)
        factories.RecipientFactory(team=team, kind="team", name=state, agreement=agreement)

    page = desk.get(at("recipients/?state=consent"))

    assert [row.recipient.name for row in page.context["rows"]] == ["asked", "ended"]
    assert "waits for consent" in page.text


def test_the_list_is_searched_and_narrowed(desk: Client, team: Team) -> None:
    factories.RecipientFactory(team=team, name="Berger", kind="email", email="x@roofs.example")
    factories.RecipientFactory(team=team, name="CRM", campaign="Roofs 2026")
    factories.RecipientFactory(team=team, name="Other")
    factories.RecipientFactory(name="Roofs of others")

    def names(query: str) -> list[str]:
        return [row.recipient.name for row in desk.get(at(query)).context["rows"]]

    assert names("recipients/?q=roofs") == ["Berger", "CRM"]
    assert names("recipients/?q=roofs&kind=email") == ["Berger"]
    assert names("recipients/?q=%25") == []
    assert names("recipients/?q=CR%00M&kind=pigeon&state=odd&page=many") == ["CRM"]
    assert len(names("recipients/?page=999999999999999999999")) == 3


def test_five_hundred_recipients_are_paged_in_few_queries(
    desk: Client, team: Team, django_assert_max_num_queries: Any
) -> None:
    made = Recipient.objects.bulk_create(
        Recipient(team=team, kind="email", name=f"Recipient {n:03}", email="a@b.example")
        for n in range(500)
    )
    factories.DeliveryFactory(
        team=team, recipient=made[0], state="sent", queued_at=datetime.now(UTC)
    )
    desk.get(at("recipients/"))

    with django_assert_max_num_queries(14) as queries:
        page = desk.get(at("recipients/"))

    assert len(page.context["rows"]) == recipient_list.PAGE
    assert sum("deliveries_delivery" in query["sql"] for query in queries) == 1
    assert "of 500" in page.text


def test_others_see_no_recipients(team: Team, manager: Access) -> None:
    recipient = factories.RecipientFactory(team=team)
    seller = _signed_in(Access.of(makers.make_member(team, "Sam Seller", Role.SALESPERSON)))
    stranger = _signed_in(Access.of(factories.MembershipFactory(role=Role.ADMIN)))

    for path in ("recipients/", f"recipients/{recipient.pk}/edit/", "recipients/pools/"):
        assert seller.get(at(path)).status_code == 403
        assert stranger.get(at(path)).status_code == 404


def test_an_empty_list_teaches(desk: Client) -> None:
    page = desk.get(at("recipients/"))

    assert "No recipients yet" in page.text
    assert at("recipients/new/") in page.text
