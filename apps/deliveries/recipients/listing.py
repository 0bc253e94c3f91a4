"""The list of recipients: who they are, how they stand, what they got lately."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.deliveries.models import ARRIVED, Delivery
from apps.deliveries.recipients import words as recipient_words
from apps.deliveries.recipients.words import Standing
from apps.rules.models import Agreement, Recipient
from apps.teams.access import Access

PAGE = 50
WEEK, FOUR_WEEKS = timedelta(days=7), timedelta(days=28)
SEARCHED = ("name", "email", "url", "campaign", "agreement__to__name", "agreement__email")
STATES = [
    ("", _("Any state")),
    ("on", _("On")),
    ("paused", _("Paused")),
    ("consent", _("Without consent")),
    ("trouble", _("Failing or switched off")),
    ("over", _("Campaign over")),
    ("archived", _("Archived")),
]


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient with its figures; `percent` of its quota, None without one."""

    recipient: Recipient
    icon: str
    where: str
    standing: Standing
    week: int
    four_weeks: int
    quota: str
    percent: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list was asked for; what is unknown is not asked."""

    words: str = ""
    kind: str = ""
    state: str = ""

    @classmethod
    def of(cls, data: Mapping[str, str]) -> Asked:
        kind, state = data.get("kind", ""), data.get("state", "")
        return cls(
            data.get("q", "").replace("\x00", "").strip()[:100],
            kind if kind in Recipient.Kind.values else "",
            state if state in dict(STATES) else "",
        )

    def __bool__(self) -> bool:
        return bool(self.words or self.kind or self.state)


def found(access: Access, asked: Asked, *, now: datetime) -> QuerySet[Recipient]:
    """Those that were asked for, by name; archived ones only when they are."""
    rows = Recipient.objects.visible_to(access)
    rows = rows.filter(is_active=asked.state != "archived")
    if asked.words:
        said = (Q(**{f"{column}__icontains": asked.words}) for column in SEARCHED)
        rows = rows.filter(reduce(or_, said))
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    wanted = _states(now).get(asked.state)
    rows = rows if wanted is None else rows.filter(wanted)
    return rows.select_related("agreement__to", "membership__user").order_by("name", "pk")


def page(
    recipients: QuerySet[Recipient], access: Access, *, number: str | None, now: datetime
) -> tuple[Page[Recipient], list[Row]]:
    """One page of them with what each got lately."""
    shown = Paginator(recipients, PAGE).get_page(number)
    got = _got([recipient.pk for recipient in shown], access, now)
    return shown, [_row(recipient, got, access, now) for recipient in shown]


def _row(
    recipient: Recipient, got: Mapping[UUID, tuple[int, int]], access: Access, now: datetime
) -> Row:
    week, four_weeks = got.get(recipient.pk, (0, 0))
    quota = recipient.quota
    return Row(
        recipient,
        recipient_words.KIND_ICONS[Recipient.Kind(recipient.kind)],
        recipient_words.where(recipient),
        recipient_words.standing(recipient, access.team, now=now),
        week,
        four_weeks,
        recipient_words.quota(recipient, access.team),
        None if not quota else min(recipient.campaign_count * 100 // quota, 100),
    )


def _got(ids: Iterable[UUID], access: Access, now: datetime) -> dict[UUID, tuple[int, int]]:
    """Copies that arrived there, of the leads of the last 7 and 28 days."""
    rows = Delivery.objects.visible_to(access).filter(
        recipient__in=list(ids), queued_at__gt=now - FOUR_WEEKS, state__in=ARRIVED
    )
    counted = (
        rows.order_by()
        .values("recipient")
        .annotate(week=Count("pk", filter=Q(queued_at__gt=now - WEEK)), all=Count("pk"))
    )
    return {each["recipient"]: (each["week"], each["all"]) for each in counted}


def _states(now: datetime) -> Mapping[str, Q]:
    """The states by which the list is narrowed, as the database sees them."""
    paused = Q(is_paused=True) & (Q(paused_until=None) | Q(paused_until__gt=now))
    consent = Q(kind=Recipient.Kind.TEAM) & ~Q(agreement__state=Agreement.State.ACCEPTED)
    off = Q(disabled_at__isnull=False)
    over = Q(ends_at__lte=now) | Q(quota__isnull=False, campaign_count__gte=F("quota"))
    return {
        "on": ~paused & ~consent & ~off & ~over,
        "paused": paused,
        "consent": consent,
        "trouble": off | Q(failures__gt=0),
        "over": over,
    }
