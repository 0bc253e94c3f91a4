"""Returns: a recipient says what is wrong with a lead, the sender decides, once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.deliveries.models import ARRIVED, Delivery, Dispute
from apps.deliveries.returns import coming_back, giving_back, news
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.permissions import Permission

LONGEST_NOTE = 500
LONGEST_NAME = 200
State = Dispute.State


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
    held = _locked(delivery)
    why_not = refusal(held, now=now)
    if why_not:
        raise DisputeRefused(why_not)
    made: Dispute = Dispute.objects.create(
        team_id=held.team_id, delivery=held, recipient=held.recipient, reason=reason, note=note,
        at=now, by_user=by_user, by_name=_shown(by_name)[:LONGEST_NAME],
    )  # fmt: skip
    news.tell_sender(made, now=now)
    return made


@transaction.atomic
def accept(dispute: Dispute, *, answer: str = "", by: Access, now: datetime) -> Dispute:
    """The lead is not billed; what it counted for comes back. The recipient is told.

    Whoever decides first decides: DisputeRefused if somebody has.
    """
    held = _decide(dispute, State.ACCEPTED, answer=answer, by=by, now=now)
    dispute.gave_back = giving_back.of(held, now=now)
    dispute.save(update_fields=["gave_back"])
    _note(dispute, by, now)
    # A lead that was kept out and is good for somebody else goes on in this team. The deliver
    # process looks again, should this process end here.
    distribution_id = held.distribution_id
    transaction.on_commit(lambda: coming_back.consider(distribution_id, now=now), robust=True)
    return dispute


@transaction.atomic
def refuse(dispute: Dispute, *, answer: str = "", by: Access, now: datetime) -> Dispute:
    """The lead stays delivered and is billed. The recipient is told. Raises as `accept`."""
    _decide(dispute, State.REFUSED, answer=answer, by=by, now=now)
    _note(dispute, by, now)
    return dispute


def _decide(dispute: Dispute, state: State, *, answer: str, by: Access, now: datetime) -> Delivery:
    """The delivery, under lock, once the dispute is decided by this call."""
    by.require(Permission.ADJUST_CREDIT)
    answer = _line(answer)
    held = _locked(dispute.delivery)
    undecided = Dispute.objects.visible_to(by).filter(pk=dispute.pk, state=State.OPEN)
    decided = {"state": state, "decided_at": now, "decided_by": by.user, "answer": answer}
    if not undecided.update(**decided):
        raise DisputeRefused(_("Somebody has decided this already."))
    dispute.refresh_from_db()
    return held


def _note(dispute: Dispute, by: Access, now: datetime) -> None:
    detail = {"reason": dispute.reason, "delivery": str(dispute.delivery_id),
              "gave_back": dispute.gave_back}  # fmt: skip
    audit.record(
        by=by, action=f"return.{dispute.state}", target=dispute.recipient, now=now, detail=detail
    )
    news.tell_recipient(dispute, now=now)


def _locked(delivery: Delivery) -> Delivery:
    rows = Delivery.objects.select_related("recipient", "team")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=delivery.pk)


def _line(text: str) -> str:
    text = _shown(text)
    if len(text) > LONGEST_NOTE:
        raise DisputeRefused(_("Use at most %(n)d characters.") % {"n": LONGEST_NOTE})
    return text


def _shown(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())
