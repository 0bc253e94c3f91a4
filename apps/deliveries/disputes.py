"""Returns: a recipient says what is wrong with a lead, the sender decides, once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.alerts.models import Kind
from apps.deliveries.models import ARRIVED, Delivery, Dispute
from apps.deliveries.telling import tell_managers
from apps.teams.models import Team

LONGEST_NOTE = 500
LONGEST_NAME = 200


class DisputeRefused(ValueError):
    """It can't be returned, or was decided already; the message says why."""


def window_ends(delivery: Delivery) -> datetime | None:
    """Until when the copy may be returned; None if it never arrived. Needs `recipient` loaded."""
    arrived_at = delivery.delivered_at or delivery.sent_at
    if arrived_at is None or delivery.state not in ARRIVED:
        return None
    return arrived_at + timedelta(days=delivery.recipient.return_days)


def refusal(delivery: Delivery, *, now: datetime) -> str:
    """Why the copy can't be returned, in words; empty if it can. Needs `recipient` loaded."""
    ends = window_ends(delivery)
    if ends is None:
        return _("This lead was not delivered, so there is nothing to return.")
    if Dispute.objects.filter(delivery=delivery.pk).exists():
        return _("This lead was returned already.")
    if delivery.recipient.return_days == 0:
        return _("Leads can't be returned to this sender.")
    if now >= ends:
        days = delivery.recipient.return_days
        return _("The time for returning this lead is over: it was %(days)d days.") % {"days": days}
    return ""


@transaction.atomic
def open_dispute(
    delivery: Delivery,
    *,
    reason: str,
    note: str = "",
    by_user: User | None = None,
    by_name: str = "",
    now: datetime,
) -> Dispute:
    """The recipient returns a lead; the sender's managers are told. DisputeRefused says why not.

    Of two at the same moment the second is refused.
    """
    if reason not in Dispute.Reason.values:
        raise DisputeRefused(_("Choose what is wrong with the lead."))
    note = _line(note)
    if len(note) > LONGEST_NOTE:
        raise DisputeRefused(_("Use at most %(n)d characters.") % {"n": LONGEST_NOTE})
    held = _locked(delivery)
    why_not = refusal(held, now=now)
    if why_not:
        raise DisputeRefused(why_not)
    made: Dispute = Dispute.objects.create(
        team_id=held.team_id, delivery=held, recipient=held.recipient, reason=reason, note=note,
        at=now, by_user=by_user, by_name=_line(by_name)[:LONGEST_NAME],
    )  # fmt: skip
    _tell_sender(made, held.team, now)
    return made


def _locked(delivery: Delivery) -> Delivery:
    rows = Delivery.objects.select_related("recipient", "team")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=delivery.pk)


def _tell_sender(made: Dispute, team: Team, now: datetime) -> None:
    title = f"{made.recipient.name}: {made.get_reason_display()}"
    tell_managers(team, Kind.DISPUTED, title=title, page="dispute", page_id=made.pk, now=now)


def _line(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())
