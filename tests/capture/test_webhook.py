"""What a sender sends, and what she reads."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from apps.alerts.models import Alert, Kind
from apps.assignments.models import Decision, Door
from apps.capture import services, signatures, sources
from apps.capture.models import Capture
from apps.leads.models import Activity, Lead, Source, Status, StatusKind
from tests.capture.inbox import FORM, JSON, Inbox, in_own_connection, now

ROSA: dict[str, Any] = {
    "name": "Rosa Steiner", "email": "rosa@example.com", "phone": "+4930123456",
    "company": "Isarwerk", "country": "AT", "city": "Graz",
}  # fmt: skip


def answer(response: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(response.content)
    return found


def test_a_lead_that_is_sent_reaches_a_person(inbox: Inbox) -> None:
    response = inbox.post(ROSA)

    lead = inbox.only_lead()
    assert response.status_code == 201
    assert answer(response) == {
        "capture": str(inbox.only_capture().pk),
        "outcome": "assigned",
        "lead": str(lead.pk),
        "owner": inbox.seller.user.email,
        "offer": None,
        "decision": str(Decision.objects.get(lead=lead).pk),
    }
    assert lead.owner == inbox.seller
    assert (lead.email_key, lead.phone_key) == ("rosa@example.com", "+4930123456")
    assert lead.clock_starts_at is not None
    assert list(lead.activities.values_list("kind", flat=True))[-1] == Activity.Kind.RECEIVED


def test_the_body_is_kept_exactly_as_it_came(inbox: Inbox) -> None:
    body = b'  {"email":\t"rosa@example.com", "x": "\\u0000"}'

    inbox.post(body, "application/json; charset=utf-8")

    capture = inbox.only_capture()
    assert bytes(capture.body) == body
    assert capture.content_type == "application/json; charset=utf-8"


def test_a_form_is_read_like_json(inbox: Inbox) -> None:
    response = inbox.post(b"full_name=Rosa+Steiner&email=rosa%40example.com", FORM)

    assert answer(response)["outcome"] == "assigned"
    assert inbox.only_lead().name == "Rosa Steiner"


def test_a_routed_capture_costs_at_most_twelve_statements(inbox: Inbox) -> None:
    inbox.post({"email": "warm.up@example.com"})

    with CaptureQueriesContext(connection) as statements:
        response = inbox.post(ROSA, key="one")

    counted = [
        entry["sql"]
        for entry in statements.captured_queries
        if not entry["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))
    ]
    assert answer(response)["outcome"] == "assigned"
    assert len(counted) <= 12, "\n".join(counted)


# --- The same again ---------------------------------------------------------------------------


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


# --- The same person --------------------------------------------------------------------------


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


# --- Test leads -------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", ["?test=1", ""])
def test_a_test_lead_is_kept_flagged_and_not_routed(inbox: Inbox, mark: str) -> None:
    body = ROSA if mark else {**ROSA, "name": "<test lead: dummy data for full_name>"}

    response = inbox.post(body, to=inbox.path() + mark)

    lead = inbox.only_lead()
    assert (response.status_code, answer(response)["outcome"]) == (201, "test")
    assert (lead.is_test, lead.stage, lead.owner) == (True, Lead.Stage.OUT, None)
    assert not Decision.objects.exists()


def test_a_test_lead_is_nobodys_duplicate(inbox: Inbox) -> None:
    inbox.post({**ROSA, "test": True})

    assert answer(inbox.post(ROSA))["outcome"] == "assigned"


# --- Hostile bodies ---------------------------------------------------------------------------

GOOD = b'"email": "rosa@example.com"'
HOSTILE: dict[str, tuple[bytes, str, int]] = {
    "nul": (b"{" + GOOD + b', "name": "a\\u0000b"}', JSON, 201),
    "raw nul": (b"{" + GOOD + b', "name": "a\x00b"}', JSON, 202),
    "lone surrogate": (b"{" + GOOD + b', "name": "\\ud800"}', JSON, 201),
    "lone surrogate key": (b"{" + GOOD + b', "\\udfff": 1}', JSON, 201),
    "nan": (b"{" + GOOD + b', "budget": NaN}', JSON, 201),
    "infinity": (b"{" + GOOD + b', "employees": Infinity}', JSON, 201),
    "1e400": (b"{" + GOOD + b', "employees": 1e400}', JSON, 201),
    "huge integer": (b"{" + GOOD + b', "employees": ' + b"9" * 5000 + b"}", JSON, 201),
    "huge score": (b"{" + GOOD + b', "score": 99999999999}', JSON, 201),
    "nested arrays": (b"[" * 100_000 + b"]" * 100_000, JSON, 202),
    "nested in a field": (b"{" + GOOD + b', "x": ' + b"[" * 300 + b"]" * 300 + b"}", JSON, 201),
    "bom": (b"\xef\xbb\xbf{" + GOOD + b"}", JSON, 201),
    "utf-16": (("{" + GOOD.decode() + "}").encode("utf-16"), JSON, 201),
    "bad utf-8": (b"{" + GOOD + b', "name": "M\xfcller"}', JSON, 201),
    "duplicate keys": (b"{" + GOOD + b"," + GOOD + b"}", JSON, 201),
    "array": (b"[{}, {}]", JSON, 202),
    "string": (b'"hello"', JSON, 202),
    "wrong content type": (b"{" + GOOD + b"}", "image/png", 201),
    "unreadable": (b"\x89PNG\r\n\x1a\n", "image/png", 202),
    "empty": (b"", JSON, 202),
    "no contact data": (b'{"name": "Rosa"}', JSON, 202),
    "renamed fields": (b'{"epost": "rosa@example.com"}', JSON, 202),
    "unknown fields": (b"{" + GOOD + b', "shoe_size": 39}', JSON, 201),
    "every type": (
        b"{" + GOOD + b', "name": {"a": 1}, "phone": [1, null], "city": true}', JSON, 201,
    ),
    "long texts": (
        b"{" + GOOD + b', "name": "' + b"x" * 9999 + b'", "city": "' + b"y" * 999 + b'"}',
        JSON, 201,
    ),
    "line break in e-mail": (b'{"email": "a@example.com\\r\\nBcc: b@example.com"}', JSON, 202),
    "sql": (b'{"email": "x\';drop table leads_lead;--@example.com"}', JSON, 201),
    "thousands of fields": (
        b"{" + GOOD + b"," + b",".join(b'"f%d": "%s"' % (n, b"v" * 90) for n in range(5000)) + b"}",
        JSON, 201,
    ),
    "percent": (b"email=rosa%40example.com&x=%zz%00%ff", FORM, 201),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_body_gets_its_answer_and_is_not_lost(inbox: Inbox, kind: str) -> None:
    body, content_type, status = HOSTILE[kind]

    response = inbox.post(body, content_type)

    capture = inbox.only_capture()
    assert response.status_code == status, capture.reason
    assert bytes(capture.body) == body
    assert capture.state == ("done" if status == 201 else "quarantined")
    assert answer(response)["capture"] == str(capture.pk)
    assert bool(capture.reason) == (status == 202)
    assert inbox.leads == (1 if status == 201 else 0)


@pytest.mark.parametrize("key", ["", "\x00", " ", "ключ", "k" * 300])
def test_no_key_breaks_anything(inbox: Inbox, key: str) -> None:
    answer_ = services.receive(
        inbox.webhook.source, body=b"{" + GOOD + b"}", content_type=JSON, key=key,
        door=Door.WEBHOOK, now=now(),
    )  # fmt: skip

    assert answer_.status == 201


# --- Refusals ---------------------------------------------------------------------------------


def test_an_unknown_or_revoked_address_is_a_404(inbox: Inbox) -> None:
    path = inbox.path()
    sources.revoke(inbox.webhook.source, by=inbox.access, now=now())

    statuses = [inbox.post(ROSA, to=to).status_code for to in (path, "/capture/nobody/")]

    assert statuses == [404, 404]
    assert inbox.captures == 0


def test_an_address_that_was_copied_without_its_slash_takes_leads_too(inbox: Inbox) -> None:
    response = inbox.post(ROSA, to=inbox.path().rstrip("/"))

    assert response.status_code == 201
    assert inbox.leads == 1


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options"])
def test_leads_come_by_post_only(inbox: Inbox, method: str) -> None:
    response = getattr(inbox.client, method)(inbox.path())

    assert response.status_code == 405


def test_more_than_a_megabyte_is_refused(inbox: Inbox) -> None:
    response = inbox.post(b'{"email": "' + b"x" * 1024 * 1024 + b'"}')

    assert response.status_code == 413
    assert inbox.captures == 0


def test_a_flood_is_told_to_slow_down(inbox: Inbox) -> None:
    with patch("apps.capture.throttle.Throttle.allows", return_value=False):
        response = inbox.post(ROSA)

    assert (response.status_code, response["Retry-After"]) == (429, "1")
    assert inbox.captures == 0


def test_a_database_that_is_away_is_a_503(inbox: Inbox) -> None:
    with patch("apps.capture.sources.for_token", side_effect=OperationalError("away")):
        response = inbox.post(ROSA)

    assert (response.status_code, response["Retry-After"]) == (503, "5")


def test_a_source_that_is_off_keeps_what_comes(inbox: Inbox) -> None:
    sources.change(inbox.webhook.source, by=inbox.access, now=now(), is_active=False)

    response = inbox.post(ROSA)

    assert response.status_code == 202
    assert "off" in inbox.only_capture().reason


def test_a_rotated_address_works_during_the_overlap_only(inbox: Inbox) -> None:
    old = inbox.path()
    new = sources.rotate(inbox.webhook.source, by=inbox.access, now=now())

    during = [inbox.post(ROSA, to=to).status_code for to in (old, inbox.path(new))]
    Source.objects.update(previous_token_until=now() - timedelta(seconds=1))
    after = [inbox.post(ROSA, to=to).status_code for to in (old, inbox.path(new))]

    assert (during, after) == ([201, 201], [404, 201])


# --- Signatures -------------------------------------------------------------------------------


def test_only_a_genuine_signature_opens_a_signed_source(inbox: Inbox) -> None:
    new = inbox.connect(is_signed=True)
    body = json.dumps(ROSA).encode()
    stamp = str(int(now().timestamp()))
    stale = str(int(now().timestamp()) - 301)
    good = signatures.sign_standard(new.secret, "msg", stamp, body)
    attempts: list[dict[str, str]] = [
        {},
        {"webhook-id": "msg", "webhook-timestamp": stamp, "webhook-signature": "v1,bad"},
        {"webhook-id": "msg", "webhook-timestamp": stamp, "webhook-signature": "v1,ü"},
        {
            "webhook-id": "msg", "webhook-timestamp": stale,
            "webhook-signature": signatures.sign_standard(new.secret, "msg", stale, body),
        },
        {
            "webhook-id": "msg", "webhook-timestamp": stamp,
            "webhook-signature": signatures.sign_standard(
                new.secret, "msg", stamp, json.dumps(ROSA, indent=1).encode()
            ),
        },
        {"webhook-id": "msg", "webhook-timestamp": stamp, "webhook-signature": good},
    ]  # fmt: skip

    statuses = [inbox.post(body, to=inbox.path(new), **sent).status_code for sent in attempts]

    assert statuses == [401] * 5 + [201]


def test_a_rotated_secret_signs_during_the_overlap(inbox: Inbox) -> None:
    first = inbox.connect(is_signed=True)
    second = sources.rotate(first.source, by=inbox.access, now=now())
    body = json.dumps(ROSA).encode()

    statuses = [
        inbox.post(
            body, to=inbox.path(second),
            **{"x-hub-signature-256": signatures.sign_hub(new.secret, body)},
        ).status_code
        for new in (first, second)
    ]  # fmt: skip

    assert statuses == [201, 201]


# --- What fails -------------------------------------------------------------------------------


def test_a_bug_in_routing_costs_the_lead_a_moment_and_never_the_capture(inbox: Inbox) -> None:
    with patch("apps.assignments.services.route", side_effect=RuntimeError("a bad rule")):
        response = inbox.post(ROSA, key="abc")

    capture = inbox.only_capture()
    assert (response.status_code, answer(response)["outcome"]) == (202, "quarantined")
    assert (capture.state, capture.reason) == ("failed", "RuntimeError: a bad rule")
    assert inbox.leads == 0

    tried = services.retry_due(now=now() + timedelta(minutes=1))

    assert (tried, inbox.leads) == (1, 1)
    assert answer(inbox.post(ROSA, key="abc"))["outcome"] == "assigned"


def test_a_broken_statement_in_routing_leaves_the_capture(inbox: Inbox) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nonsense")

    with patch("apps.assignments.services.route", side_effect=broken):
        response = inbox.post(ROSA)

    assert response.status_code == 202
    assert inbox.only_capture().state == "failed"


def test_what_fails_for_ever_ends_in_quarantine(inbox: Inbox) -> None:
    with patch("apps.assignments.services.route", side_effect=RuntimeError("a bad rule")):
        inbox.post(ROSA)
        for hours in range(1, 12):
            services.retry_due(now=now() + timedelta(hours=2 * hours))

    capture = inbox.only_capture()
    assert (capture.state, capture.next_try_at) == ("quarantined", None)


def test_replaying_twice_makes_each_lead_once(inbox: Inbox) -> None:
    with patch("apps.assignments.services.route", side_effect=RuntimeError("a bad rule")):
        for number in range(5):
            inbox.post({"email": f"lead{number}@example.com"})

    first = services.replay_all(by=inbox.access, now=now())
    second = services.replay_all(by=inbox.access, now=now())

    assert (first, second) == ({"assigned": 5}, {})
    assert inbox.leads == 5


def test_a_mended_mapping_saves_what_was_quarantined(inbox: Inbox) -> None:
    inbox.post({"epost": "rosa@example.com"})
    sources.change(inbox.webhook.source, by=inbox.access, now=now(), mapping={"email": "epost"})

    counts = services.replay_all(by=inbox.access, now=now())

    assert counts == {"assigned": 1}
    assert inbox.only_lead().email == "rosa@example.com"


# --- All at once ------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"name": "Nobody", "email": "kaputt"}, "quarantined"),
        ({"email": "kaputt", "phone": "9824840910"}, "assigned"),
    ],
)
def test_a_lead_that_nobody_could_reach_is_kept_for_mending(
    inbox: Inbox, body: dict[str, str], outcome: str
) -> None:
    assert answer(inbox.post(body))["outcome"] == outcome
