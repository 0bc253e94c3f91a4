"""One delivery in full: what was sent, why, every try, and what may be done about it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.deliveries import words
from apps.deliveries.log import rows
from apps.deliveries.models import Delivery, DeliveryAttempt, Dispute
from apps.deliveries.plans import copying
from apps.deliveries.returns import disputes
from apps.deliveries.sending import sheets
from apps.routing.fields import Registry
from apps.rules.registry import registry as registry_of
from apps.teams.access import Access
from apps.teams.permissions import Permission

State = Delivery.State
MOST_ATTEMPTS = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """One field of the copy: its label here, its name there, its value."""

    label: str
    name: str
    value: str
    is_renamed: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to it. `attempt` has what came back of a try."""

    at: datetime
    symbol: str
    title: str
    text: str = ""
    tone: str = ""
    attempt: DeliveryAttempt | None = None
    answer: str = ""


def context(delivery: Delivery, by: Access, *, now: datetime) -> dict[str, Any]:
    """What the page asks for. Needs what `log.listed` loads, distribution and payload too."""
    fields = registry_of(by.team)
    hides = rows.is_away(delivery.lead) or by.masked
    dispute = rows.dispute_of(delivery)
    shown = _shown(delivery, fields, hides=hides)
    may_edit = by.can(Permission.EDIT_ROUTING)
    zone = by.user.timezone if by.user else by.team.timezone
    return {
        "delivery": delivery,
        "row": rows.row(delivery, by),
        "hides": hides,
        "sent": list(_sent(shown, delivery, fields)),
        "raw": json.dumps(shown, ensure_ascii=False, indent=2),
        "why": words.why(delivery.distribution, delivery, fields, timezone=zone),
        "moments": _timeline(delivery, dispute, hides=hides),
        "dispute": dispute,
        "window_ends": disputes.window_ends(delivery) if dispute is None else None,
        "may_replay": may_edit and delivery.state in (State.DEAD, State.FAILED),
        "may_withdraw": may_edit and delivery.state == State.OFFERED,
        "may_decide": by.can(Permission.ADJUST_CREDIT),
        "is_sending": delivery.locked_until is not None and delivery.locked_until > now,
    }


def _shown(delivery: Delivery, fields: Registry, *, hides: bool) -> dict[str, Any]:
    if not hides:
        return dict(delivery.payload)
    return copying.masked(delivery.payload, delivery.recipient, fields)


def _sent(shown: dict[str, Any], delivery: Delivery, fields: Registry) -> Iterator[Sent]:
    for name, key, label in copying.labels(shown, delivery.recipient, fields):
        if sheets.is_currency(name, key):
            continue
        usual = copying.name_there(key, {}) if key else name
        yield Sent(label, name, sheets.said(name, key, shown), name != usual)


def _timeline(delivery: Delivery, dispute: Dispute | None, *, hides: bool) -> list[Moment]:
    """Everything that happened to it, the newest first."""
    attempts = list(delivery.attempts.all()[:MOST_ATTEMPTS])
    moments = [
        *_planned(delivery),
        *(_attempt(each, hides=hides) for each in attempts),
        *_came_through(delivery, attempts),
        *_ended(delivery),
        *_returned(dispute),
    ]
    order = {id(each): place for place, each in enumerate(moments)}
    return sorted(moments, key=lambda each: (each.at, order[id(each)]), reverse=True)


def _planned(delivery: Delivery) -> Iterator[Moment]:
    offered = delivery.offered_until is not None
    title = _("Offered") if offered else _("Queued")
    yield Moment(delivery.queued_at, "split", title)
    if delivery.accepted_at:
        yield Moment(delivery.accepted_at, "zap", _("Accepted by the recipient"), tone="calm")
    if delivery.replayed_at:
        yield Moment(delivery.replayed_at, "rotate-cw", _("Queued once more by hand"))


def _attempt(attempt: DeliveryAttempt, *, hides: bool) -> Moment:
    title = _("Try %(n)d: taken") if attempt.is_success else _("Try %(n)d: failed")
    return Moment(
        attempt.at,
        "check" if attempt.is_success else "x",
        title % {"n": attempt.number},
        attempt.error,
        "calm" if attempt.is_success else "urgent",
        attempt,
        # What the other side said may repeat what was sent.
        "" if hides else attempt.answer,
    )


def _came_through(delivery: Delivery, attempts: Sequence[DeliveryAttempt]) -> Iterator[Moment]:
    if delivery.delivered_at and not any(each.is_success for each in attempts):
        yield Moment(delivery.delivered_at, "check", _("Delivered"), tone="calm")
    if delivery.opened_at:
        yield Moment(delivery.opened_at, "check-check", _("Opened"), tone="calm")


def _ended(delivery: Delivery) -> Iterator[Moment]:
    if delivery.ended_at is None:
        return
    mark = words.state_mark(delivery.state)
    yield Moment(delivery.ended_at, mark.symbol, mark.text.capitalize(), delivery.reason, mark.tone)


def _returned(dispute: Dispute | None) -> Iterator[Moment]:
    if dispute is None:
        return
    said = " · ".join(filter(None, (dispute.note, who(dispute))))
    title = _("Returned: %(reason)s") % {"reason": dispute.get_reason_display()}
    yield Moment(dispute.at, "undo-2", title, said, "soon")
    if dispute.decided_at is not None:
        accepted = dispute.state == Dispute.State.ACCEPTED
        title = _("Return accepted: not billed") if accepted else _("Return refused")
        yield Moment(dispute.decided_at, "check" if accepted else "x", title, _decided(dispute))


def who(dispute: Dispute) -> str:
    """Who returned it, as far as that is known."""
    return dispute.by_name or (str(dispute.by_user) if dispute.by_user else "")


def _decided(dispute: Dispute) -> str:
    back = _("What it counted for was given back.") if dispute.gave_back else ""
    by = str(dispute.decided_by) if dispute.decided_by else ""
    return " · ".join(filter(None, (dispute.answer, back, by)))
