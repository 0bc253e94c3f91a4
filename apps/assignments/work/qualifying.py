"""Judging a lead by hand: qualify it, disqualify it with a reason, put it back on its road."""

from __future__ import annotations

from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from apps.assignments.models import Assignment, Door
from apps.assignments.moves.leaving import grip, leave
from apps.assignments.road import rows
from apps.assignments.road.placing import Placement, route
from apps.assignments.work.attempts import STATUS_COLUMNS, change_status, may_edit
from apps.leads import events
from apps.leads.models import Activity, Lead, Status, StatusKind
from apps.leads.services import activity
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.permissions import Permission

LONGEST_REASON = 200


class Why(models.TextChoices):
    """Why a lead is disqualified, as people choose it."""

    MARKET = "market", _lazy("Not our market")
    BUDGET = "budget", _lazy("No budget")
    NEED = "need", _lazy("No need")
    NOBODY = "nobody", _lazy("Can’t be reached")
    NO_BUYER = "no_buyer", _lazy("Not a buyer")
    COMPETITOR = "competitor", _lazy("Competitor")
    SPAM = "spam", _lazy("Spam")
    OTHER = "other", _lazy("Another reason")


class Unreasoned(ValueError):
    """The reason is missing or can't be kept; the message says what to do."""


class NotDisqualified(ValueError):
    """Only a disqualified lead can be put back."""


def reason_in_words(why: str, text: str) -> str:
    """What is kept of a choice and of what was typed: “Not our market: only in Peru”.

    Raises Unreasoned.
    """
    text = " ".join(text.replace("\x00", "").split())
    if why not in Why.values:
        raise Unreasoned(_("Choose why the lead is disqualified."))
    if why == Why.OTHER:
        words = text
    else:
        words = f"{Why(why).label}: {text}" if text else str(Why(why).label)
    if not words:
        raise Unreasoned(_("Write down the reason."))
    if len(words) > LONGEST_REASON:
        raise Unreasoned(_("Use at most %(n)d characters.") % {"n": LONGEST_REASON})
    return words


def qualify(lead: Lead, *, by: Access, now: datetime) -> Lead:
    """Say that the lead is worth working; it stays where it is."""
    _require(lead, by)
    status = rows.first_status(by.team, StatusKind.QUALIFIED)
    return change_status(lead, status=status, by=by, now=now)


@transaction.atomic
def disqualify(
    lead: Lead,
    *,
    why: str,
    text: str = "",
    by: Access,
    now: datetime,
    status: Status | None = None,
) -> Lead:
    """Close the lead with a reason; it is kept, and can be put back. Spam leaves every figure.

    Raises Unreasoned. `status` is one of the team's own for disqualified leads.
    """
    _require(lead, by)
    reason = reason_in_words(why, text)
    chosen = status or rows.first_status(by.team, StatusKind.DISQUALIFIED)
    changed = change_status(lead, status=chosen, by=by, now=now, reason=reason)
    if why == Why.SPAM and not changed.is_spam:
        changed.is_spam = True
        changed.save(update_fields=["is_spam"])
    return changed


@transaction.atomic
def put_back(lead: Lead, *, by: Access, now: datetime) -> Placement:
    """Open a disqualified lead again and send it on its road, as if it had just come.

    Raises NotDisqualified, also when somebody else was quicker.
    """
    by.require(Permission.REASSIGN)
    held = grip(lead.pk, by)
    if held.lead.status_kind != StatusKind.DISQUALIFIED:
        raise NotDisqualified(_("This lead is not disqualified (any more)."))
    fresh = leave(held, reason=Assignment.Ended.RELEASED, now=now).lead
    open_again(fresh, by=by, now=now)
    audit.record(by=by, action="lead.put_back", target=fresh, now=now)
    return route(fresh, door=Door.PUT_BACK, by=by, now=now)


def open_again(lead: Lead, *, by: Access, now: datetime) -> None:
    """Give a disqualified lead, under lock and left by everybody, its first status again."""
    data = {"reason": lead.disqualified_reason, "was_spam": lead.is_spam}
    lead.status = rows.first_status(by.team, StatusKind.NEW)
    lead.status_kind, lead.closed_at = lead.status.kind, None
    lead.disqualified_reason, lead.is_spam = "", False
    lead.version += 1
    lead.save(update_fields=[*STATUS_COLUMNS, "is_spam"])
    activity(lead, Activity.Kind.PUT_BACK, by=by, now=now, data=data).save()
    events.changed(lead, ["status"], by=by, now=now)


def _require(lead: Lead, by: Access) -> None:
    """Who may judge a lead: whoever works it, and for leads of nobody whoever edits others'."""
    if not may_edit(lead, by):
        by.require(Permission.EDIT_OTHERS)
