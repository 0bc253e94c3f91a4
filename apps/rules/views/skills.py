"""Skills and languages: what there is, and who has how much of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.rules import skills as service
from apps.rules.refusals import Refused
from apps.teams import expertise
from apps.teams.access import Access
from apps.teams.models import Membership, Skill
from apps.teams.permissions import Permission, Role
from apps.teams.policy import team_page
from apps.teams.settings_forms import LevelsForm, RenameForm, SkillForm
from apps.teams.team_settings import SettingRefused


@team_page(Permission.EDIT_ROUTING)
@require_safe
def skills(request: HttpRequest, access: Access) -> HttpResponse:
    """Every skill and language with who has it; a form for a new one."""
    return _page(request, access, SkillForm())


@team_page(Permission.EDIT_ROUTING)
@require_POST
def add(request: HttpRequest, access: Access) -> HttpResponse:
    form = SkillForm(request.POST)
    if form.is_valid():
        try:
            skill = expertise.add_skill(**form.cleaned_data, by=access, now=timezone.now())
        except SettingRefused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("Now say who has it."))
            return redirect("rules:skill", team=access.team.slug, skill=skill.pk)
    return _page(request, access, form, status=422)


@team_page(Permission.EDIT_ROUTING)
def skill(request: HttpRequest, access: Access, skill: UUID) -> HttpResponse:
    """One skill: its name, and everybody's level."""
    row = _skill(access, skill)
    had = dict(row.memberskill_set.values_list("membership_id", "level"))
    data = request.POST if request.method == "POST" else None
    names = RenameForm(data, initial={"name": row.name})
    levels = LevelsForm(data, members=_members(access), had=had)
    if data is not None and names.is_valid() and levels.is_valid():
        try:
            _save(row, names.cleaned_data["name"], levels, access)
        except (SettingRefused, Refused) as refusal:
            names.add_error("name", str(refusal))
        else:
            messages.success(request, _("Saved: it counts from the next lead."))
            return redirect("rules:skills", team=access.team.slug)
    context = {
        "access": access, "section": "settings", "skill": row, "names": names, "levels": levels,
        "asking": service.asking(row, row.name),
    }  # fmt: skip
    status = 422 if names.errors or levels.errors else 200
    return render(request, "rules/skill.html", context, status=status)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def remove(request: HttpRequest, access: Access, skill: UUID) -> HttpResponse:
    row = _skill(access, skill)
    try:
        service.remove(row, by=access, now=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("rules:skill", team=access.team.slug, skill=row.pk)
    messages.success(request, _("Removed."))
    return redirect("rules:skills", team=access.team.slug)


def _save(row: Skill, name: str, levels: LevelsForm, access: Access) -> None:
    now = timezone.now()
    expertise.set_levels(row, levels=levels.levels, by=access, now=now)
    if name != row.name:
        service.rename(Skill.objects.get(pk=row.pk), name=name, by=access, now=now)


def _skill(access: Access, pk: UUID) -> Skill:
    return get_object_or_404(Skill.objects.visible_to(access), pk=pk)


def _members(access: Access) -> list[Membership]:
    members = Membership.objects.visible_to(access).active().exclude(role=Role.VIEWER)
    return list(members.select_related("user"))


def _page(
    request: HttpRequest, access: Access, form: SkillForm, *, status: int = 200
) -> HttpResponse:
    rows = Skill.objects.visible_to(access).prefetch_related("memberskill_set__membership__user")
    context: dict[str, Any] = {
        "access": access,
        "section": "settings",
        "skills": [row for row in rows if row.kind == Skill.Kind.SKILL],
        "languages": [row for row in rows if row.kind == Skill.Kind.LANGUAGE],
        "form": form,
    }
    return render(request, "rules/skills.html", context, status=status)
