"""Captures: what came in, what became of it, and another try for what waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.capture import services
from apps.capture.models import Capture
from apps.capture.reading.parsing import parse
from apps.leads.models import Source
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

PAGE = 50
LONGEST_SHOWN = 50_000
# What one press may try; the rest is a second press, or the command.
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    href: str
    is_current: bool
    count: int = 0


@team_page(Permission.SEE_CAPTURES)
@require_safe
def captures_page(request: HttpRequest, access: Access) -> HttpResponse:
    """The inbox, newest first; those that wait for a person have a tab of their own."""
    shown = request.GET.get("state", "")
    rows = Capture.objects.visible_to(access).select_related("source", "lead").defer("body")
    waiting = Capture.objects.visible_to(access).filter(state__in=services.WAITING)
    chosen = _of_source(_of_state(rows, shown), request.GET.get("source", ""))
    chosen = _older_than(chosen, request.GET.get("before", ""), access)
    page = list(chosen.order_by("-received_at", "-id")[: PAGE + 1])
    context = {
        "access": access,
        "section": "captures",
        "captures": page[:PAGE],
        "older": page[PAGE - 1].pk if len(page) > PAGE else None,
        "tabs": _tabs(shown, waiting.count()),
        "waiting": waiting.count(),
        "sources": Source.objects.visible_to(access),
        "state": shown,
        "source": request.GET.get("source", ""),
    }
    return render(request, "capture/captures.html", context)


def _tabs(shown: str, waiting: int) -> list[Tab]:
    return [
        Tab(_("All"), "?", shown not in ("waiting", "done")),
        Tab(_("Waiting"), "?state=waiting", shown == "waiting", waiting),
        Tab(_("Done"), "?state=done", shown == "done"),
    ]


def _of_state(rows: QuerySet[Capture], shown: str) -> QuerySet[Capture]:
    if shown == "waiting":
        return rows.filter(state__in=services.WAITING)
    if shown == "done":
        return rows.filter(state=Capture.State.DONE)
    return rows


def _of_source(rows: QuerySet[Capture], given: str) -> QuerySet[Capture]:
    source = _uuid(given)
    return rows.filter(source_id=source) if source else rows


def _older_than(rows: QuerySet[Capture], given: str, access: Access) -> QuerySet[Capture]:
    """What came before the capture with this id; everything if there is none."""
    before = _uuid(given)
    last = before and Capture.objects.visible_to(access).filter(pk=before).first()
    if not last:
        return rows
    earlier = Q(received_at__lt=last.received_at)
    return rows.filter(earlier | Q(received_at=last.received_at, pk__lt=last.pk))


def _uuid(given: str) -> UUID | None:
    try:
        return UUID(given)
    except ValueError:
        return None


@team_page(Permission.SEE_CAPTURES)
@require_safe
def capture_page(request: HttpRequest, access: Access, capture: UUID) -> HttpResponse:
    """One capture: the body as it came, what was understood and what became of it."""
    found = _capture(access, capture)
    parsed = parse(bytes(found.body), found.content_type)
    body = bytes(found.body)[:LONGEST_SHOWN].decode("utf-8", "replace")
    context: dict[str, Any] = {
        "access": access,
        "section": "captures",
        "capture": found,
        "body": "" if access.masked else body,
        "is_cut": len(found.body) > LONGEST_SHOWN,
        "problem": parsed.reason,
        "may_replay": found.state in services.WAITING and access.can(Permission.EDIT_SOURCES),
    }
    return render(request, "capture/capture.html", context)


@team_page(Permission.EDIT_SOURCES)
@require_POST
def replay(request: HttpRequest, access: Access, capture: UUID) -> HttpResponse:
    """Try one capture again."""
    found = _capture(access, capture)
    answer = services.replay(found, by=access, now=timezone.now())
    if answer is None:
        messages.info(request, _("This capture does not wait any more: nothing was done."))
    elif answer.status == 202:
        messages.warning(request, _("It still waits: %(why)s") % {"why": answer.reason})
    else:
        messages.success(request, _("It worked this time."))
    return redirect("capture:capture", team=access.team.slug, capture=found.pk)


@team_page(Permission.EDIT_SOURCES)
@require_POST
def replay_all(request: HttpRequest, access: Access) -> HttpResponse:
    """Try everything that waits, oldest first."""
    counts = services.replay_all(by=access, now=timezone.now(), limit=AT_ONCE)
    still = counts.pop("quarantined", 0)
    made = sum(counts.values())
    words = ngettext("%d capture went through.", "%d captures went through.", made) % made
    if still:
        words += " " + ngettext("%d still waits.", "%d still wait.", still) % still
    messages.info(request, words)
    return redirect("capture:captures", team=access.team.slug)


def _capture(access: Access, capture: UUID) -> Capture:
    rows = Capture.objects.visible_to(access).select_related("source", "lead__owner__user")
    found: Capture = get_object_or_404(rows, pk=capture)
    return found
