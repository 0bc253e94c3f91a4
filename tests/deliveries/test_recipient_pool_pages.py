"""Pages of pools of recipients: settings, seats, credits, and the ledger."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from apps.leads.models import Lead
from apps.rules.models import RecipientPool, RecipientSeat
from apps.teams.models import Team
from apps.teams.permissions import Role
from tests import factories
from tests.rules import makers
from tests.rules.makers import NOW

pytestmark = pytest.mark.django_db

FORM = {
    "name": "East", "way": "turn", "window_seconds_0": "15", "window_seconds_1": "60",
    "when_nobody": "turn", "days": "90", "most_percent": "25", "share": "100", "is_active": "on",
}  # fmt: skip


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def desk(team: Team) -> Client:
    client = Client()
    client.force_login(makers.make_member(team, "Henrike Vos", Role.MANAGER).user)
    return client


@pytest.fixture
def pool(team: Team) -> RecipientPool:
    return factories.RecipientPoolFactory(team=team, name="East")


def at(path: str) -> str:
    return f"/t/acme/recipients/pools/{path}"


def test_a_pool_is_made_with_its_seats(desk: Client, team: Team) -> None:
    made = [factories.RecipientFactory(team=team) for _ in range(2)]

    answer = desk.post(at("new/"), FORM | {"recipients": [each.pk for each in made]}, follow=True)

    assert answer.status_code == 200
    pool = RecipientPool.objects.get()
    assert (pool.name, pool.way, pool.window_seconds, pool.performance) == ("East", "turn", 900, {})
    assert [seat.recipient for seat in pool.seats.all()] == made


def test_performance_is_kept_where_it_is_asked_for(desk: Client, pool: RecipientPool) -> None:
    desk.post(at(f"{pool.pk}/edit/"), FORM | {"way": "performance", "days": "30"})

    pool.refresh_from_db()
    assert pool.performance == {"days": 30, "most_percent": 25, "share": 100}
    assert "30 days" in desk.get(at("")).text


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"name": ""}, "name"),
    "NUL": ({"name": "a\0"}, "name"),
    "a long name": ({"name": "x" * 200}, "name"),
    "no way": ({"way": ""}, "way"),
    "no such way": ({"way": "lottery"}, "way"),
    "a second": ({"window_seconds_0": "1", "window_seconds_1": "1"}, "window_seconds"),
    "a year": ({"window_seconds_0": "365", "window_seconds_1": "86400"}, "window_seconds"),
    "no unit": ({"window_seconds_1": "parsec"}, "window_seconds"),
    "a huge time": ({"window_seconds_0": "9" * 300}, "window_seconds"),
    "no such answer": ({"when_nobody": "cry"}, "when_nobody"),
    "too many days": ({"days": "9999"}, "days"),
    "more than half": ({"most_percent": "80"}, "most_percent"),
    "no share": ({"share": "-1"}, "share"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_what_can_not_be_is_said_at_its_field(desk: Client, pool: RecipientPool, kind: str) -> None:
    change, field = WRONG[kind]

    answers = [
        desk.post(at("new/"), {**FORM, "name": "West", **change}),
        desk.post(at(f"{pool.pk}/edit/"), FORM | change),
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert all(field in answer.context["form"].errors for answer in answers)
    pool.refresh_from_db()
    assert (pool.name, RecipientPool.objects.count()) == ("East", 1)


def test_a_form_of_nonsense_is_answered(desk: Client, team: Team, pool: RecipientPool) -> None:
    seat = factories.RecipientSeatFactory(team=team, pool=pool)
    foreign = factories.RecipientSeatFactory()
    weights = ["", "0", "-1", "1.5", "9" * 500, "²", "a\0"]

    answers = [
        desk.post(at("new/"), FORM | {"name": "X", "recipients": ["x", str(uuid4())]}),
        desk.post(at("new/"), FORM | {"name": "X", "recipients": [foreign.recipient_id]}),
        desk.post(at(f"{pool.pk}/seats/add/"), {"recipient": foreign.recipient_id, "weight": 1}),
        desk.post(at(f"{pool.pk}/seats/add/"), {"recipient": "x\0", "weight": "many"}),
    ]
    for weight in weights:
        saved = {f"weight-{seat.pk}": weight, f"active-{seat.pk}": "on", "do": "down:x"}
        refused = desk.post(at(f"{pool.pk}/seats/"), saved, follow=True)
        assert "whole number" in refused.text
    desk.post(at(f"{pool.pk}/seats/"), {"seat": ["x"] * 50, "do": f"up:{foreign.pk}"})

    assert [answer.status_code for answer in answers] == [422] * 4
    assert [seat.weight for seat in pool.seats.all()] == [1]
    assert desk.post(at(f"{pool.pk}/seats/{foreign.pk}/remove/")).status_code == 404


def test_seats_are_added_weighed_moved_and_taken_away(
    desk: Client, team: Team, pool: RecipientPool
) -> None:
    first, second = (factories.RecipientSeatFactory(team=team, pool=pool) for _ in range(2))
    new = factories.RecipientFactory(team=team)

    desk.post(at(f"{pool.pk}/seats/add/"), {"recipient": new.pk, "weight": "4"})
    third = pool.seats.get(recipient=new)
    desk.post(at(f"{pool.pk}/seats/"), {
        f"weight-{first.pk}": "2", f"active-{first.pk}": "on", f"weight-{second.pk}": "1",
        f"weight-{third.pk}": "4", f"active-{third.pk}": "on", "do": f"up:{third.pk}",
    })  # fmt: skip

    rows = pool.seats.order_by("position").values_list("pk", "weight", "is_active")
    assert list(rows) == [(first.pk, 2, True), (third.pk, 4, True), (second.pk, 1, False)]
    desk.post(at(f"{pool.pk}/seats/{first.pk}/remove/"))
    assert set(pool.seats.values_list("pk", flat=True)) == {second.pk, third.pk}


def test_the_page_says_what_is_due_and_whence_leads_come(
    desk: Client, team: Team, pool: RecipientPool
) -> None:
    seat = factories.RecipientSeatFactory(team=team, pool=pool)
    RecipientSeat.objects.filter(pk=seat.pk).update(credit=670_000_000)
    factories.RuleFactory(
        team=team, name="Roofs", destination="recipient_pool", recipient_pool=pool
    )

    page = desk.get(at(f"{pool.pk}/")).text

    assert "+0.67" in page
    assert "“Roofs”" in page
    off = desk.post(at(f"{pool.pk}/edit/"), {**FORM, "is_active": ""})
    assert off.status_code == 422
    assert "is_active" in off.context["form"].errors


def test_the_ledger_masks_what_was_kept_out(desk: Client, team: Team, pool: RecipientPool) -> None:
    seat = factories.RecipientSeatFactory(team=team, pool=pool)
    rosa, otto = (
        factories.LeadFactory(team=team, name=name) for name in ("Rosa Steiner", "Otto Klein")
    )
    Lead.objects.filter(pk=rosa.pk).update(stage=Lead.Stage.AWAY, deleted_at=NOW)
    RecipientPool.objects.filter(pk=pool.pk).update(turn_no=2)
    for number, lead in enumerate((rosa, otto), start=1):
        factories.RecipientTurnFactory(
            team=team, pool=pool, turn_no=number, lead=lead, winner=seat, deltas={str(seat.pk): 0}
        )

    page = desk.get(at(f"{pool.pk}/ledger/")).text

    assert "Otto Klein" in page
    assert "R••• S••••••" in page
    assert "Rosa" not in page
    for before in ("x", "1", "9" * 30 + ",x", f"1,{uuid4()}"):
        assert desk.get(at(f"{pool.pk}/ledger/"), {"before": before}).status_code == 200


def test_who_does_not_see_routing_sees_no_pools(team: Team, pool: RecipientPool) -> None:
    seller = Client()
    seller.force_login(makers.make_member(team, "Sam Seller").user)

    pages = [seller.get(at(path)) for path in ("", "new/", f"{pool.pk}/", f"{pool.pk}/ledger/")]
    saved = seller.post(at(f"{pool.pk}/edit/"), FORM | {"name": "West"})

    assert [page.status_code for page in (*pages, saved)] == [403] * 5
    pool.refresh_from_db()
    assert pool.name == "East"


def test_the_list_costs_the_same_for_many_pools(
    desk: Client, team: Team, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        each = factories.RecipientPoolFactory(team=team)
        factories.RecipientSeatFactory.create_batch(4, team=team, pool=each)
    desk.get(at(""))

    with django_assert_max_num_queries(12):
        page = desk.get(at(""))

    assert len(page.context["cards"]) == 8
