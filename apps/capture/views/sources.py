"""Sources: connect, try, map, switch, rotate, revoke."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.capture import flow, samples, sources
from apps.capture.forms import SourceForm, SourceSettingsForm
from apps.capture.imports import choices
from apps.capture.models import Capture
from apps.capture.reading.seen_fields import IGNORE, mapping_from, seen_fields
from apps.leads.models import Source
from apps.rules import agreements
from apps.rules.registry import registry
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

ARRIVALS = 5


@team_page(Permission.EDIT_SOURCES)
@require_safe
def sources_page(request: HttpRequest, access: Access) -> HttpResponse:
    """Where leads come from, with what came of late."""
    now = timezone.now()
    context = {
        "access": access,
        "section": "sources",
        "tab": "sources",
        "questions_waiting": agreements.asked_of(access, now=now).count(),
        "rows": flow.by_source(sources.connected(access), access=access, now=now),
        "since": flow.since(access, now=now),
        "looked_back": 2 * flow.WEEK.days,
    }
    return render(request, "capture/sources.html", context)


@team_page(Permission.EDIT_SOURCES)
@require_http_methods(["GET", "HEAD", "POST"])
def new_source(request: HttpRequest, access: Access) -> HttpResponse:
    """Choose a kind and a name; the address and the secret follow on the source's page."""
    form = SourceForm(request.POST or None)
    if form.is_valid():
        new = sources.create(**form.cleaned_data, by=access, now=timezone.now())
        _show_once(request, new)
        return redirect("capture:source", team=access.team.slug, source=new.source.pk)
    status = 422 if request.method == "POST" else 200
    context = {"access": access, "section": "sources", "form": form}
    return render(request, "capture/new_source.html", context, status=status)


@team_page(Permission.EDIT_SOURCES)
@never_cache
@require_safe
def source_page(request: HttpRequest, access: Access, source: UUID) -> HttpResponse:
    """One source: its address, a test, what arrived, its fields and its settings."""
    found = _source(access, source)
    return _shown(request, access, found, SourceSettingsForm(found))


@team_page(Permission.EDIT_SOURCES)
@never_cache
@require_safe
def arrivals(request: HttpRequest, access: Access, source: UUID) -> HttpResponse:
    """The fragment that the page asks for every few seconds."""
    found = _source(access, source)
    context = {"access": access, "source": found, "captures": _arrived(found)}
    return render(request, "capture/_arrivals.html", context)


@team_page(Permission.EDIT_SOURCES)
@require_POST
def send_test(request: HttpRequest, access: Access, source: UUID) -> HttpResponse:
    found = _source(access, source)
    if found.revoked_at is None:
        samples.send_test(found, now=timezone.now())
        messages.success(request, _("A test lead was sent. Nobody was bothered with it."))
    return _back(access, found)


@team_page(Permission.EDIT_SOURCES)
@require_POST
def save_mapping(request: HttpRequest, access: Access, source: UUID) -> HttpResponse:
    """Save which field each path is."""
    found = _source(access, source)
    paths, fields = request.POST.getlist("path"), request.POST.getlist("field")
    try:
        mapping = mapping_from(dict(zip(paths, fields, strict=False)), registry(access.team))
    except ValueError as error:
        words = _("Two fields go to “%(field)s”; choose one. Nothing was saved.")
        messages.error(request, words % {"field": error})
        return _back(access, found)
    sources.change(found, by=access, now=timezone.now(), mapping=mapping)
    messages.success(request, _("Saved. What waits in Captures can be replayed with it."))
    return _back(access, found)


@team_page(Permission.EDIT_SOURCES)
@require_POST
def save_settings(request: HttpRequest, access: Access, source: UUID) -> HttpResponse:
    found = _source(access, source)
    form = SourceSettingsForm(found, request.POST)
    if not form.is_valid():
        return _shown(request, access, found, form, status=422)
    sources.change(found, by=access, now=timezone.now(), **form.changes())
    messages.success(request, _("Saved."))
    return _back(access, found)


@team_page(Permission.EDIT_SOURCES)
@require_POST
def rotate(request: HttpRequest, access: Access, source: UUID) -> HttpResponse:
    """A new address and secret; the old ones go on for a week."""
    found = _source(access, source)
    if found.revoked_at is None and found.kind in sources.ADDRESSED:
        _show_once(request, sources.rotate(found, by=access, now=timezone.now()))
        messages.success(request, _("Here is the new address. The old one works for 7 days."))
    return _back(access, found)


@team_page(Permission.EDIT_SOURCES)
@require_POST
def revoke(request: HttpRequest, access: Access, source: UUID) -> HttpResponse:
    found = _source(access, source)
    if found.kind == Source.Kind.COPY:
        messages.error(request, _("To take no more of these leads, end it here."))
        return redirect("capture:senders", team=access.team.slug)
    sources.revoke(found, by=access, now=timezone.now())
    messages.success(request, _("The address is closed. Leads and captures are kept."))
    return redirect("capture:sources", team=access.team.slug)


def _source(access: Access, source: UUID) -> Source:
    rows = Source.objects.visible_to(access).select_related("team")
    found: Source = get_object_or_404(rows, pk=source)
    return found


def _back(access: Access, source: Source) -> HttpResponse:
    return redirect("capture:source", team=access.team.slug, source=source.pk)


def _show_once(request: HttpRequest, new: sources.NewSource) -> None:
    """Keep the secret for the one page that shows it."""
    request.session[f"secret:{new.source.pk}"] = new.secret


def _arrived(source: Source) -> list[Capture]:
    rows = Capture.objects.filter(source=source).select_related("lead__owner__user")
    return list(rows.order_by("-received_at", "-id")[:ARRIVALS])


def _shown(
    request: HttpRequest,
    access: Access,
    source: Source,
    form: SourceSettingsForm,
    status: int = 200,
) -> HttpResponse:
    fields = registry(access.team)
    context: dict[str, Any] = {
        "access": access,
        "section": "sources",
        "source": source,
        "address": "" if source.revoked_at else sources.address_of(source),
        "curl": "" if source.revoked_at else samples.curl(source),
        "embed": samples.frame(source),
        "secret": request.session.pop(f"secret:{source.pk}", ""),
        "captures": _arrived(source),
        "fields": seen_fields(source, fields),
        "choices": choices(fields),
        "labels": dict(choices(fields)),
        "ignore": IGNORE,
        "form": form,
    }
    return render(request, "capture/source.html", context, status=status)
