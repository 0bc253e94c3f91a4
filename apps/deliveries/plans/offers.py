"""Offers of one lead to several recipients: the first to accept gets it, and nobody else.

Everything that ends an offer locks all deliveries that are still offered by the same pool, by id.
So accepting, declining and running out never decide at the same moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.alerts import services as alerts
from apps.alerts.models import Alert
from apps.assignments.road import together
from apps.deliveries import erasure
from apps.deliveries.models import ENDED, Delivery
from apps.deliveries.plans import campaigns, choosing, counting, turns_after_offers
from apps.deliveries.returns import coming_back
from apps.rules.models import Recipient, RecipientPool

if TYPE_CHECKING:
    from apps.accounts.models import User

log = structlog.get_logger(__name__)

State = Delivery.State
AT_ONCE = 100
# Words for the sender's log; the page of the recipient says it in its own.
TAKEN = "Another recipient accepted it first."
DECLINED = "The recipient declined it."
EXPIRED = "Nobody accepted it in time."
BY_TURN = "Nobody accepted it in time; it went to another by turn."


class Gone(StrEnum):
    """Why an offer can't be accepted any more."""

    TAKEN = "taken"
    EXPIRED = "expired"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class OfferGone(Exception):
    """Too late. `at` is when it ended; who took it is nobody's business."""

    def __init__(self, why: Gone, at: datetime | None) -> None:
        self.why, self.at = why, at
        super().__init__(why.value)


class OfferRefused(Exception):
    """The recipient may not have it now; the message says why. The offer stays open."""


@transaction.atomic
def accept(delivery: Delivery, *, now: datetime, by_user: User | None = None) -> Delivery:
    """Take the lead for this recipient: its copy goes out at once, the other offers end.

    Exactly one of the recipients gets it; the one who did may ask again. Raises OfferGone if it
    is too late, OfferRefused if a limit of the recipient stands in the way.
    """
    offered = _locked(delivery.distribution_id, delivery.pool_id)
    mine = Delivery.objects.filter(pk=delivery.pk, state=State.OFFERED, offered_until__gt=Now())
    # A lease of somebody who sends the offer right now stays: the copy goes out after it.
    if not mine.update(state=State.QUEUED, accepted_at=now, next_attempt_at=now, reason=""):
        return _mine_already_or_gone(delivery.pk)
    taken = _fresh(delivery.pk)
    if erasure.is_deleted(taken.lead):
        raise OfferGone(Gone.WITHDRAWN, taken.lead.deleted_at)
    _count(taken, now)
    _withdraw([each.pk for each in offered if each.pk != taken.pk], TAKEN, now)
    log.info("offer_accepted", delivery=str(taken.pk), user=str(by_user.pk) if by_user else None)
    return taken


def decline(delivery: Delivery, *, now: datetime) -> None:
    """Say no; twice is harmless. OfferGone if it is not open any more.

    When everybody said no, the lead goes where leads go that nobody took.
    """
    with transaction.atomic():
        offered = _locked(delivery.distribution_id, delivery.pool_id)
        mine = Delivery.objects.filter(pk=delivery.pk, state=State.OFFERED, offered_until__gt=Now())
        changed = mine.update(
            state=State.WITHDRAWN, reason=DECLINED, ended_at=now, next_attempt_at=None
        )
    if not changed:
        delivery.refresh_from_db()
        if (why := why_gone(delivery)) is Gone.DECLINED:
            return
        raise OfferGone(why, delivery.ended_at)
    if not [each for each in offered if each.pk != delivery.pk]:
        coming_back.consider(delivery.distribution_id, now=now)


def expire_due(*, now: datetime, limit: int = AT_ONCE) -> int:
    """End offers whose time is over by the database's clock; how many leads they were of."""
    due = Delivery.objects.filter(state=State.OFFERED, offered_until__lte=Now()).order_by()
    groups = list(due.values_list("distribution_id", "pool_id").distinct()[:limit])
    return sum(_expire(distribution, pool, now) for distribution, pool in groups)


def is_open(delivery: Delivery, *, now: datetime) -> bool:
    """Whether it can be accepted; the answer that counts is given when somebody does."""
    until = delivery.offered_until
    return delivery.state == State.OFFERED and until is not None and until > now


