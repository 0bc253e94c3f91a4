"""The alerts of the person who is signed in: what happened while she was elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.alerts import services
from apps.alerts.links import address_of
from apps.alerts.models import WORDED, Alert, Kind
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

PAGE = 50
SYMBOLS = {
    Kind.ASSIGNED: ("user-check", "calm"),
    Kind.OFFERED: ("hand", "info"),
    Kind.OPEN: ("hand", "info"),
    Kind.TAKEN_BACK: ("undo-2", "urgent"),
    Kind.REMINDER: ("clock-alert", "soon"),
    Kind.CAME_AGAIN: ("repeat", "info"),
    Kind.FOLLOW_UP: ("calendar-clock", "soon"),
    Kind.HELD: ("circle-pause", "soon"),
    Kind.UNPLACED: ("triangle-alert", "urgent"),
    Kind.EXPIRED: ("timer-off", "soon"),
    Kind.ESCALATED: ("siren", "urgent"),
    Kind.NOTICE: ("bell", "info"),
    Kind.REPORTED: ("flag", "soon"),
    Kind.REPORT_DECIDED: ("flag", "info"),
    Kind.COPY: ("send", "calm"),
    Kind.COPY_OFFERED: ("hand", "info"),
    Kind.RETURNED: ("undo-2", "soon"),
    Kind.DELIVERY_DEAD: ("circle-x", "urgent"),
    Kind.DISPUTED: ("undo-2", "soon"),
    Kind.DISPUTE_DECIDED: ("undo-2", "info"),
    Kind.RECIPIENT_OFF: ("power-off", "urgent"),
    Kind.CAMPAIGN: ("flag", "soon"),
    Kind.AGREEMENT: ("handshake", "info"),
    Kind.REQUESTED: ("hand", "soon"),
    Kind.REQUEST_DECIDED: ("hand", "info"),
    Kind.JOINED: ("user-check", "calm"),
    Kind.NUDGE: ("bell-ring", "soon"),
}

REASONS = {
    "no_answer_in_time": _("no answer in time"),
    "no_attempt_in_time": _("no attempt in time"),
    "reassigned": _("given to somebody else"),
    "closed": _("the lead was closed"),
    "nobody_eligible": _("nobody could take it"),
    "no_rule_matched": _("no rule matched"),
    "no_rules": _("no rules are published"),
    "rule": _("a rule says so"),
    "empty": _("nobody could take it"),
    "hops": _("passed on as often as the pool allows"),
    "tried": _("everybody was asked"),
    "inactive": _("its pool is switched off"),
    "member_inactive": _("the member is not active"),
    "member_did_not_respond": _("the member did not respond"),
    "member_full": _("the member is full"),
    "too_long_in_hopper": _("too long in the hopper"),
    "late": _("no attempt in time"),
    "nobody_claimed": _("nobody claimed it"),
    "stays_overdue": _("no attempt in time; it stays with its owner"),
    "deadline_passed": _("the deadline has passed"),
    "released": _("given back by a manager"),
    "off_duty": _("you went off duty"),
    "bad_lead": _("reported as a bad lead"),
    "spam": _("spam"),
    "wrong_number": _("wrong number"),
    "duplicate": _("duplicate"),
    "out_of_area": _("not our market"),
    "report_accepted": _("accepted: the lead is closed"),
    "turn_given_back": _("accepted: the lead is closed, your turn is back"),
    "report_refused": _("refused: please work this lead"),
    "overflow_circle": _("its overflows go in a circle"),
    "nobody_took_it": _("no copy of it is with anybody any more"),
    "return_accepted": _("accepted: the lead is not billed"),
    "return_refused": _("refused: the lead stays with you"),
    "request_reassign": _("another owner"),
    "request_credit": _("turns in a pool"),
    "request_approved": _("approved, and done"),
    "request_refused": _("refused"),
}


# What asks to be answered in time, and what tells that it was answered by somebody.
ASKING = frozenset({Kind.OFFERED, Kind.OPEN, Kind.REMINDER, Kind.COPY_OFFERED})
ENDINGS = (Kind.CLAIMED, Kind.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Item:
    """An alert as the list shows it. `ending` took away what it asks for."""

    alert: Alert
    symbol: str
    tone: str
    ending: Alert | None
    now: datetime

    @classmethod
    def of(cls, alert: Alert, *, ending: Alert | None, now: datetime) -> Item:
        symbol, tone = SYMBOLS.get(Kind(alert.kind), ("bell", "info"))
        return cls(alert, symbol, tone, ending, now)

    @property
    def is_past(self) -> bool:
        """Whether nothing can be done about it any more."""
        is_late = self.deadline is not None and self.deadline <= self.now
        return self.alert.kind in ASKING and (is_late or self.ending is not None)

    @property
    def is_over(self) -> bool:
        """Whether it only tells what is past."""
        return self.is_past or self.alert.kind == Kind.EXPIRED

    @property
    def how_it_ended(self) -> str:
        """Who was faster; empty while nobody was."""
        if self.ending is None:
            return ""
        if self.ending.kind == Kind.CLAIMED and self.ending.data.get("by"):
            return str(_("claimed by %(name)s") % {"name": self.ending.data["by"]})
        return str(_("withdrawn"))

    @property
    def day(self) -> date:
        return timezone.localtime(self.alert.created_at).date()

    @property
    def reason(self) -> str:
        """Why, in words; the row keeps a code, or the words where there is none for it."""
        reason = str(self.alert.data.get("reason") or "")
        return str(REASONS.get(reason, reason if self.alert.kind in WORDED else ""))

    @property
    def deadline(self) -> datetime | None:
        """When it was to be answered, if it was."""
        text = self.alert.data.get("expires_at") or self.alert.data.get("respond_by")
        return parse_datetime(text) if isinstance(text, str) else None


@team_page(Permission.SEE_TEAM)
@require_safe
def alert_list(request: HttpRequest, access: Access) -> HttpResponse:
    """Newest first, by day; what is new stands out."""
    mine = Alert.objects.visible_to(access).listed()
    rows = list(_before(mine, request.GET.get("before", ""))[: PAGE + 1])
    older = f"?before={rows[PAGE - 1].pk}" if len(rows) > PAGE else None
    items = _items(rows[:PAGE], Alert.objects.visible_to(access), now=timezone.now())
    today = timezone.localdate()
    days = [
        {"date": day, "is_today": day == today, "items": list(group)}
        for day, group in groupby(items, key=lambda item: item.day)
    ]
    context = {
        "access": access,
        "section": "alerts",
        "days": days,
        "older": older,
        "is_first_page": "before" not in request.GET,
        "has_unread": mine.filter(read_at__isnull=True).exists(),
    }
    return render(request, "alerts/list.html", context)


def _items(rows: Sequence[Alert], mine: QuerySet[Alert], *, now: datetime) -> list[Item]:
    """The alerts with what became of them, in one statement more."""
    offers = {row.offer_id for row in rows if row.kind in ASKING and row.offer_id}
    ended = (
        mine.filter(kind__in=ENDINGS, offer_id__in=offers, created_at__gte=rows[-1].created_at)
        if offers
        else ()
    )
    endings = {alert.offer_id: alert for alert in ended}
    return [Item.of(row, ending=endings.get(row.offer_id), now=now) for row in rows]


@team_page(Permission.SEE_TEAM)
@require_safe
def open_alert(request: HttpRequest, access: Access, alert: UUID) -> HttpResponse:
    """Go where the alert leads; it has been seen then."""
    mine = Alert.objects.visible_to(access).listed().select_related("team")
    found = get_object_or_404(mine, pk=alert)
    services.mark_read(found, by=access, now=timezone.now())
    return redirect(address_of(found))


@team_page(Permission.SEE_TEAM)
@require_POST
def read_all(request: HttpRequest, access: Access) -> HttpResponse:
    """Everything is seen."""
    number = services.mark_all_read(by=access, now=timezone.now())
    words = ngettext("%d alert marked as read.", "%d alerts marked as read.", number)
    messages.success(request, words % number if number else _("There was nothing new."))
    return redirect("alerts:list", team=access.team.slug)


def _before(rows: QuerySet[Alert], cursor: str) -> QuerySet[Alert]:
    """The rows older than the alert `cursor`; all of them for a cursor that is none."""
    try:
        last = rows.filter(pk=UUID(cursor)).first()
    except ValueError:
        last = None
    if last is None:
        return rows
    same_moment = Q(created_at=last.created_at, pk__lt=last.pk)
    return rows.filter(Q(created_at__lt=last.created_at) | same_moment)
