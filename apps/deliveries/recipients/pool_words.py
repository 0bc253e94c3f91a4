"""Pools of recipients in words, and their seats as the pages show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.deliveries.recipients import words as recipient_words
from apps.deliveries.recipients.words import Standing
from apps.routing import performance
from apps.routing.credit import NANO
from apps.rules.models import RecipientPool, RecipientSeat
from apps.rules.wording import duration
from apps.teams.access import Access

HALF = 44  # half the width of a credit's bar
BY_TURN = (RecipientPool.Way.TURN, RecipientPool.Way.PERFORMANCE)


@dataclass(frozen=True, slots=True)
class Seated:
    """A seat with how its recipient stands and the bar of its credit."""

    seat: RecipientSeat
    icon: str
    standing: Standing
    bar_x: int
    bar_width: int

    @property
    def is_owed(self) -> bool:
        return self.seat.credit > 0


def seats_of(pools: Iterable[RecipientPool]) -> QuerySet[RecipientSeat]:
    """The seats of some pools in their order, with what `seated` needs."""
    return (
        RecipientSeat.objects.filter(pool__in=list(pools))
        .select_related("recipient__agreement__to", "recipient__membership__user")
        .order_by("position", "pk")
    )


def seated(seats: Iterable[RecipientSeat], access: Access, *, now: datetime) -> list[Seated]:
    listed = list(seats)
    widest = max([NANO, *(abs(seat.credit) for seat in listed)])
    return [_seated(seat, widest, access, now) for seat in listed]


def _seated(seat: RecipientSeat, widest: int, access: Access, now: datetime) -> Seated:
    width = round(HALF * abs(seat.credit) / widest)
    return Seated(
        seat,
        recipient_words.KIND_ICONS[seat.recipient.kind],  # type: ignore[index]
        recipient_words.standing(seat.recipient, access.team, now=now),
        HALF if seat.credit > 0 else HALF - width,
        width,
    )


def how(pool: RecipientPool) -> str:
    """Who gets a lead, in a sentence."""
    match pool.way:
        case RecipientPool.Way.ALL:
            return _("Everyone here gets a copy of each lead.")
        case RecipientPool.Way.TURN:
            return _("One at a time, by turn and weight.")
        case RecipientPool.Way.PERFORMANCE:
            return _by_performance(pool)
    nobody = {
        RecipientPool.Nobody.TURN: _("then it goes to one of them by turn"),
        RecipientPool.Nobody.NONE: _("then nobody gets it"),
    }[RecipientPool.Nobody(pool.when_nobody)]
    return _("Offered to everyone for %(time)s; the first to accept gets it, %(nobody)s.") % {
        "time": duration(pool.window_seconds),
        "nobody": nobody,
    }


def _by_performance(pool: RecipientPool) -> str:
    settings = pool.performance
    words = {
        "days": settings.get("days", performance.DAYS),
        "percent": settings.get("most_percent", performance.MOST_PERCENT),
        "share": settings.get("share", 100),
    }
    said = _("One at a time, by turn; weights move by ± %(percent)d %% at most") % words
    measured = _("with the share of leads of the last %(days)d days that were not returned") % words
    if words["share"] >= 100:
        return f"{said}, {measured}."
    return f"{said}, {measured}, " + _("on %(share)d %% of the leads.") % words
