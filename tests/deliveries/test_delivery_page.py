"""One delivery's page, and its recipient's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.ids import uuid7
from apps.deliveries.models import Delivery
from tests import factories
from tests.deliveries.desk import Desk, later

pytestmark = pytest.mark.django_db
State = Delivery.State


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_delivery_shows_what_was_sent_and_every_try(desk: Desk) -> None:
    berger = desk.recipient("Berger", renames={"email": "contact_email"})
    copy = desk.copy(
        berger, State.FAILED, attempts_made=2, reason="It answered with status 503.",
        payload={"name": "Rosa", "contact_email": "rosa@example.com"},
        next_attempt_at=later(minutes=30),
    )  # fmt: skip
    for number in (1, 2):
        factories.DeliveryAttemptFactory(
            team=desk.team, delivery=copy, number=number, at=later(minutes=number),
            milliseconds=15_004, status_code=503, error="It answered with status 503.",
            answer="<b>no</b>",
        )  # fmt: skip

    page = desk.browser().get(desk.at(f"deliveries/{copy.pk}/"))

    assert {each.name for each in page.context["sent"]} == {"name", "contact_email"}
    assert "contact_email" in page.text
    titles = [moment.title for moment in page.context["moments"]]
    assert titles == ["Try 2: failed", "Try 1: failed", "Queued"]
    assert "15004 ms" in page.text
    assert "&lt;b&gt;no&lt;/b&gt;" in page.text


def test_a_delivery_says_why_its_recipient_got_the_lead(desk: Desk) -> None:
    berger, huber = desk.recipient("Berger"), desk.recipient("Huber")
    lead = desk.lead()
    step = {
        "rule": str(uuid7()), "name": "Roofs in Styria", "n": 2, "stops": True, "keeps_out": True,
        "pool": None, "way": None, "chosen": [str(berger.pk)],
        "recipients": [
            {"id": str(berger.pk), "name": "Berger", "skip": None, "skip_until": None},
            {"id": str(huber.pk), "name": "Huber", "skip": "cap_day", "skip_until": None},
        ],
    }  # fmt: skip
    rule = {"n": 2, "name": "Roofs in Styria", "matched": True, "words": "region is Styria"}
    distribution = factories.DistributionFactory(
        team=desk.team, lead=lead, keeps_out=True,
        trace={"rules": [rule], "ruled_out": 0, "facts": {}, "steps": [step]},
    )  # fmt: skip
    copy = desk.copy(berger, lead=lead, distribution=distribution)

    why = desk.browser().get(desk.at(f"deliveries/{copy.pk}/")).context["why"]

    assert why == [
        "Rule 2 “Roofs in Styria” matched (region is Styria).",
        "It sends a copy to Berger.",
        "Huber was passed over: it has got its leads of today.",
        "The rule keeps the lead out of your own team.",
        "No rule after this one was asked.",
    ]


def test_what_was_sent_by_hand_says_by_whom(desk: Desk) -> None:
    berger, lead = desk.recipient("Berger"), desk.lead()
    step = {"by_hand": True, "pool": None, "way": None, "chosen": [str(berger.pk)],
            "recipients": []}  # fmt: skip
    distribution = factories.DistributionFactory(
        team=desk.team, lead=lead, actor=desk.manager.user, trace={"steps": [step]}
    )
    copy = desk.copy(berger, lead=lead, distribution=distribution)

    why = desk.browser().get(desk.at(f"deliveries/{copy.pk}/")).context["why"]

    assert why == [f"{desk.manager.user} sent it by hand."]


def test_the_lead_page_asks_for_its_copies(desk: Desk) -> None:
    copy = desk.copy(desk.recipient("Berger"), State.DELIVERED)
    browser = desk.browser()

    lead = browser.get(desk.at(f"leads/{copy.lead_id}/"))
    part = browser.get(desk.at(f"leads/{copy.lead_id}/copies/"))

    assert desk.at(f"leads/{copy.lead_id}/copies/") in lead.text
    assert "Berger" in part.text
    assert "delivered" in part.text


def test_a_recipients_page_counts_what_became_of_its_leads(desk: Desk) -> None:
    berger, now = desk.recipient("Berger", price_minor=100), timezone.now()
    for number in range(8):
        at = now - timedelta(days=number, minutes=5)
        took = timedelta(seconds=10 * (number + 1))
        desk.copy(berger, State.DELIVERED, at=at, delivered_at=at + took, sent_at=at + took)
    desk.copy(berger, State.DEAD, at=now)
    desk.copy(berger, State.QUEUED, at=now)
    desk.copy(berger, State.WITHDRAWN, at=now)
    desk.copy(berger, State.DELIVERED, at=now - timedelta(days=60))
    latest = Delivery.objects.filter(state=State.DELIVERED).latest("queued_at")
    desk.returned(latest, "accepted", decided_at=now)

    page = desk.browser().get(desk.at(f"recipients/{berger.pk}/"))

    figures, spark = page.context["figures"], page.context["spark"]
    assert (figures.sent_out, figures.arrived, figures.lost, figures.waiting) == (10, 8, 1, 1)
    assert (figures.arrived_percent, figures.lost_percent) == (80, 10)
    assert (figures.returned, figures.returned_percent) == (1, 12)
    assert figures.median_seconds == pytest.approx(45)
    assert (spark.total, len(spark.columns)) == (8, 28)


def test_a_recipient_without_leads_says_how_it_gets_some(desk: Desk) -> None:
    page = desk.browser().get(desk.at(f"recipients/{desk.recipient().pk}/"))

    assert "It got nothing yet" in page.text
