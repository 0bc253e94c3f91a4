"""Imports: a file, its columns, its progress and its report."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.capture import imports, tasks
from apps.capture.forms import UploadForm
from apps.capture.models import Capture, Import
from apps.rules.registry import registry
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page
from config.celery import nudge

SHOWN = 50
ROWS_SHOWN = 200


@team_page(Permission.IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def imports_page(request: HttpRequest, access: Access) -> HttpResponse:
    """The imports so far, and the form for the next."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        run = _uploaded(form, access)
        if run is not None:
            return redirect("capture:import", team=access.team.slug, run=run.pk)
    rows = Import.objects.visible_to(access).select_related("source", "actor").defer("body")
    context = {
        "access": access,
        "section": "imports",
        "form": form,
        "imports": rows[:SHOWN],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "capture/imports.html", context, status=status)


def _uploaded(form: UploadForm, access: Access) -> Import | None:
    file = form.cleaned_data["file"]
    try:
        return imports.upload(
            body=file.read(),
            file_name=file.name,
            source_name=form.cleaned_data["source"],
            by=access,
            now=timezone.now(),
        )
    except imports.FileRefused as error:
        form.add_error("file", str(error))
        return None


@team_page(Permission.IMPORT)
@never_cache
@require_safe
def import_page(request: HttpRequest, access: Access, run: UUID) -> HttpResponse:
    """The mapping before it starts, then the progress, then the report."""
    found = _import(access, run)
    return _shown(request, access, found)


@team_page(Permission.IMPORT)
@require_POST
def start(request: HttpRequest, access: Access, run: UUID) -> HttpResponse:
    """Start it with the columns as chosen."""
    found = _import(access, run)
    headers, fields = request.POST.getlist("header"), request.POST.getlist("field")
    known = {key for key, _label in imports.choices(registry(access.team))}
    mapping = {
        header: field for header, field in zip(headers, fields, strict=False) if field in known
    }
    try:
        imports.begin(found, mapping=mapping, by=access, now=timezone.now())
    except imports.FileRefused as error:
        messages.error(request, str(error))
        found.mapping = mapping
        return _shown(request, access, found, status=422)
    nudge(tasks.run_import, str(found.pk))
    return redirect("capture:import", team=access.team.slug, run=found.pk)


@team_page(Permission.IMPORT)
@never_cache
@require_safe
def progress(request: HttpRequest, access: Access, run: UUID) -> HttpResponse:
    """The fragment that the page asks for while the import runs; then the whole page again."""
    found = _import(access, run)
    response = render(request, "capture/_import_progress.html", _report(access, found))
    if found.state != Import.State.RUNNING:
        response["HX-Refresh"] = "true"
    return response


@team_page(Permission.IMPORT)
@require_safe
def refused(request: HttpRequest, access: Access, run: UUID) -> HttpResponse:
    """The refused rows as a file, to mend and upload again."""
    found = _import(access, run)
    if _reader(access, found).masked:
        raise PermissionDenied("Contact details are hidden from you.")
    response = HttpResponse(imports.refused_csv(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="refused.csv"'
    return response


def _import(access: Access, run: UUID) -> Import:
    rows = Import.objects.visible_to(access).select_related("source__team", "actor")
    found: Import = get_object_or_404(rows, pk=run)
    return found


def _report(access: Access, run: Import) -> dict[str, Any]:
    words = {
        **dict(Capture.Outcome.choices),
        "refused": _("refused"),
        "repeated": _("here already"),
    }
    counts = [(words.get(outcome, outcome), count) for outcome, count in run.counts.items()]
    return {
        "access": access, "section": "imports", "run": run, "counts": counts,
        "reader": _reader(access, run),
    }  # fmt: skip


def _reader(access: Access, run: Import) -> Access:
    """The reader of a file's cells: whoever uploaded it knows them, though she is masked."""
    is_own = run.actor_id is not None and run.actor_id == access.actor_id
    return replace(access, masked=access.masked and not is_own)


def _shown(request: HttpRequest, access: Access, run: Import, status: int = 200) -> HttpResponse:
    context = _report(access, run)
    if run.state == Import.State.MAPPING:
        context["columns"] = imports.columns(run)
        context["choices"] = imports.choices(registry(access.team))
    else:
        context["rows"] = run.rows.all()[:ROWS_SHOWN]
        context["refused"] = run.counts.get(imports.REFUSED, 0)
    return render(request, "capture/import.html", context, status=status)
