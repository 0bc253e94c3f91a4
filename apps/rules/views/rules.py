"""The rule builder: a set's rules in order, one of them open, and what it would catch."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from apps.rules.builder import board, controls, copy_choices, editor, probe, rule_choices, rule_form
from apps.rules.builder.board import Board
from apps.rules.builder.rule_form import RuleForm
from apps.rules.models import Rule
from apps.rules.pools import ladder, standing
from apps.rules.refusals import Refused
from apps.rules.sets import versions
from apps.rules.sets.addresses import address
from apps.rules.views.going import back, board_of, found_rule, section_of
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

SHOWN = 100


@team_page(Permission.SEE_ROUTING)
@require_safe
def rules(request: HttpRequest, access: Access, rule_set: UUID | None = None) -> HttpResponse:
    """All rules of a set; `?rule=<key>` opens one for editing, `?new` an empty one."""
    page = board_of(access, rule_set)
    if not access.can(Permission.EDIT_ROUTING):
        return _page(request, page)
    if "new" in request.GET:
        return _page(request, page, form=_blank(page))
    rule = page.rule(request.GET.get("rule", ""))
    form_of_rule = rule_form.of(rule, page.registry) if rule else None
    return _page(request, page, form=form_of_rule, rule=rule)


def _blank(page: Board) -> RuleForm:
    if page.rule_set.sends_copies:
        return rule_form.blank_copies(page.addressees.recipients.values())
    return rule_form.blank(page.rule_set, page.pools.values())


@team_page(Permission.EDIT_ROUTING)
@require_POST
def save(
    request: HttpRequest, access: Access, rule: UUID | None = None, rule_set: UUID | None = None
) -> HttpResponse:
    """Save the form of a rule, or redraw it after one of its buttons."""
    form = rule_form.read(request.POST)
    page = board_of(access, rule_set)
    deed = request.POST.get("do", "save")
    if deed != "save":
        return _redraw(request, page, form, deed, rule)
    try:
        saved = _save(form, page, rule)
    except Refused as refused:
        form.refuse(refused.problems)
        return _page(request, page, form=form, rule=_known(page, rule), status=422)
    except Rule.DoesNotExist:
        raise Http404 from None
    return back(access, page.rule_set, saved.key)


def _save(form: RuleForm, page: Board, key: UUID | None) -> Rule:
    fields, by, now = form.fields(page.registry), page.access, page.now
    if key is None:
        return versions.add_rule(page.rule_set, fields, by=by, now=now)
    return versions.save_rule(page.rule_set, key, fields, by=by, now=now)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def probe_rule(request: HttpRequest, access: Access, rule_set: UUID | None = None) -> HttpResponse:
    """What the form as it stands would catch: a fragment beside it."""
    page = board_of(access, rule_set)
    form = rule_form.read(request.POST)
    rule = page.rule(request.POST.get("key", ""))
    return render(request, "rules/_probe.html", _probe(page, form, rule) | {"access": access})


@team_page(Permission.SEE_ROUTING)
@require_safe
def caught(
    request: HttpRequest, access: Access, rule: UUID, rule_set: UUID | None = None
) -> HttpResponse:
    """The latest leads that a rule catches."""
    page = board_of(access, rule_set)
    found = found_rule(page, rule)
    leads = page.trial.leads_of(rule)
    context = {
        "access": access,
        "section": section_of(page.rule_set),
        "rule_set": page.rule_set,
        "rule": found,
        "leads": leads[:SHOWN],
        "count": len(leads),
        "of": len(page.sample),
    }
    return render(request, "rules/caught.html", context)


def _redraw(
    request: HttpRequest, page: Board, form: RuleForm, deed: str, key: UUID | None
) -> HttpResponse:
    rule = _known(page, key)
    form.sheet = editor.settle(editor.act(form.sheet, deed), page.registry)
    if not request.headers.get("HX-Request"):
        return _page(request, page, form=form, rule=rule)
    context = _editor(page, form, rule) | {"access": page.access, "rule_set": page.rule_set}
    return render(request, "rules/_editor.html", context)


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
        "section": section_of(page.rule_set),
        "rule_set": page.rule_set,
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
    parts = {"rule": rule.key} if rule else {}
    currency = page.access.team.currency
    return {
        "form": form,
        "open": rule,
        "is_last": rule is not None and page.catches_rest(rule),
        "controls": controls.controls(form.sheet, page.registry, page.sample, currency=currency),
        "save_url": address(page.access, page.rule_set, "rule" if rule else "new", **parts),
        "may_have_owner": page.known.has_owners,
        **_choices(page, form),
        **_probe(page, form, rule),
    }


def _choices(page: Board, form: RuleForm) -> dict[str, Any]:
    if page.rule_set.sends_copies:
        to, team = page.addressees, page.access.team
        return {
            "destinations": copy_choices.destinations(form, to),
            "ticks": copy_choices.ticks(form, to, team, now=page.now),
        }
    members = {member.pk: str(member) for member in page.members}
    return {
        "destinations": rule_choices.destinations(
            form,
            page.rule_set,
            pools=page.pools.values(),
            members=page.members,
            rule_sets=page.rule_sets,
        ),
        "responses": rule_choices.responses(form),
        "caretakers": rule_choices.caretakers(form, page.members),
        "priorities": rule_choices.priorities(form),
        "groups": rule_choices.chosen(form.groups, page.groups),
        "told": rule_choices.chosen(form.notify, members),
    }


def _probe(page: Board, form: RuleForm, rule: Rule | None) -> dict[str, Any]:
    tried = rule_form.as_rule(form, rule, position=page.next_place, registry=page.registry)
    others = [each for each in page.rules if rule is None or each.key != rule.key]
    # A new rule stands above the last one, whatever number both carry for now.
    tried_rules = sorted([tried, *others], key=lambda each: (each.position, each is not tried))
    trial = probe.run(tried_rules, page.sample, page.registry, page.called)
    found = probe.probe(
        tried, trial, page.live_rules, page.live_trial, registry=page.registry, now=page.now
    )
    return {
        "probe": found,
        "probe_line": _scaled(found.series, found.live_series),
        "live_line": _scaled(found.live_series, found.series),
        "key": rule.key if rule else "",
        "sends_copies": page.rule_set.sends_copies,
    }


def _scaled(line: tuple[int, ...], other: tuple[int, ...]) -> str:
    """A line of the chart on the scale that it shares with the other."""
    return board.points(line, 200, 56, top=max([*line, *other, 1])) if line else ""


def _panel(page: Board, rule: Rule | None) -> dict[str, Any]:
    """The pool beside the rules: the open rule's, or the first one that leads go to.

    Beside distribution rules: who would have got how many of the latest leads.
    """
    if page.rule_set.sends_copies:
        to, team = page.addressees, page.access.team
        found = copy_choices.shares(page.rules, to, page.trial, team, now=page.now)
        return {"panel_pool": None, "shares": found}
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


def _known(page: Board, key: UUID | None) -> Rule | None:
    """The rule of this key, None for a new one."""
    return found_rule(page, key) if key else None
