"""The inbox's rows: kept once for each key, and what became of them."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.accounts.ids import uuid7
from apps.capture.models import Capture
from apps.leads.models import Source
from apps.teams.fixed import prepared

_INSERT = """
INSERT INTO capture_capture
    (id, team_id, source_id, received_at, body, content_type, body_hash, key, door,
     is_test, state, outcome, reason, warnings, tries)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'received', '', '', '[]', 0)
ON CONFLICT (source_id, key) WHERE key IS NOT NULL DO NOTHING
RETURNING id
"""


def body_hash(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def keep(
    source: Source,
    *,
    body: bytes,
    content_type: str,
    key: str | None,
    door: str,
    now: datetime,
    is_test: bool = False,
) -> UUID | None:
    """Insert the capture and return its id; None if one with this key is there already.

    Another transaction that inserts the same key right now is waited for.
    """
    values: list[Any] = [
        uuid7(), source.team_id, source.pk, now, body, content_type[:200], body_hash(body),
        key, door, is_test,
    ]  # fmt: skip
    with prepared() as cursor:
        cursor.execute(_INSERT, values)
        row = cursor.fetchone()
    return row[0] if row else None


def with_key(source: Source, key: str) -> Capture | None:
    """The capture that holds this key."""
    return Capture.objects.filter(source=source, key=key).first()


def settle(capture_id: UUID, **columns: Any) -> None:
    """Write down what became of a capture. The body never changes."""
    fields = [Capture._meta.get_field(name.removesuffix("_id")) for name in columns]
    sets = ", ".join(f'"{field.column}" = %s' for field in fields)  # type: ignore[union-attr]
    values = [
        field.get_db_prep_save(value, connection)  # type: ignore[union-attr]
        for field, value in zip(fields, columns.values(), strict=True)
    ]
    with prepared() as cursor:
        cursor.execute(f"UPDATE capture_capture SET {sets} WHERE id = %s", [*values, capture_id])  # noqa: S608
