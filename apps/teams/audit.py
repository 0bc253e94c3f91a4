"""The audit log: one append-only line for everything somebody may be asked about."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models

from apps.teams.access import Access
from apps.teams.models import AuditEntry
from apps.teams.scope import deed


def record(
    *,
    by: Access,
    action: str,
    target: models.Model | None,
    now: datetime,
    detail: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write down that `by` did `action` to `target`, in the same transaction as the deed.

    `detail` holds ids, names of settings and figures; never a lead's personal values.
    """
    return AuditEntry.objects.create(
        team=by.team,
        at=now,
        action=action,
        target_type=target._meta.label_lower if target else "",
        target_id=target.pk if target else None,
        target_label=_label(target),
        detail=detail or {},
        token_id=by.token_id,
        **deed(by),
    )


def _label(target: models.Model | None) -> str:
    # A lead's name is personal: erasing it must not need a search through the log.
    if target is None or target._meta.label_lower == "leads.lead":
        return ""
    return str(target)[:200]


def record_in_each(
    rights: Sequence[Access],
    *,
    action: str,
    target: models.Model,
    now: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """The same line in the logs of many teams, by the right that somebody has in each: one INSERT.

    In the same transaction as the deed, as `record`.
    """
    AuditEntry.objects.bulk_create(
        AuditEntry(
            team=by.team, at=now, action=action, target_type=target._meta.label_lower,
            target_id=target.pk, target_label=_label(target), detail=detail or {}, **deed(by),
        )
        for by in rights
    )  # fmt: skip
