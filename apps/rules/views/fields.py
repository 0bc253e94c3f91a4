"""Team settings: the team's own fields of a lead."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.leads.models import CustomField
from apps.rules import custom_fields
from apps.rules.refusals import Refused
from apps.rules.views.going import tell
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


class FieldForm(forms.Form):
    """A field's name and options; what it holds is chosen once."""

    label = forms.CharField(label=gettext_lazy("Name"), max_length=custom_fields.LONGEST_LABEL)
    type = forms.ChoiceField(label=gettext_lazy("Holds"), choices=CustomField.Type.choices)
    options = forms.CharField(
        label=gettext_lazy("Options"), required=False, max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Of a choice or several choices: one a line."),
    )  # fmt: skip
    is_personal = forms.BooleanField(
        label=gettext_lazy("Says something personal"), required=False,
        help_text=gettext_lazy("Rules may ask for it, but its value is never kept in a decision."),
    )  # fmt: skip

    def __init__(self, *args: Any, of: CustomField | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if of is not None:
            del self.fields["type"]
        if of is not None and of.type not in custom_fields.WITH_OPTIONS:
            del self.fields["options"]

    def given(self) -> dict[str, Any]:
        """What the service takes."""
        values = dict(self.cleaned_data)
        return values | {"options": str(values.get("options", "")).splitlines()}

    def refuse(self, refused: Refused) -> None:
        """Show each problem at its field."""
        for problem in refused.problems:
            self.add_error(problem.path if problem.path in self.fields else None, problem.message)


@team_page(Permission.EDIT_ROUTING)
@require_safe
def fields(request: HttpRequest, access: Access) -> HttpResponse:
    return _page(request, access, FieldForm(prefix="new"))


@team_page(Permission.EDIT_ROUTING)
@require_POST
def add(request: HttpRequest, access: Access) -> HttpResponse:
    form = FieldForm(request.POST, prefix="new")
    if not form.is_valid():
        return _page(request, access, form, status=422)
    try:
        made = custom_fields.add_field(**form.given(), by=access, now=timezone.now())
    except Refused as refused:
        form.refuse(refused)
        return _page(request, access, form, status=422)
    words = _("“%(label)s” is there: in rules, imports, forms and the API.")
    messages.success(request, words % {"label": made.label})
    return redirect("rules:fields", team=access.team.slug)


@team_page(Permission.EDIT_ROUTING)
@require_http_methods(["GET", "HEAD", "POST"])
def field(request: HttpRequest, access: Access, custom_field: UUID) -> HttpResponse:
    """One field: another name, other options."""
    found = get_object_or_404(CustomField.objects.visible_to(access), pk=custom_field)
    initial = {
        "label": found.label, "options": "\n".join(found.options),
        "is_personal": found.is_personal,
    }  # fmt: skip
    form = FieldForm(request.POST or None, initial=initial, of=found)
    if form.is_valid():
        try:
            custom_fields.change_field(found, **form.given(), by=access, now=timezone.now())
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("rules:fields", team=access.team.slug)
    context = {"access": access, "section": "settings", "field": found, "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "rules/field.html", context, status=status)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def move_field(request: HttpRequest, access: Access, custom_field: UUID) -> HttpResponse:
    found = get_object_or_404(CustomField.objects.visible_to(access), pk=custom_field)
    step = -1 if request.POST.get("step") == "up" else 1
    custom_fields.move_field(found, step=step, by=access, now=timezone.now())
    return redirect("rules:fields", team=access.team.slug)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def remove_field(request: HttpRequest, access: Access, custom_field: UUID) -> HttpResponse:
    found = get_object_or_404(CustomField.objects.visible_to(access), pk=custom_field)
    try:
        custom_fields.remove_field(found, by=access, now=timezone.now())
    except Refused as refused:
        tell(request, refused)
    else:
        words = _("“%(label)s” is gone from every list; leads keep what they hold.")
        messages.success(request, words % {"label": found.label})
    return redirect("rules:fields", team=access.team.slug)


def _page(
    request: HttpRequest, access: Access, form: FieldForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "access": access,
        "section": "settings",
        "fields": CustomField.objects.visible_to(access),
        "form": form,
    }
    return render(request, "rules/fields.html", context, status=status)
