"""The scoring page: the points table in sentences, what it makes of the latest leads, the bands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.rules import tasks
from apps.rules.builder import controls, editor, sheets
from apps.rules.models import ScoreLine
from apps.rules.refusals import Refused
from apps.rules.registry import registry
from apps.rules.scoring import board, rescoring
from apps.rules.scoring import form as score_form
from apps.rules.scoring import lines as score_lines
from apps.rules.scoring.board import Scoreboard
from apps.rules.scoring.form import ScoreForm
from apps.rules.scoring.starter import usual
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page
from config.celery import nudge


@team_page(Permission.SEE_ROUTING)
@require_safe
def scoring(request: HttpRequest, access: Access) -> HttpResponse:
    """All lines; `?line=<id>` opens one for editing, `?new` an empty one, `?lead` explains one."""
    now = timezone.now()
    page = board.load(access, now=now)
    if not access.can(Permission.EDIT_ROUTING):
        return _page(request, page)
    if "new" in request.GET:
        return _page(request, page, form=score_form.blank())
    line = _find(page, request.GET.get("line", ""))
    known = score_form.askable(page.registry)
    return _page(request, page, form=score_form.of(line, known) if line else None, line=line)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def save(request: HttpRequest, access: Access, line: UUID | None = None) -> HttpResponse:
    """Save the form of a line, or redraw it after one of its buttons."""
    now = timezone.now()
    form, deed = score_form.read(request.POST), request.POST.get("do", "save")
    if deed != "save":
        return _redraw(request, access, form, deed, line, now)
    fields = form.fields(score_form.askable(registry(access.team)))
    try:
        if line is None:
            saved = score_lines.add_line(access.team, fields, by=access, now=now)
        else:
            saved = score_lines.save_line(access.team, line, fields, by=access, now=now)
    except Refused as refused:
        form.refuse(refused.problems)
        page = board.load(access, now=now)
        return _page(request, page, form=form, line=_known(page, line), status=422)
    except ScoreLine.DoesNotExist:
        raise Http404 from None
    return _changed(access, f"#line-{saved.pk}")


@team_page(Permission.EDIT_ROUTING)
@require_POST
def probe(request: HttpRequest, access: Access) -> HttpResponse:
    """What the form as it stands would make of the latest leads: a fragment beside it."""
    form = score_form.read(request.POST)
    page = board.load(access, now=timezone.now())
    tried = _with_draft(page, form, _find(page, request.POST.get("key", "")))
    return render(request, "rules/_score_probe.html", {"access": access, "board": tried})


@team_page(Permission.EDIT_ROUTING)
@require_POST
def move(request: HttpRequest, access: Access, line: UUID) -> HttpResponse:
    """To a place (`to`), or one `step` up or down."""
    lines = score_lines.lines_of(access.team)
    place = next((n for n, each in enumerate(lines, 1) if each.pk == line), 0)
    step = {"up": -1, "down": 1}.get(request.POST.get("step", ""), 0)
    to = score_form.whole(request.POST.get("to", "")) or place + step
    return _try(request, access, lambda: score_lines.move_line(
        access.team, line, to=to, by=access, now=timezone.now()
    ))  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def switch(request: HttpRequest, access: Access, line: UUID) -> HttpResponse:
    is_active = request.POST.get("on") == "1"
    return _try(request, access, lambda: score_lines.switch_line(
        access.team, line, is_active=is_active, by=access, now=timezone.now()
    ))  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def remove(request: HttpRequest, access: Access, line: UUID) -> HttpResponse:
    return _try(request, access, lambda: score_lines.remove_line(
        access.team, line, by=access, now=timezone.now()
    ))  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def bands(request: HttpRequest, access: Access) -> HttpResponse:
    """Set from which score on a lead is in which band."""
    now, given = timezone.now(), score_form.read_bands(request.POST)
    try:
        score_lines.set_bands(access.team, given, by=access, now=now)
    except Refused as refused:
        wrong = {problem.path: problem.message for problem in refused.problems}
        page = board.load(access, now=now)
        typed = {band: request.POST.get(f"band_{band}", "")[:8] for band in given}
        return _page(request, page, band_errors=wrong, typed=typed, status=422)
    messages.success(request, _("Bands saved."))
    return _changed(access, "#bands")


@team_page(Permission.EDIT_ROUTING)
@require_POST
def start(request: HttpRequest, access: Access) -> HttpResponse:
    """Fill the empty table with the usual lines."""
    if not score_lines.start_with(access.team, usual(), by=access, now=timezone.now()):
        messages.info(request, _("The table has lines already; they stay as they are."))
    return _changed(access)


@team_page(Permission.SEE_ROUTING)
@never_cache
@require_safe
def progress(request: HttpRequest, access: Access) -> HttpResponse:
    """The fragment that the page asks for while open leads are counted again."""
    found = rescoring.progress(access.team, timezone.now())
    context = {"access": access, "progress": found, "is_over": found is None}
    return render(request, "rules/_score_progress.html", context)


def _redraw(
    request: HttpRequest, access: Access, form: ScoreForm, deed: str, key: UUID | None,
    now: datetime,
) -> HttpResponse:  # fmt: skip
    page = board.load(access, now=now)
    line = _known(page, key) if key else None
    form.sheet = sheets.settle(editor.act(form.sheet, deed), score_form.askable(page.registry))
    if not request.headers.get("HX-Request"):
        return _page(request, page, form=form, line=line)
    context = {"access": access, **_editor(page, form, line)}
    return render(request, "rules/_score_editor.html", context)


def _page(
    request: HttpRequest,
    page: Scoreboard,
    *,
    form: ScoreForm | None = None,
    line: ScoreLine | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context: dict[str, Any] = {
        "access": page.access,
        "section": "scoring",
        "now": page.now,
        "board": page,
        "open": line,
        "is_new": form is not None and line is None,
        "bands": _bands(page, more.get("typed"), more.get("band_errors") or {}),
    }
    if form is not None:
        context |= _editor(page, form, line)
    context["explained"] = context["board"].explained(request.GET.get("lead", ""))
    return render(request, "rules/scoring.html", context, status=status)


def _bands(page: Scoreboard, typed: Any, errors: dict[str, str]) -> list[dict[str, Any]]:
    values = typed or board.bands_of(page.access)
    return [
        {"band": band, "least": values[band], "error": errors.get(f"band_{band}", "")}
        for band in values
    ]


def _editor(page: Scoreboard, form: ScoreForm, line: ScoreLine | None) -> dict[str, Any]:
    known = score_form.askable(page.registry)
    address = {"team": page.access.team.slug} | ({"line": line.pk} if line else {})
    return {
        "form": form,
        "open": line,
        "key": str(line.pk) if line else "",
        "is_new": line is None,
        "controls": controls.controls(form.sheet, known, page.sample),
        "save_url": reverse("rules:score_line" if line else "rules:new_score_line", kwargs=address),
        "board": _with_draft(page, form, line),
    }


def _with_draft(page: Scoreboard, form: ScoreForm, line: ScoreLine | None) -> Scoreboard:
    draft = score_form.as_line(form, line, score_form.askable(page.registry))
    return Scoreboard(page.access, page.now, page.registry, page.saved, draft)


def _try(request: HttpRequest, access: Access, act: Callable[[], Any]) -> HttpResponse:
    """Do it and go back to the table; a refusal is said there."""
    try:
        act()
    except Refused as refused:
        for problem in refused.problems:
            messages.error(request, problem.message)
    except ScoreLine.DoesNotExist:
        raise Http404 from None
    return _changed(access)


def _changed(access: Access, place: str = "") -> HttpResponse:
    """Back to the table, while a worker counts the open leads by it."""
    nudge(tasks.rescore_team, str(access.team.pk))
    return redirect(reverse("rules:scoring", kwargs={"team": access.team.slug}) + place)


def _find(page: Scoreboard, key: str) -> ScoreLine | None:
    return next((line for line in page.saved if str(line.pk) == key), None)


def _known(page: Scoreboard, key: UUID | None) -> ScoreLine | None:
    """The line of this key, None for a new one; Http404 if there is no such line."""
    if key is None:
        return None
    found = _find(page, str(key))
    if found is None:
        raise Http404(_("There is no such line."))
    return found
