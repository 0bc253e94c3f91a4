"""Alerts about copies: where each leads, and what it says in the list and by mail."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.ids import uuid7
from apps.alerts import mails
from apps.alerts.links import address_of
from apps.alerts.models import Alert, Kind
from apps.alerts.views import Item
from tests import factories
from tests.deliveries.desk import Desk
from tests.factories.teams import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return Desk()


def alert(desk: Desk, kind: str, **data: Any) -> Alert:
    lead_id = data.pop("lead_id", None)
    made: Alert = factories.AlertFactory(
        team=desk.team, user=desk.manager.user, kind=kind, lead_id=lead_id, data=data
    )
    return made


@pytest.mark.parametrize(
    ("page", "path"),
    [("delivery", "deliveries/{}/"), ("recipient", "recipients/{}/"), ("dispute", "returns/{}/")],
)
def test_it_leads_to_what_it_names(desk: Desk, page: str, path: str) -> None:
    named = uuid7()

    found = alert(desk, Kind.DELIVERY_DEAD, page=page, id=str(named))

    assert address_of(found) == desk.at(path.format(named))


@pytest.mark.parametrize(("page", "path"), [("agreement", "recipients/"), ("sender", "senders/")])
def test_what_has_no_page_of_its_own_leads_to_its_list(desk: Desk, page: str, path: str) -> None:
    assert address_of(alert(desk, Kind.AGREEMENT, page=page, id=str(uuid7()))) == desk.at(path)


def test_what_is_said_of_a_lead_leads_to_the_lead(desk: Desk) -> None:
    lead_id = uuid7()

    decided = alert(desk, Kind.DISPUTE_DECIDED, page="sender", id=str(uuid7()), lead_id=lead_id)
    back = alert(desk, Kind.RETURNED, page="lead", id=str(lead_id), lead_id=lead_id)

    assert address_of(decided) == address_of(back) == desk.at(f"leads/{lead_id}/")


@pytest.mark.parametrize("page", ["copy", "offer"])
def test_a_members_copy_leads_to_its_own_page(desk: Desk, page: str) -> None:
    assert address_of(alert(desk, Kind.COPY, page=page, url="/d/token/")) == "/d/token/"


@pytest.mark.parametrize(
    "data",
    [
        {"page": "copy", "url": "https://evil.example/"}, {"page": "copy"}, {"page": "delivery"},
        {"page": "delivery", "id": "x"}, {"page": "nothing"}, {},
    ],
    ids=str,
)  # fmt: skip
def test_what_names_nothing_leads_to_today(desk: Desk, data: dict[str, str]) -> None:
    assert address_of(alert(desk, Kind.COPY, **data)) == desk.at("")


def test_its_reason_is_told_as_a_sentence_or_by_its_code(desk: Desk) -> None:
    def reason(kind: str, said: str) -> str:
        return Item.of(alert(desk, kind, reason=said), ending=None, now=NOW).reason

    assert reason(Kind.DELIVERY_DEAD, "It answered with status 503.").endswith("503.")
    assert reason(Kind.DISPUTE_DECIDED, "return_accepted") == "accepted: the lead is not billed"
    assert reason(Kind.CAMPAIGN, "quota_80") == ""


def test_every_kind_of_alert_about_copies_has_a_symbol(desk: Desk) -> None:
    about = {"copy", "delivery", "recipient", "agreement"}
    kinds = [kind for kind in Kind if kind.value.partition(".")[0] in about]

    symbols = {Item.of(alert(desk, kind), ending=None, now=NOW).symbol for kind in kinds}

    assert "bell" not in symbols
    page = desk.browser().get(desk.at("alerts/"))
    assert "A recipient was switched off" in page.text


def test_the_mail_says_why_a_copy_was_given_up(desk: Desk) -> None:
    dead = alert(
        desk, Kind.DELIVERY_DEAD, title="A copy for Berger", page="delivery", id=str(uuid7()),
        reason="It answered with status 503.",
    )  # fmt: skip

    mail = mails._mail(desk.manager.user, [dead], None)

    assert "A copy for Berger\nIt answered with status 503." in mail.body
    assert desk.at("deliveries/") in mail.body
