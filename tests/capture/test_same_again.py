"""The same capture sent again, and the same person who comes again."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.alerts.models import Alert, Kind
from apps.capture.models import Capture
from apps.leads.models import Activity, Lead, Status, StatusKind
from tests.capture.inbox import ROSA, Inbox, answer, in_own_connection, now


def test_the_same_key_and_body_get_the_stored_answer(inbox: Inbox) -> None:
    first = inbox.post(ROSA, key="abc")

    again = inbox.post(ROSA, key="abc")

    assert (first.status_code, again.status_code) == (201, 200)
    assert answer(again) == answer(first)
    assert (inbox.captures, inbox.leads) == (1, 1)


def test_the_same_key_with_another_body_is_refused_and_not_stored(inbox: Inbox) -> None:
    inbox.post(ROSA, key="abc")

    other = inbox.post({**ROSA, "email": "mia@example.com"}, key="abc")

    assert other.status_code == 409
    assert (inbox.captures, inbox.leads) == (1, 1)


def test_a_configured_id_field_is_a_key(inbox: Inbox) -> None:
    new = inbox.connect(id_field="data.id")
    body = {"data": {"id": 17, "email": "rosa@example.com"}}

    answers = [inbox.post(body, to=inbox.path(new)).status_code for _ in range(2)]

    assert answers == [201, 200]


def test_without_a_key_each_capture_is_a_new_one(inbox: Inbox) -> None:
    outcomes = [answer(inbox.post(ROSA))["outcome"] for _ in range(2)]

    assert outcomes == ["assigned", "duplicate"]
    assert (inbox.captures, inbox.leads) == (2, 1)


def test_a_key_of_any_length_and_kind_is_a_key(inbox: Inbox) -> None:
    long_key = "k" * 5000

    answers = [inbox.post(ROSA, key=long_key).status_code for _ in range(2)]

    assert answers == [201, 200]


def test_a_lead_that_comes_again_stays_with_its_owner(inbox: Inbox) -> None:
    inbox.post({"name": "Rosa Steiner", "phone": "+4930123456"})

    again = inbox.post({"name": "R. S.", "phone": "030 123456", "email": "rosa@example.com"})

    lead = inbox.only_lead()
    assert (again.status_code, answer(again)["outcome"]) == (201, "duplicate")
    assert answer(again)["owner"] == inbox.seller.user.email
    assert (lead.name, lead.email) == ("Rosa Steiner", "rosa@example.com")
    assert lead.activities.filter(kind=Activity.Kind.ATTACHED).count() == 1
    alerts = Alert.objects.filter(kind=Kind.CAME_AGAIN)
    assert [alert.user_id for alert in alerts] == [inbox.seller.user_id]
    assert "Rosa" not in json.dumps(alerts[0].data)


def test_an_email_wins_over_a_phone_and_a_merge_is_suggested(inbox: Inbox) -> None:
    by_email = answer(inbox.post({"email": "rosa@example.com"}))["lead"]
    by_phone = answer(inbox.post({"phone": "+4930123456"}))["lead"]

    both = answer(inbox.post({"email": "ROSA@example.com", "phone": "+49 30 123456"}))

    assert both["lead"] == by_email
    assert str(Lead.objects.get(pk=by_email).merge_suggestion_id) == by_phone


@pytest.mark.parametrize("kind", [StatusKind.WON, StatusKind.LOST, StatusKind.DISQUALIFIED])
def test_a_person_whose_lead_was_closed_is_a_new_lead(inbox: Inbox, kind: str) -> None:
    inbox.post(ROSA)
    status = Status.objects.get(team=inbox.team, kind=kind)
    Lead.objects.update(status=status, status_kind=kind)

    again = answer(inbox.post(ROSA))

    assert again["outcome"] == "assigned"
    assert inbox.leads == 2


def test_a_deleted_lead_is_nobodys_duplicate(inbox: Inbox) -> None:
    inbox.post(ROSA)
    Lead.objects.update(deleted_at=now())

    assert answer(inbox.post(ROSA))["outcome"] == "assigned"


def test_another_teams_lead_is_nobodys_duplicate(inbox: Inbox) -> None:
    inbox.post(ROSA)

    others = Inbox("other")

    assert answer(others.post(ROSA))["outcome"] == "assigned"


def test_an_id_of_the_provider_that_comes_with_another_person_is_another_lead(
    inbox: Inbox,
) -> None:
    inbox.post({"id": "l:1", "email": "rosa@example.com"})

    inbox.post({"id": "l:1", "email": "mia@example.com"})
    inbox.post({"id": "1", "phone": "p:12"})

    assert inbox.leads == 2


def test_who_asked_not_to_be_contacted_is_kept_but_not_routed(inbox: Inbox) -> None:
    inbox.post(ROSA)
    lost = Status.objects.get(team=inbox.team, kind=StatusKind.LOST)
    Lead.objects.update(status=lost, status_kind=StatusKind.LOST, do_not_contact=True)

    again = answer(inbox.post(ROSA))

    lead = Lead.objects.get(pk=again["lead"])
    assert (again["outcome"], again["owner"]) == ("disqualified", None)
    assert lead.do_not_contact
    assert lead.stage == Lead.Stage.OUT


def test_fifty_identical_requests_at_once_are_one_lead(live_inbox: Inbox) -> None:
    send = lambda _: in_own_connection(live_inbox.post, ROSA, key="same")  # noqa: E731

    with ThreadPoolExecutor(16) as threads:
        responses = list(threads.map(send, range(50)))

    statuses = sorted(response.status_code for response in responses)
    assert statuses == [200] * 49 + [201]
    assert len({response.content for response in responses}) == 1
    assert (live_inbox.captures, live_inbox.leads) == (1, 1)


def test_fifty_captures_of_one_person_at_once_are_one_lead(live_inbox: Inbox) -> None:
    send = lambda n: in_own_connection(live_inbox.post, ROSA, key=f"key {n}")  # noqa: E731

    with ThreadPoolExecutor(16) as threads:
        outcomes = [answer(response)["outcome"] for response in threads.map(send, range(50))]

    assert sorted(outcomes) == ["assigned"] + ["duplicate"] * 49
    assert (live_inbox.captures, live_inbox.leads) == (50, 1)
    assert Activity.objects.filter(kind=Activity.Kind.ATTACHED).count() == 49


def test_people_who_share_contacts_crosswise_do_not_block_each_other(live_inbox: Inbox) -> None:
    bodies = [
        {"email": f"{'ab'[n % 2]}@example.com", "phone": f"+4930123456{(n // 2) % 2}"}
        for n in range(40)
    ]
    send = lambda body: in_own_connection(live_inbox.post, body)  # noqa: E731

    with ThreadPoolExecutor(16) as threads:
        statuses = {response.status_code for response in threads.map(send, bodies)}

    assert statuses == {201}
    assert not Capture.objects.exclude(state="done").exists()
