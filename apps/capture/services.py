"""Receive a capture, answer it, and try again what failed.

`receive` keeps the body before anything is made of it, in one transaction with what it
becomes: a 2xx answer means that both are committed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.assignments.models import Door
from apps.capture import arriving, providers, store
from apps.capture.drafts import Intake, LeadDraft
from apps.capture.intake import intake
from apps.capture.models import Capture
from apps.capture.reading.mapping import Terms
from apps.capture.reading.parsing import Parsed, parse
from apps.leads.models import Source
from apps.rules.registry import registry
from apps.teams import audit
from apps.teams.access import Access

__all__ = [
    "Answer", "intake", "receive", "receive_draft", "replay", "replay_all", "retry_due", "terms_of",
]  # fmt: skip

log = structlog.get_logger(__name__)

MOST_TRIES = 10
LONGEST_WAIT = timedelta(hours=1)
LONGEST_KEY = 255
MOST_UNMAPPED = 20
WAITING = (Capture.State.QUARANTINED, Capture.State.FAILED)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender reads: an HTTP status and a JSON object."""

    status: int
    payload: Mapping[str, Any]
    reason: str = ""  # for our own pages; a sender is told no more than the outcome


@dataclass(frozen=True, slots=True)
class _Result:
    """An intake with what it leaves on the capture."""

    intake: Intake
    warnings: list[str]
    failed: bool = False


def receive(
    source: Source,
    *,
    body: bytes,
    content_type: str,
    key: str | None,
    door: Door,
    now: datetime,
    is_test: bool = False,
    hold: str = "",
) -> Answer:
    """Keep a submission and make a lead of it. `source` needs its team loaded.

    `hold` is a reason to keep it for a person to look at, without making a lead.

    201 made or attached, 200 the same key and body again (the stored answer), 202 kept but
    quarantined, 409 the same key with another body (nothing is stored).
    """
    parsed = parse(body, content_type)
    key = _key(key, source, parsed)
    by = Access.system(source.team)
    with transaction.atomic():
        capture_id = store.keep(
            source, body=body, content_type=content_type, key=key, door=door, now=now,
            is_test=is_test,
        )  # fmt: skip
        if capture_id is None:
            return _again(source, key or "", body)
        if hold:
            result = _Result(Intake(_QUARANTINED, reason=hold), parsed.warnings)
        else:
            result = _attempt(source, parsed, door, by, now, capture_id, is_test=is_test)
        return _settled(capture_id, result, tries=1, now=now)


def receive_draft(
    draft: LeadDraft, *, source: Source, body: bytes, key: str | None, door: Door, by: Access,
    now: datetime,
) -> Answer:  # fmt: skip
    """Like `receive`, for somebody's own typing: errors are hers to see, so they are raised."""
    with transaction.atomic():
        capture_id = store.keep(
            source, body=body, content_type="application/json", key=key, door=door, now=now
        )
        if capture_id is None:
            return _again(source, key or "", body)
        made = intake(draft, source=source, door=door, by=by, now=now, capture_id=capture_id)
        return _settled(capture_id, _Result(made, list(draft.warnings)), tries=1, now=now)


def terms_of(source: Source, **changes: Any) -> Terms:
    """How the bodies of this source are read."""
    team = source.team
    is_import = source.kind == Source.Kind.IMPORT
    values: dict[str, Any] = {
        "registry": registry(team),
        "mapping": {**(_SAID_BY_IMPORTS if is_import else {}), **source.mapping},
        "country": source.default_country or team.country,
        "currency": team.currency,
        "timezone": team.timezone,
        "campaign": source.campaign,
        "may_be_older": is_import,
    }
    return Terms(**(values | changes))


def _key(given: str | None, source: Source, parsed: Parsed) -> str | None:
    """The sender's key, or the value of the source's id field."""
    key = (given or "").replace("\x00", "").strip()
    if not key and source.id_field and parsed.data is not None:
        value: Any = parsed.data
        for step in source.id_field.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        key = str(value).strip() if isinstance(value, str | int | float) else ""
    if len(key) > LONGEST_KEY:
        return store.body_hash(key.encode("utf-8", "replace")).hex()
    return key or None


def _again(source: Source, key: str, body: bytes) -> Answer:
    """The stored answer for the same body; a refusal for another one."""
    capture = store.with_key(source, key)
    if capture is None:  # its key was freed this very moment: the sender may repeat at once
        return Answer(409, {"error": _("This key is being freed. Send it again.")})
    if bytes(capture.body_hash) != store.body_hash(body):
        return Answer(
            409,
            {
                "error": _("This key was used for another body. Use a new key for a new lead."),
                "capture": str(capture.pk),
            },
        )
    stored = capture.answer or {}
    blank = _payload(capture.pk, Intake(_QUARANTINED))  # gives the order, which jsonb forgets
    return Answer(200, {name: stored.get(name, blank[name]) for name in blank}, capture.reason)


# Fields that nobody may guess, but whoever maps the columns of a file may choose.
_SAID_BY_IMPORTS = {"received_at": "received_at", "score": "score"}
_QUARANTINED = Capture.Outcome.QUARANTINED


