"""The rule builder: rules in order, one of them open, and what it would catch."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.rules import board, controls, editor, ladder, probe, rule_form, standing, versions
from apps.rules.board import Board
from apps.rules.models import Rule, RuleSet
from apps.rules.refusals import Refused
from apps.rules.rule_form import RuleForm
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

SHOWN = 100


@team_page(Permission.SEE_ROUTING)
@require_safe
def rules(request: HttpRequest, access: Access) -> HttpResponse:
    """All rules; `?rule=<key>` opens one for editing, `?new` an empty one."""
    page = board.load(access, now=timezone.now())
    if not access.can(Permission.EDIT_ROUTING):
        return _page(request, page)
    if "new" in request.GET:
        return _page(request, page, form=rule_form.blank(page.pools.values()))
    rule = _find(page, request.GET.get("rule", ""))
    form = rule_form.of(rule, page.registry) if rule else None
    return _page(request, page, form=form, rule=rule)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def save(request: HttpRequest, access: Access, rule: UUID | None = None) -> HttpResponse:
    """Save the form of a rule, or redraw it after one of its buttons."""
    now = timezone.now()
    form = rule_form.read(request.POST)
    deed = request.POST.get("do", "save")
    if deed != "save":
        return _redraw(request, access, form, deed, rule, now)
    page = board.load(access, now=now)
    fields = form.fields(page.registry)
    try:
        if rule is None:
            saved = versions.add_rule(_set(access), fields, by=access, now=now)
        else:
            saved = versions.save_rule(_set(access), rule, fields, by=access, now=now)
    except Refused as refused:
        form.refuse(refused.problems)
        return _page(request, page, form=form, rule=_known(page, rule), status=422)
    except Rule.DoesNotExist:
        raise Http404 from None
    return _back(access, saved.key)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def probe_rule(request: HttpRequest, access: Access) -> HttpResponse:
    """What the form as it stands would catch: a fragment beside it."""
    page = board.load(access, now=timezone.now())
    form = rule_form.read(request.POST)
    rule = _find(page, request.POST.get("key", ""))
    return render(request, "rules/_probe.html", _probe(page, form, rule) | {"access": access})


@team_page(Permission.EDIT_ROUTING)
@require_POST
def move(request: HttpRequest, access: Access, rule: UUID) -> HttpResponse:
    """To a place (`to`), or one `step` up or down."""
    now = timezone.now()
    page = board.load(access, now=now)
    place = _known(page, rule).position
    step = {"up": -1, "down": 1}.get(request.POST.get("step", ""), 0)
    wanted = request.POST.get("to", "")
    to = int(wanted) if wanted.isdecimal() else place + step
    return _try(request, access, rule, lambda: versions.move_rule(_set(access), rule, to=max(to, 1), by=access, now=now
    ))  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def switch(request: HttpRequest, access: Access, rule: UUID) -> HttpResponse:
    is_active = request.POST.get("on") == "1"
    return _try(request, access, rule, lambda: versions.set_active(_set(access), rule, is_active=is_active, by=access, now=timezone.now()
    ))  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def undo(request: HttpRequest, access: Access, rule: UUID) -> HttpResponse:
    return _try(request, access, rule, lambda: versions.undo_rule(_set(access), rule, by=access, now=timezone.now()
    ))  # fmt: skip


@team_page(Permission.EDIT_ROUTING)
@require_POST
def remove(request: HttpRequest, access: Access, rule: UUID) -> HttpResponse:
    return _try(request, access, None, lambda: versions.remove_rule(_set(access), rule, by=access, now=timezone.now()
    ))  # fmt: skip


@team_page(Permission.SEE_ROUTING)
@require_safe
def caught(request: HttpRequest, access: Access, rule: UUID) -> HttpResponse:
    """The latest leads that a rule catches."""
    page = board.load(access, now=timezone.now())
    found = _known(page, rule)
    leads = page.trial.leads_of(rule)
    context = {
        "access": access,
        "section": "rules",
        "rule": found,
        "leads": leads[:SHOWN],
        "count": len(leads),
        "of": len(page.sample),
    }
    return render(request, "rules/caught.html", context)


def _redraw(
    request: HttpRequest, access: Access, form: RuleForm, deed: str, key: UUID | None, now: datetime
) -> HttpResponse:
    page = board.load(access, now=now)
    rule = _known(page, key) if key else None
    form.sheet = editor.settle(editor.act(form.sheet, deed), page.registry)
    if not request.headers.get("HX-Request"):
        return _page(request, page, form=form, rule=rule)
    return render(request, "rules/_editor.html", _editor(page, form, rule) | {"access": access})


def _page(
    request: HttpRequest,
    page: Board,
    *,
    form: RuleForm | None = None,
    rule: Rule | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "access": page.access,
        "section": "rules",
        "board": page,
        "open": rule,
        "is_new": form is not None and rule is None,
        "key": rule.key if rule else None,
        **_panel(page, rule),
    }
    if form is not None:
        context |= _editor(page, form, rule)
    return render(request, "rules/rules.html", context, status=status)


def _editor(page: Board, form: RuleForm, rule: Rule | None) -> dict[str, Any]:
    """The open rule's form. The rule that catches the rest has no conditions to edit."""
    team = page.access.team.slug
    address = {"team": team} | ({"rule": rule.key} if rule else {})
    return {
        "form": form,
        "open": rule,
        "is_last": rule is not None and rule is page.rules[-1],
        "controls": controls.controls(form.sheet, page.registry, page.sample),
        "destinations": rule_form.destinations(form, page.pools.values(), page.members),
        "responses": rule_form.responses(form),
        "save_url": reverse("rules:rule" if rule else "rules:new", kwargs=address),
        "was_live": rule is not None and any(rule.key == each.key for each in page.live_rules),
        **_probe(page, form, rule),
    }


