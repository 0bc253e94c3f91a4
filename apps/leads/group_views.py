"""Interest groups: make, rename, colour, merge, retire."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from apps.leads import groups
from apps.leads.groups import GREY, LONGEST_NAME, PALETTE, GroupRefused
from apps.leads.models import InterestGroup
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


class GroupForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=LONGEST_NAME)
    colour = forms.ChoiceField(
        label=gettext_lazy("Colour"), choices=[*PALETTE.items()], initial=GREY
    )


@team_page(Permission.EDIT_GROUPS)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, access: Access) -> HttpResponse:
    """All groups of the team with their leads; POST makes one."""
    if request.method != "POST":
        given = {"name": request.GET.get("name", "").replace("\x00", "")[:LONGEST_NAME]}
        return _page(request, access, GroupForm(initial=given))
    form = GroupForm(request.POST)
    if form.is_valid():
        try:
            groups.create(**form.cleaned_data, by=access, now=timezone.now())
        except GroupRefused as refused:
            form.add_error("name", str(refused))
        else:
            return _back(request, access, _("The group is there."))
    return _page(request, access, form, status=422)


@team_page(Permission.EDIT_GROUPS)
@require_POST
def change(request: HttpRequest, access: Access, group: UUID) -> HttpResponse:
    """Its name and colour."""
    found, form = _group(access, group), GroupForm(request.POST)
    if not form.is_valid():
        return _page(request, access, GroupForm(), status=422, changing=(found, form))
    try:
        groups.change(found, **form.cleaned_data, by=access, now=timezone.now())
    except GroupRefused as refused:
        form.add_error("name", str(refused))
        return _page(request, access, GroupForm(), status=422, changing=(found, form))
    return _back(request, access, _("Saved."))


@team_page(Permission.EDIT_GROUPS)
@require_POST
def merge(request: HttpRequest, access: Access, group: UUID) -> HttpResponse:
    """Move its leads and names to another group."""
    found = _group(access, group)
    into = get_object_or_404(_mergeable(access), pk=_uuid(request.POST.get("into")))
    try:
        moved = groups.merge(found, into=into, by=access, now=timezone.now())
    except GroupRefused as refused:
        messages.error(request, str(refused))
        return redirect("leads:groups", team=access.team.slug)
    words = ngettext("Merged: %(n)d lead moved.", "Merged: %(n)d leads moved.", moved)
    return _back(request, access, words % {"n": moved})


@team_page(Permission.EDIT_GROUPS)
@require_POST
def retire(request: HttpRequest, access: Access, group: UUID) -> HttpResponse:
    """Out of use, or, with `again`, back into it."""
    again = request.POST.get("again") == "1"
    try:
        groups.set_in_use(_group(access, group), is_active=again, by=access, now=timezone.now())
    except GroupRefused as refused:
        messages.error(request, str(refused))
        return redirect("leads:groups", team=access.team.slug)
    words = _("In use again.") if again else _("Retired. Its leads keep it; no new ones get it.")
    return _back(request, access, words)


def _mergeable(access: Access) -> Any:
    return InterestGroup.objects.visible_to(access).filter(merged_into=None)


def _group(access: Access, group: UUID) -> InterestGroup:
    return get_object_or_404(_mergeable(access), pk=group)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _back(request: HttpRequest, access: Access, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("leads:groups", team=access.team.slug)


def _page(
    request: HttpRequest,
    access: Access,
    form: GroupForm,
    *,
    status: int = 200,
    changing: tuple[InterestGroup, GroupForm] | None = None,
) -> HttpResponse:
    rows = list(_mergeable(access))
    counts = groups.counts(access)
    context = {
        "access": access,
        "section": "settings",
        "now": timezone.now(),
        "form": form,
        "palette": PALETTE.items(),
        "rows": [_row(row, counts, changing) for row in rows if row.is_active],
        "retired": [_row(row, counts, changing) for row in rows if not row.is_active],
        "targets": [row for row in rows if row.is_active],
        "new_names": groups.new_names(access),
    }
    return render(request, "leads/groups.html", context, status=status)


def _row(
    row: InterestGroup,
    counts: dict[UUID, tuple[int, int]],
    changing: tuple[InterestGroup, GroupForm] | None,
) -> dict[str, Any]:
    leads, open_leads = counts.get(row.pk, (0, 0))
    is_mine = changing is not None and changing[0].pk == row.pk
    return {
        "group": row,
        "colour": PALETTE.get(row.colour, "grey"),
        "leads": leads,
        "open": open_leads,
        "former": [str(name) for name in row.former_names],
        "errors": [*changing[1].errors.values()] if changing and is_mine else [],
    }