def why_gone(delivery: Delivery) -> Gone:
    """Why an offer that is not open any more has ended."""
    if delivery.reason == DECLINED:
        return Gone.DECLINED
    if delivery.state == State.OFFERED or delivery.reason in (EXPIRED, BY_TURN):
        return Gone.EXPIRED
    return Gone.TAKEN if delivery.reason == TAKEN else Gone.WITHDRAWN


def _locked(distribution_id: UUID, pool_id: UUID | None) -> list[Delivery]:
    rows = Delivery.objects.filter(
        distribution=distribution_id, pool=pool_id, state=State.OFFERED
    )  # fmt: skip
    return list(rows.order_by("pk").select_for_update(no_key=True))


def _fresh(pk: UUID) -> Delivery:
    """As it stands now; what the caller holds stays as it was, should this be rolled back."""
    return Delivery.objects.select_related("team", "lead", "recipient").get(pk=pk)


def _mine_already_or_gone(pk: UUID) -> Delivery:
    delivery = _fresh(pk)
    if delivery.state != State.OFFERED and delivery.state not in ENDED:
        return delivery
    raise OfferGone(why_gone(delivery), delivery.ended_at or delivery.offered_until)


def _count(delivery: Delivery, now: datetime) -> None:
    """Count the copy against the recipient's caps and campaign, under its lock.

    Raised here, OfferRefused undoes the taking.
    """
    team = delivery.team
    wanted = [delivery.recipient_id]
    table = choosing.table(team, recipient_ids=wanted, pool_ids=[], path=delivery.path, now=now)
    recipient = table.recipients[delivery.recipient_id]
    skip = table.consider(recipient, ()).skip
    if skip is not None:
        raise OfferRefused(_refusal(skip.why))
    if not recipient.is_counted:
        return
    told = _warnings(recipient, delivery, now)
    together.write(told, counting.save_counts([recipient]))
    if told:
        alerts.announce_on_commit()


def _warnings(recipient: Recipient, delivery: Delivery, now: datetime) -> list[Alert]:
    reached = [(recipient, what) for what in counting.count(recipient, now)]
    return campaigns.alerts_of(reached, team=delivery.team, now=now)


def _refusal(why: str) -> str:
    words = {
        "paused": _("Your leads are paused at the moment. Ask the sender to resume them."),
        "campaign_over": _("Your campaign with this sender is over."),
        "campaign_full": _("You have all leads of your campaign with this sender."),
        "had_it": _("Your team has had this lead already."),
    }
    if why.startswith("cap_"):
        return _("You have as many leads as you take in this time. It stays open for others.")
    return words.get(why, _("The sender has switched your leads off. Ask them about it."))


def _withdraw(ids: Iterable[UUID], reason: str, now: datetime) -> None:
    Delivery.objects.filter(pk__in=list(ids), state=State.OFFERED).update(
        state=State.WITHDRAWN, reason=reason, ended_at=now, next_attempt_at=None
    )


def _expire(distribution_id: UUID, pool_id: UUID | None, now: datetime) -> bool:
    with transaction.atomic():
        offered = _locked(distribution_id, pool_id)
        due = Delivery.objects.filter(pk__in=[each.pk for each in offered])
        if not due.filter(offered_until__lte=Now()).exists():
            return False  # somebody accepted meanwhile
        chosen = _by_turn(offered, pool_id, now)
        rest = [each.pk for each in offered if each.pk != chosen]
        _withdraw(rest, BY_TURN if chosen else EXPIRED, now)
    if chosen is None:
        coming_back.consider(distribution_id, now=now)
    return True


def _by_turn(offered: Sequence[Delivery], pool_id: UUID | None, now: datetime) -> UUID | None:
    """The delivery that goes out although nobody asked for it, if the pool wants that."""
    pool = RecipientPool.objects.filter(pk=pool_id).first() if pool_id else None
    if pool is None or not pool.is_active or pool.when_nobody != RecipientPool.Nobody.TURN:
        return None
    chosen = turns_after_offers.give(offered, pool, now=now)
    return chosen.pk if chosen else None