def _probe(page: Board, form: RuleForm, rule: Rule | None) -> dict[str, Any]:
    place = page.rules[-1].position if page.rules else 1
    tried = rule_form.as_rule(form, rule, position=place, registry=page.registry)
    others = [each for each in page.rules if rule is None or each.key != rule.key]
    # A new rule stands above the last one, whatever number both carry for now.
    tried_rules = sorted([tried, *others], key=lambda each: (each.position, each is not tried))
    trial = probe.run(tried_rules, page.sample, page.registry)
    found = probe.probe(
        tried, trial, page.live_rules, page.live_trial, registry=page.registry, now=page.now
    )
    return {
        "probe": found,
        "probe_line": _scaled(found.series, found.live_series),
        "live_line": _scaled(found.live_series, found.series),
        "key": rule.key if rule else "",
    }


def _scaled(line: tuple[int, ...], other: tuple[int, ...]) -> str:
    """A line of the chart on the scale that it shares with the other."""
    return board.points(line, 200, 56, top=max([*line, *other, 1])) if line else ""


def _panel(page: Board, rule: Rule | None) -> dict[str, Any]:
    """The pool beside the rules: the open rule's, or the first one that leads go to."""
    candidates = [rule] if rule and rule.pool_id else list(page.rules)
    shown = next((each for each in candidates if each.is_active and each.pool_id), None)
    pool = page.pools.get(shown.pool_id) if shown and shown.pool_id else None
    if pool is None or shown is None:
        return {"panel_pool": None}
    return {
        "panel_pool": pool,
        "panel_rule": shown,
        "places": standing.places(pool, team=page.access.team, now=page.now),
        "ladder": ladder.ladder(pool, page.pools),
    }


def _try(request: HttpRequest, access: Access, key: UUID | None, act: Any) -> HttpResponse:
    """Do it and go back to the rules; a refusal is said there."""
    try:
        act()
    except Refused as refused:
        for problem in refused.problems:
            messages.error(request, problem.message)
    except Rule.DoesNotExist:
        raise Http404 from None
    return _back(access, key)


def _back(access: Access, key: UUID | None) -> HttpResponse:
    place = f"#rule-{key}" if key else ""
    return redirect(reverse("rules:rules", kwargs={"team": access.team.slug}) + place)


def _set(access: Access) -> RuleSet:
    return versions.main_set(access.team)


def _find(page: Board, key: str) -> Rule | None:
    return next((rule for rule in page.rules if str(rule.key) == key), None)


def _known(page: Board, key: UUID | None) -> Any:
    """The rule of this key, None for a new one; Http404 if there is no such rule."""
    if key is None:
        return None
    found = _find(page, str(key))
    if found is None:
        raise Http404(_("There is no such rule."))
    return found
