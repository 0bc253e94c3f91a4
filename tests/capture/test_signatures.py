"""A source that asks for a signature."""

from __future__ import annotations

import json

from apps.capture import sources
from apps.capture.reading import signatures
from tests.capture.inbox import ROSA, Inbox, now


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
