"""Whatever is sent gets its answer and is not lost."""

from __future__ import annotations

import pytest

from apps.assignments.models import Door
from apps.capture import services
from tests.capture.inbox import FORM, JSON, Inbox, answer, now

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