def _attempt(
    source: Source,
    parsed: Parsed,
    door: Door,
    by: Access,
    now: datetime,
    capture_id: UUID,
    *,
    is_test: bool = False,
) -> _Result:
    """Make a lead of a parsed body. A bug on the way costs the lead, never the capture."""
    if parsed.data is None:
        return _Result(Intake(_QUARANTINED, reason=parsed.reason), parsed.warnings)
    if not source.is_active:
        reason = _("The source was off. Switch it on and replay.")
        return _Result(Intake(_QUARANTINED, reason=reason), parsed.warnings)
    data = {**parsed.data, "test": True} if is_test else parsed.data
    try:
        with transaction.atomic():
            draft = providers.read(source, data, terms_of(source))
            made = intake(draft, source=source, door=door, by=by, now=now, capture_id=capture_id)
            if made.decision_id is None:  # a new one was linked before it went on its road
                arriving.link(made.lead, source, capture_id)
    except Exception as error:
        if connection.needs_rollback or not connection.is_usable():
            raise  # the database went away: nothing is kept, and the sender must know
        log.exception("intake_failed", capture=str(capture_id))
        reason = f"{type(error).__name__}: {error}"[:500]
        return _Result(Intake(_QUARANTINED, reason=reason), parsed.warnings, failed=True)
    return _Result(made, [*parsed.warnings, *draft.warnings, *_unmapped(draft)])


def _unmapped(draft: LeadDraft) -> list[str]:
    if not draft.unmapped:
        return []
    named = ", ".join(path[:60] for path in draft.unmapped[:MOST_UNMAPPED])
    more = len(draft.unmapped) - MOST_UNMAPPED
    words = _("Not mapped: %(fields)s") % {"fields": named}
    return [words + (_(" and %(count)d more") % {"count": more} if more > 0 else "")]


def _settled(capture_id: UUID, result: _Result, *, tries: int, now: datetime) -> Answer:
    """Write what became of the capture, with the answer that a repetition will get."""
    made = result.intake
    payload = _payload(capture_id, made)
    is_quarantined = made.outcome == _QUARANTINED
    status = 202 if is_quarantined else 201
    is_given_up = result.failed and tries >= MOST_TRIES
    state = Capture.State.DONE
    if is_quarantined:
        state = Capture.State.QUARANTINED
        if result.failed and not is_given_up:
            state = Capture.State.FAILED
    store.settle(
        capture_id,
        state=state,
        outcome=made.outcome,
        reason=made.reason[:500],
        warnings=result.warnings,
        lead_id=made.lead.pk if made.lead else None,
        answer=payload,
        status_code=status,
        tries=tries,
        next_try_at=now + _wait(tries) if state == Capture.State.FAILED else None,
    )
    return Answer(status, payload, made.reason)


def _wait(tries: int) -> timedelta:
    """Twice as long after each failure, from half a minute to an hour."""
    return min(timedelta(seconds=15 * 2**tries), LONGEST_WAIT)


def _payload(capture_id: UUID, made: Intake) -> dict[str, Any]:
    return {
        "capture": str(capture_id),
        "outcome": str(made.outcome),
        "lead": str(made.lead.pk) if made.lead else None,
        "owner": made.owner.user.email if made.owner else None,
        "offer": str(made.offer_id) if made.offer_id else None,
        "decision": str(made.decision_id) if made.decision_id else None,
    }


def replay(capture: Capture, *, by: Access, now: datetime) -> Answer | None:
    """Try a waiting capture once more; None if it is no longer waiting.

    The row is locked, so that two replays at once make one lead.
    """
    with transaction.atomic():
        locked = _locked(capture.pk)
        if locked is None:
            return None
        answer = _try_again(locked, door=Door.REPLAY, by=by, now=now)
        store.settle(locked.pk, replayed_at=now)
        audit.record(
            by=by, action="capture.replayed", target=locked, now=now,
            detail={"outcome": answer.payload["outcome"]},
        )  # fmt: skip
        return answer


def replay_all(*, by: Access, now: datetime, limit: int = 1000) -> dict[str, int]:
    """Replay what waits in the team, oldest first; how many by outcome."""
    waiting = Capture.objects.filter(team=by.team, state__in=WAITING).order_by("received_at")
    counts: dict[str, int] = {}
    for capture in waiting.only("pk")[:limit]:
        answer = replay(capture, by=by, now=now)
        if answer is not None:
            outcome = str(answer.payload["outcome"])
            counts[outcome] = counts.get(outcome, 0) + 1
    return counts


def retry_due(*, now: datetime, limit: int = 200) -> int:
    """Try failed captures whose time has come; how many were tried. Two at once are harmless."""
    due = Capture.objects.filter(state=Capture.State.FAILED, next_try_at__lte=now)
    tried = 0
    for capture_id in list(due.order_by("next_try_at").values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            locked = _locked(capture_id, due_by=now)
            if locked is not None:
                by = Access.system(locked.source.team)
                _try_again(locked, door=Door.REPLAY, by=by, now=now)
                tried += 1
    return tried


def _locked(capture_id: UUID, due_by: datetime | None = None) -> Capture | None:
    rows = (
        Capture.objects.select_for_update(of=("self",))
        .select_related("source__team")
        .filter(pk=capture_id, state__in=WAITING)
    )
    if due_by is not None:
        rows = rows.filter(state=Capture.State.FAILED, next_try_at__lte=due_by)
    return rows.first()


def _try_again(capture: Capture, *, door: Door, by: Access, now: datetime) -> Answer:
    parsed = parse(bytes(capture.body), capture.content_type)
    result = _attempt(capture.source, parsed, door, by, now, capture.pk, is_test=capture.is_test)
    return _settled(capture.pk, result, tries=capture.tries + 1, now=now)
