"""Pages of recipients: what each deed does, and the list with how each stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from apps.deliveries.recipients import listing
from apps.deliveries.recipients.listing import Asked
from apps.rules.models import Recipient
from apps.rules.recipients import services as recipients
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Role
from tests import factories
from tests.deliveries.recipient_forms import FORM, NEW, at, signed_in
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
    states = [value for value, _label in listing.STATES if value]

    shown = {
        value: listing.page(
            listing.found(manager, Asked(state=value), now=now), manager, number=None,
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

    assert len(page.context["rows"]) == listing.PAGE
    assert sum("deliveries_delivery" in query["sql"] for query in queries) == 1
    assert "of 500" in page.text


def test_others_see_no_recipients(team: Team, manager: Access) -> None:
    recipient = factories.RecipientFactory(team=team)
    seller = signed_in(Access.of(makers.make_member(team, "Sam Seller", Role.SALESPERSON)))
    stranger = signed_in(Access.of(factories.MembershipFactory(role=Role.ADMIN)))

    for path in ("recipients/", f"recipients/{recipient.pk}/edit/", "recipients/pools/"):
        assert seller.get(at(path)).status_code == 403
        assert stranger.get(at(path)).status_code == 404


def test_an_empty_list_teaches(desk: Client) -> None:
    page = desk.get(at("recipients/"))

    assert "No recipients yet" in page.text
    assert at("recipients/new/") in page.text
