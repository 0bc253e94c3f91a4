"""The list of alerts: one's own, by day, new ones first seen then read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from apps.alerts import services
from apps.alerts.models import Alert, Kind
from apps.alerts.services import NewAlert, raise_alerts
from apps.teams.models import Membership, Team
from tests.alerts.people import NOW, access_of, new_member, new_team, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(db: None) -> Team:
    return new_team()


@pytest.fixture
def member(team: Team) -> Membership:
    return new_member(team, "Mia")


@pytest.fixture
def mia(client: Client, member: Membership) -> Client:
    client.force_login(member.user)
    return client


def test_without_alerts_the_page_says_what_it_is_for(mia: Client) -> None:
    answer = mia.get("/t/acme/alerts/")

    assert "Nothing has happened yet" in answer.content.decode()


def test_the_list_shows_ones_own_by_day_and_marks_what_is_new(
    mia: Client, member: Membership, team: Team
) -> None:
    tell(member, "an older lead")
    Alert.objects.update(read_at=NOW)
    with transaction.atomic():
        new = NewAlert(member.user_id, Kind.TAKEN_BACK, data={"title": "a newer lead"})
        raise_alerts([new], team=team, now=NOW + timedelta(days=1))
    tell(new_member(team, "Cal"), "for Cal")

    answer = mia.get("/t/acme/alerts/")

    text = answer.content.decode()
    assert [len(day["items"]) for day in answer.context["days"]] == [1, 1]
    assert text.index("a newer lead") < text.index("an older lead")
    assert text.count("is-new") == 1
    assert "for Cal" not in text


def test_what_only_keeps_pages_right_is_not_listed(mia: Client, member: Membership) -> None:
    tell(member, "claimed by Cal", kind=Kind.CLAIMED)

    assert "claimed by Cal" not in mia.get("/t/acme/alerts/").content.decode()


def test_opening_an_alert_leads_to_its_lead_and_marks_it_read(
    mia: Client, member: Membership, team: Team
) -> None:
    lead = uuid4()
    with transaction.atomic():
        raise_alerts([NewAlert(member.user_id, Kind.ASSIGNED, lead)], team=team, now=NOW)
    alert = Alert.objects.get()

    answer = mia.get(f"/t/acme/alerts/{alert.pk}/")

    alert.refresh_from_db()
    assert answer["Location"] == f"/t/acme/leads/{lead}/"
    assert alert.read_at is not None


def test_an_open_lead_is_claimed_on_today(mia: Client, member: Membership, team: Team) -> None:
    with transaction.atomic():
        raise_alerts([NewAlert(member.user_id, Kind.OPEN, uuid4())], team=team, now=NOW)

    answer = mia.get(f"/t/acme/alerts/{Alert.objects.get().pk}/")

    assert answer["Location"] == "/t/acme/"


def test_the_alert_of_another_is_like_none(mia: Client, team: Team) -> None:
    tell(new_member(team, "Cal"), "for Cal")
    alert = Alert.objects.get()

    assert mia.get(f"/t/acme/alerts/{alert.pk}/").status_code == 404
    assert mia.get(f"/t/acme/alerts/{uuid4()}/").status_code == 404
    alert.refresh_from_db()
    assert alert.read_at is None


def test_all_are_read_at_once_and_only_ones_own(
    mia: Client, member: Membership, team: Team
) -> None:
    colleague = new_member(team, "Cal")
    tell(member, "one", "two")
    tell(colleague, "for Cal")
    Alert.objects.update(created_at=timezone.now())

    answer = mia.post("/t/acme/alerts/read/", follow=True)

    assert "2 alerts marked as read." in answer.content.decode()
    assert list(Alert.objects.filter(read_at=None).values_list("user", flat=True)) == [
        colleague.user_id
    ]


def test_opening_a_lead_marks_what_was_said_about_it(member: Membership, team: Team) -> None:
    lead = uuid4()
    with transaction.atomic():
        new = [NewAlert(member.user_id, Kind.ASSIGNED, each) for each in (lead, lead, uuid4())]
        raise_alerts(new, team=team, now=NOW)

    assert services.mark_lead_read(lead, by=access_of(member), now=NOW) == 2


def test_older_alerts_are_on_the_next_page_none_twice_none_lost(
    mia: Client, member: Membership, team: Team
) -> None:
    with transaction.atomic():
        new = [NewAlert(member.user_id, Kind.ASSIGNED, data={"n": n}) for n in range(120)]
        raise_alerts(new, team=team, now=NOW)

    seen: list[Any] = []
    query: str | None = ""
    while query is not None:
        answer = mia.get(f"/t/acme/alerts/{query}")
        seen += [item.alert.pk for day in answer.context["days"] for item in day["items"]]
        query = answer.context["older"]

    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize("cursor", ["", "x", "01a1ffcb-0000-7000-8000-000000000000"])
def test_a_cursor_that_is_none_shows_the_first_page(
    mia: Client, member: Membership, cursor: str
) -> None:
    tell(member, "one")

    assert "one" in mia.get(f"/t/acme/alerts/?before={cursor}").content.decode()
