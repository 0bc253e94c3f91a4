"""Statements: which period a lead counts in, credits, and sums that are right to the cent."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from apps.deliveries.billing import statements
from apps.deliveries.billing.periods import BillingPeriod
from apps.deliveries.billing.statements import Figures
from apps.deliveries.models import Delivery
from apps.teams.models import AuditEntry
from tests import factories
from tests.deliveries.desk import Desk
from tests.factories.teams import NOW

pytestmark = pytest.mark.django_db
State = Delivery.State

MARCH_2 = datetime(2026, 3, 2, 9, tzinfo=UTC)
MARCH_30 = datetime(2026, 3, 30, 9, tzinfo=UTC)
APRIL_3 = datetime(2026, 4, 3, 9, tzinfo=UTC)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def of(desk: Desk, month: str, **asked: Any) -> list[tuple[str, Figures]]:
    found = statements.of(desk.by, period(month), **asked)
    return [(row.recipient.name, row.figures) for row in found.rows]


def period(month: str) -> BillingPeriod:
    return BillingPeriod.read({"month": month}, now=NOW, timezone="Europe/Vienna")


def days(first: str, last: str) -> BillingPeriod:
    return BillingPeriod.read({"from": first, "to": last}, now=NOW, timezone="Europe/Vienna")


def entries(desk: Desk, month: str) -> list[dict[str, str]]:
    text = "".join(statements.file(desk.by, period(month))).removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text)))


def test_a_lead_counts_at_its_price_when_it_was_handed_over(desk: Desk) -> None:
    berger = desk.recipient("Berger", price_minor=4550)
    post = desk.recipient("Post", kind="email", price_minor=1999)
    desk.copy(berger, State.DELIVERED, at=MARCH_2)
    desk.copy(berger, State.OPENED, at=MARCH_30)
    desk.copy(post, State.SENT, at=MARCH_2)
    for state in (State.QUEUED, State.FAILED, State.DEAD, State.REFUSED, State.OFFERED):
        desk.copy(berger, state, at=MARCH_2)

    found = of(desk, "2026-03")

    assert found == [
        ("Berger", Figures(delivered=2, charged_minor=9100)),
        ("Post", Figures(delivered=1, charged_minor=1999)),
    ]


def test_the_month_is_the_teams_own(desk: Desk) -> None:
    berger = desk.recipient(price_minor=100)
    # A quarter to midnight and a quarter past, in Vienna in summer time.
    desk.copy(berger, State.DELIVERED, at=datetime(2026, 3, 31, 21, 45, tzinfo=UTC))
    desk.copy(berger, State.DELIVERED, at=datetime(2026, 3, 31, 22, 15, tzinfo=UTC))

    assert [figures.delivered for _name, figures in of(desk, "2026-03")] == [1]
    assert [figures.delivered for _name, figures in of(desk, "2026-04")] == [1]


def test_an_accepted_return_is_a_credit_in_the_period_in_which_it_was_accepted(desk: Desk) -> None:
    berger = desk.recipient(price_minor=4550)
    desk.returned(desk.copy(berger, State.DELIVERED, at=MARCH_30), "accepted", decided_at=APRIL_3)

    (_name, march), (_name_too, april) = of(desk, "2026-03")[0], of(desk, "2026-04")[0]

    assert (march.billable, march.cost_minor) == (1, 4550)
    assert (april.returned, april.billable, april.cost_minor) == (1, -1, -4550)


def test_a_return_within_the_period_leaves_nothing_to_pay(desk: Desk) -> None:
    berger = desk.recipient(price_minor=4550)
    desk.returned(desk.copy(berger, State.DELIVERED, at=MARCH_2), "accepted", decided_at=MARCH_30)

    ((_name, march),) = of(desk, "2026-03")

    assert (march.delivered, march.returned, march.billable, march.cost_minor) == (1, 1, 0, 0)


def test_open_and_refused_returns_are_billed(desk: Desk) -> None:
    berger = desk.recipient(price_minor=4550)
    desk.returned(desk.copy(berger, State.DELIVERED, at=MARCH_2))
    desk.returned(desk.copy(berger, State.DELIVERED, at=MARCH_2), "refused", decided_at=MARCH_30)

    ((_name, march),) = of(desk, "2026-03")

    assert (march.open_returns, march.billable, march.cost_minor) == (1, 2, 9100)


def test_periods_add_up_to_the_cent(desk: Desk) -> None:
    prices = (4550, 1, 33, 0, 199_999)
    for number in range(30):
        recipient = desk.recipient(f"R{number}", price_minor=prices[number % len(prices)])
        at = datetime(2026, 3, 1 + number, 23, 30, tzinfo=UTC)
        copy = desk.copy(recipient, State.DELIVERED, at=at)
        if number % 3 == 0:
            decided = datetime(2026, 4, 1 + number % 20, 8, tzinfo=UTC)
            desk.returned(copy, "accepted", decided_at=decided)

    def cost(of_period: BillingPeriod) -> int:
        return sum(total.cost_minor for _, total in statements.of(desk.by, of_period).totals)

    whole = cost(days("2026-03-01", "2026-05-31"))
    parts = [("2026-03-01", "2026-03-14"), ("2026-03-15", "2026-04-07"),
             ("2026-04-08", "2026-05-31")]  # fmt: skip
    kept = [number for number in range(30) if number % 3]
    assert whole == sum(prices[number % len(prices)] for number in kept)
    assert sum(cost(days(first, last)) for first, last in parts) == whole


def test_the_file_has_a_line_for_each_lead_and_each_credit_and_adds_up(desk: Desk) -> None:
    berger = desk.recipient(price_minor=4550)
    earlier = desk.copy(berger, State.DELIVERED, at=MARCH_30)
    desk.returned(earlier, "accepted", decided_at=APRIL_3)
    desk.copy(berger, State.DELIVERED, at=APRIL_3, lead=desk.lead(name="=cmd()"))

    lines = entries(desk, "2026-04")

    assert [(line["entry"], line["amount"]) for line in lines] == [
        ("delivered", "45.50"), ("returned", "-45.50"),
    ]  # fmt: skip
    assert lines[0]["lead"] == "'=cmd()"
    assert lines[1]["delivery"] == str(earlier.pk)
    total = sum(Decimal(line["amount"]) for line in lines)
    assert total == sum(figures.cost_minor for _name, figures in of(desk, "2026-04")) / Decimal(100)


def test_currencies_are_never_added_to_each_other(desk: Desk) -> None:
    berger = desk.recipient(price_minor=500)
    desk.copy(berger, State.DELIVERED, at=MARCH_2, currency="EUR")
    desk.copy(berger, State.DELIVERED, at=MARCH_2, currency="JPY")

    found = statements.of(desk.by, period("2026-03"))

    assert [(each, total.cost_minor) for each, total in found.totals] == [
        ("EUR", 500), ("JPY", 500),
    ]  # fmt: skip
    assert {line["amount"] for line in entries(desk, "2026-03")} == {"5.00", "500"}


def test_another_teams_leads_are_on_no_statement(desk: Desk) -> None:
    delivery = factories.DeliveryFactory(
        state=State.DELIVERED, delivered_at=MARCH_2, price_minor=100
    )

    assert of(desk, "2026-03") == []
    assert of(desk, "2026-03", recipient=delivery.recipient_id) == []


def test_every_number_leads_to_its_deliveries(desk: Desk) -> None:
    berger = desk.recipient(price_minor=4550)
    plain = desk.copy(berger, State.DELIVERED, at=MARCH_2)
    back = desk.copy(berger, State.DELIVERED, at=MARCH_2)
    desk.returned(back, "accepted", decided_at=MARCH_30)
    waits = desk.copy(berger, State.DELIVERED, at=MARCH_2)
    desk.returned(waits)
    before = desk.copy(berger, State.DELIVERED, at=datetime(2026, 2, 3, tzinfo=UTC))
    desk.returned(before, "accepted", decided_at=MARCH_2)
    browser = desk.browser()

    def behind(figure: str) -> set[Any]:
        query = f"figure={figure}&from=2026-03-01&to=2026-03-31&recipient={berger.pk}"
        page = browser.get(desk.at(f"deliveries/?{query}"))
        assert f"figure={figure}" in browser.get(desk.at("statements/?month=2026-03")).text
        return {row.delivery.pk for row in page.context["rows"]}

    assert behind("delivered") == {plain.pk, back.pk, waits.pk}
    assert behind("returned") == {back.pk, before.pk}
    assert behind("open_returns") == {waits.pk}
    assert behind("statement") == {plain.pk, back.pk, waits.pk, before.pk}


def test_the_page_and_the_file_are_for_those_who_may(desk: Desk) -> None:
    desk.copy(desk.recipient(price_minor=4550), State.DELIVERED, at=MARCH_2)

    assert "€45.50" in desk.browser().get(desk.at("statements/?month=2026-03")).text
    assert desk.browser().get(desk.at("statements/export/?month=2026-03")).status_code == 403

    export = desk.browser(desk.admin).get(desk.at("statements/export/?month=2026-03"))
    assert b"45.50" in export.getvalue()
    entry = AuditEntry.objects.get(team=desk.team, action="statement.exported")
    assert entry.detail == {"from": "2026-03-01", "to": "2026-03-31"}


@pytest.mark.parametrize(
    "asked",
    [
        "month=x", "month=2026-13", "month=9999-99", "month=%00", "from=2026-03-01", "to=x&from=y",
        "from=2026-03-09&to=2026-03-01", "from=0001-01-01&to=9998-12-31", "recipient=%00",
        "recipient=00000000-0000-0000-0000-000000000000", "month=" + "9" * 5000,
    ],
    ids=lambda asked: asked[:30],
)  # fmt: skip
def test_whatever_is_asked_is_answered(desk: Desk, asked: str) -> None:
    assert desk.browser().get(desk.at(f"statements/?{asked}")).status_code == 200


def test_a_broken_period_says_what_would_do(desk: Desk) -> None:
    page = desk.browser().get(desk.at("statements/?from=2026-03-09&to=2026-03-01"))

    assert "The last day is before the first." in page.text


def test_months_before_and_after(desk: Desk) -> None:
    january = period("2026-01")

    assert (january.month_before, january.month_after) == ("2025-12", "2026-02")
    assert (january.first_day, january.last_day) == (date(2026, 1, 1), date(2026, 1, 31))
    assert period("2026-12").month_after == "2027-01"


def test_the_page_costs_the_same_for_many_recipients(
    desk: Desk, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        recipient = desk.recipient(f"R{number}", price_minor=100)
        desk.returned(desk.copy(recipient, State.DELIVERED, at=MARCH_2))
    browser = desk.browser()

    with django_assert_max_num_queries(12):
        browser.get(desk.at("statements/?month=2026-03"))
