"""The delivery log: what is found and by whom, pages and counts, replays, one delivery in full."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.deliveries.models import Delivery
from apps.teams.models import AuditEntry
from apps.teams.permissions import Role
from tests import factories
from tests.deliveries.desk import Desk, later

pytestmark = pytest.mark.django_db
State = Delivery.State
PERSON = {
    "name": "Rosa Steiner", "email": "Rosa@Example.com", "email_key": "rosa@example.com",
    "phone": "+436641234567", "phone_key": "+436641234567", "city": "Graz",
}  # fmt: skip


@pytest.fixture
def desk() -> Desk:
    return Desk()


def shown(desk: Desk, query: str, browser: Client | None = None) -> set[Any]:
    """The ids of the deliveries that the log shows for this query."""
    page = (browser or desk.browser()).get(desk.at(f"deliveries/?{query}"))
    assert page.status_code == 200
    return {row.delivery.pk for row in page.context["rows"]}


def exported(desk: Desk, query: str = "period=all") -> list[dict[str, str]]:
    answer = desk.browser(desk.admin).get(desk.at(f"deliveries/export/?{query}"))
    text = answer.getvalue().decode().removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    "q",
    [
        "rosa@example.com", "ROSA@EXAMPLE.COM", "%2B43 664 1234567", "0664 1234567", "Steiner",
        "steiner rosa", "stei", "Rosa",
    ],
)  # fmt: skip
def test_a_delivery_is_found_by_what_is_known_of_its_lead(desk: Desk, q: str) -> None:
    berger = desk.recipient()
    wanted = desk.copy(berger, lead=desk.lead(**PERSON))
    desk.copy(berger, lead=desk.lead(name="Jonas Keller", email_key="j@example.com"))

    assert shown(desk, f"q={q}") == {wanted.pk}


def test_a_delivery_is_found_by_its_id_and_by_its_leads(desk: Desk) -> None:
    wanted = desk.copy(desk.recipient())
    desk.copy(desk.recipient("Huber"))

    assert shown(desk, f"q={wanted.pk}") == shown(desk, f"q={wanted.lead_id}") == {wanted.pk}


@pytest.mark.parametrize("q", ["rosa@example.com", "+436641234567", "Steiner"])
def test_a_lead_that_was_kept_out_is_never_found_by_what_is_personal(desk: Desk, q: str) -> None:
    away = desk.copy(desk.recipient(), State.DELIVERED, lead=desk.lead(away=True, **PERSON))

    assert shown(desk, f"q={q}") == set()
    assert shown(desk, f"q={away.pk}") == {away.pk}


def test_a_lead_that_was_kept_out_is_shown_without_contact_details(desk: Desk) -> None:
    lead = desk.lead(away=True, company="Isarwerk", message="Ask for Zwinzscher", **PERSON)
    payload = {"name": "Rosa Steiner", "email": "Rosa@Example.com", "phone": "+436641234567",
               "city": "Graz", "message": "Ask for Zwinzscher", "company": "Isarwerk"}  # fmt: skip
    away = desk.copy(desk.recipient(), State.DELIVERED, lead=lead, payload=payload)
    factories.DeliveryAttemptFactory(
        team=desk.team, delivery=away, number=1, is_success=True, answer='{"name": "Rosa Steiner"}'
    )
    desk.returned(away)
    browser = desk.browser()

    pages = [
        browser.get(desk.at(path)).text
        for path in (
            "deliveries/?period=all", f"deliveries/{away.pk}/", "returns/",
            f"recipients/{away.recipient_id}/", f"leads/{lead.pk}/copies/",
        )
    ]  # fmt: skip
    pages.append(json.dumps(exported(desk)))

    for personal in ("Steiner", "Rosa", "example.com", "6641234567", "Zwinzscher", "Isarwerk"):
        assert not [page for page in pages if personal in page], personal
    assert "Graz" in pages[0]


def test_filters_narrow_the_list(desk: Desk) -> None:
    berger, huber = desk.recipient("Berger"), desk.recipient("Huber", kind="email")
    version = factories.VersionFactory(team=desk.team)
    rule = factories.RuleFactory(team=desk.team, version=version)
    by_rule = desk.copy(berger, State.DELIVERED, rule=rule, campaign="Spring")
    dead = desk.copy(huber, State.DEAD, at=later(days=1))

    assert shown(desk, f"period=all&recipient={berger.pk}") == {by_rule.pk}
    assert shown(desk, "period=all&channel=email") == {dead.pk}
    assert shown(desk, "period=all&state=dead") == {dead.pk}
    assert shown(desk, "period=all&state=lost") == {dead.pk}
    assert shown(desk, "period=all&state=arrived") == {by_rule.pk}
    assert shown(desk, f"period=all&rule={rule.pk}") == {by_rule.pk}
    assert shown(desk, "period=all&campaign=Spring") == {by_rule.pk}
    assert shown(desk, "from=2026-03-05&to=2026-03-05") == {dead.pk}
    assert shown(desk, f"lead={dead.lead_id}") == {dead.pk}


def test_states_are_counted_over_all_that_fits(desk: Desk) -> None:
    berger = desk.recipient("Berger")
    for state in (State.DELIVERED, State.DELIVERED, State.DEAD):
        desk.copy(berger, state)
    desk.copy(desk.recipient("Huber"), State.QUEUED)

    page = desk.browser().get(desk.at(f"deliveries/?period=all&state=dead&recipient={berger.pk}"))

    counts = {each.state: each.number for each in page.context["counts"]}
    assert counts == {"delivered": 2, "dead": 1}
    assert len(page.context["rows"]) == 1


def test_pages_have_every_delivery_once(desk: Desk) -> None:
    berger = desk.recipient()
    same_moment = [desk.copy(berger).pk for _ in range(60)]
    older = [desk.copy(berger, at=later(hours=-1)).pk for _ in range(50)]
    browser = desk.browser()

    first = browser.get(desk.at("deliveries/?period=all"))
    second = browser.get(desk.at(f"deliveries/{first.context['older']}"))
    third = browser.get(desk.at(f"deliveries/{second.context['older']}"))
    back = browser.get(desk.at(f"deliveries/{third.context['newer']}"))

    pages = [[row.delivery.pk for row in page.context["rows"]] for page in (first, second, third)]
    listed = [pk for page in pages for pk in page]
    assert sorted(listed) == sorted([*same_moment, *older])
    assert [len(page) for page in pages] == [50, 50, 10]
    assert not third.context["older"]
    assert [row.delivery.pk for row in back.context["rows"]] == pages[1]


HOSTILE = [
    "q=%00", "q=" + "a" * 9000, "q=%25%27)%3B--", "q=%26 %7C !", "q=:*", "q=%F0%9F%92%A9",
    "q=0000", "q=@", "q=%2B", "state=x", "state=%00", "recipient=x", "rule=%00", "lead=1",
    "channel=pigeon", "period=-1", "from=x", "from=0001-01-01", "to=9999-12-31",
    "from=2026-13-45", "figure=delivered", "figure=x&from=2026-01-01&to=2026-01-02",
    "after=x~y", "after=%00", "before=2026-01-01~x", "after=9999-99-99T00:00:00~1",
    "campaign=%00", "campaign=" + "x" * 9000, "recipient=00000000-0000-0000-0000-000000000000",
]  # fmt: skip


@pytest.mark.parametrize("asked", HOSTILE, ids=lambda asked: asked[:24])
def test_whatever_is_asked_is_answered(desk: Desk, asked: str) -> None:
    browser = desk.browser()

    assert browser.get(desk.at(f"deliveries/?{asked}")).status_code == 200
    assert browser.get(desk.at(f"deliveries/replay/?{asked}")).status_code == 200


def test_what_can_not_be_read_is_named_with_what_would_do(desk: Desk) -> None:
    page = desk.browser().get(desk.at("deliveries/?from=yesterday&state=x"))

    assert "Give a day as 2026-11-21." in page.text
    assert set(page.context["filters"].errors) == {"from", "state"}


def test_another_teams_deliveries_are_not_there(desk: Desk) -> None:
    theirs = factories.DeliveryFactory()

    assert shown(desk, f"q={theirs.pk}") == set()
    assert shown(desk, f"period=all&recipient={theirs.recipient_id}") == set()
    assert desk.browser().get(desk.at(f"deliveries/{theirs.pk}/")).status_code == 404


def test_salespeople_see_no_deliveries(desk: Desk) -> None:
    delivery = desk.copy(desk.recipient())
    seller = desk.browser(desk.member(Role.SALESPERSON))

    for path in ("deliveries/", f"deliveries/{delivery.pk}/", f"leads/{delivery.lead_id}/copies/",
                 "returns/", "statements/", f"recipients/{delivery.recipient_id}/"):  # fmt: skip
        assert seller.get(desk.at(path)).status_code == 403, path


def test_lists_cost_the_same_for_many(desk: Desk, django_assert_max_num_queries: Any) -> None:
    berger = desk.recipient(quota=100)
    for _ in range(40):
        lead = desk.lead(facts={"budget": 100_00, "employees": 5})
        desk.returned(desk.copy(berger, State.DELIVERED, lead=lead))
    browser = desk.browser()

    for path in ("deliveries/?period=all", f"recipients/{berger.pk}/", "deliveries/?q=Rosa"):
        browser.get(desk.at(path))  # fields and groups of the team are remembered from then on
        with django_assert_max_num_queries(12):
            assert browser.get(desk.at(path)).status_code == 200


def test_the_file_has_what_the_filter_shows_and_no_formula(desk: Desk) -> None:
    berger = desk.recipient("Berger", price_minor=4550)
    kept = desk.copy(berger, State.DEAD, lead=desk.lead(name="=1+1"), reason="@evil")
    desk.copy(berger, State.DELIVERED)

    (line,) = exported(desk, "period=all&state=dead")

    assert (line["id"], line["lead"], line["reason"]) == (str(kept.pk), "'=1+1", "'@evil")
    assert (line["price"], line["currency"]) == ("45.50", "EUR")
    entry = AuditEntry.objects.get(team=desk.team, action="deliveries.exported")
    assert entry.detail == {"filters": ["period", "state"]}


def test_who_may_not_export_gets_no_file(desk: Desk) -> None:
    assert desk.browser().get(desk.at("deliveries/export/")).status_code == 403


def test_dead_copies_of_a_filter_are_replayed_after_a_question(desk: Desk) -> None:
    berger = desk.recipient("Berger")
    dead = [desk.copy(berger, State.DEAD, attempts_made=8) for _ in range(3)]
    other = desk.copy(desk.recipient("Huber"), State.DEAD)
    alive = desk.copy(berger, State.DELIVERED)
    browser, path = desk.browser(), desk.at(f"deliveries/replay/?period=all&recipient={berger.pk}")

    question = browser.get(path)
    assert question.context["number"] == 3
    assert "Replay 3 copies?" in question.text
    assert Delivery.objects.filter(state=State.DEAD).count() == 4

    answer = browser.post(path, follow=True)

    assert "3 copies are queued again." in answer.text
    states = dict(Delivery.objects.values_list("pk", "state"))
    assert {states[each.pk] for each in dead} == {State.QUEUED}
    assert (states[other.pk], states[alive.pk]) == (State.DEAD, State.DELIVERED)
    entry = AuditEntry.objects.get(team=desk.team, action="deliveries.replayed_all")
    assert entry.detail == {"deliveries": 3}


def test_one_dead_copy_is_replayed_once(desk: Desk) -> None:
    dead = desk.copy(desk.recipient(), State.DEAD, attempts_made=8)
    browser, path = desk.browser(), desk.at(f"deliveries/{dead.pk}/replay/")

    first, second = browser.post(path, follow=True), browser.post(path, follow=True)

    assert "it goes out within seconds" in first.text
    assert "nothing was sent again" in second.text
    dead.refresh_from_db()
    assert (dead.state, dead.attempts_made) == (State.QUEUED, 0)


def test_a_failed_copy_is_tried_at_once(desk: Desk) -> None:
    soon = timezone.now() + timedelta(hours=2)
    failed = desk.copy(desk.recipient(), State.FAILED, attempts_made=3, next_attempt_at=soon)
    browser = desk.browser()

    assert "Try now" in browser.get(desk.at(f"deliveries/{failed.pk}/")).text
    browser.post(desk.at(f"deliveries/{failed.pk}/replay/"))

    failed.refresh_from_db()
    assert (failed.state, failed.attempts_made) == (State.FAILED, 3)
    assert failed.next_attempt_at is not None
    assert failed.next_attempt_at <= timezone.now()


def test_an_offer_is_called_back(desk: Desk) -> None:
    offer = desk.copy(desk.recipient(), State.OFFERED, offered_until=later(minutes=15))

    answer = desk.browser().post(desk.at(f"deliveries/{offer.pk}/withdraw/"), follow=True)

    assert "The offer was called back." in answer.text
    offer.refresh_from_db()
    assert offer.state == State.WITHDRAWN
    assert AuditEntry.objects.filter(team=desk.team, action="deliveries.withdrawn").exists()


@pytest.mark.parametrize("state", [State.QUEUED, State.FAILED, State.DELIVERED])
def test_only_offers_are_called_back(desk: Desk, state: str) -> None:
    copy = desk.copy(desk.recipient(), state)

    desk.browser().post(desk.at(f"deliveries/{copy.pk}/withdraw/"))

    copy.refresh_from_db()
    assert copy.state == state
