"""Scripts: what the team says, for everyone to use and for some to write."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.content import services
from apps.content.forms import ScriptForm
from apps.content.models import Script
from apps.content.placeholders import MEANINGS
from apps.content.services import NameTaken, RenderedScript
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

SYMBOLS = {
    Script.Channel.CALL: "phone",
    Script.Channel.WHATSAPP: "message-circle",
    Script.Channel.SMS: "message-square",
    Script.Channel.EMAIL: "mail",
}


@dataclass(frozen=True, slots=True)
class Channel:
    """The scripts of one channel as the page shows them, each with a made-up lead filled in."""

    value: str
    label: str
    symbol: str
    scripts: list[RenderedScript]


@team_page(Permission.USE_CONTENT)
@require_safe
def scripts(request: HttpRequest, access: Access) -> HttpResponse:
    """The scripts in use by channel, and below them those that are not."""
    found = services.scripts_for(access, services.sample_values(access))
    channels = [
        Channel(channel.value, str(channel.label), SYMBOLS[channel], found[channel.value])
        for channel in Script.Channel
        if found[channel.value]
    ]
    removed = Script.objects.visible_to(access).filter(is_active=False)
    context = {
        "access": access,
        "section": "scripts",
        "channels": channels,
        "removed": removed if access.can(Permission.EDIT_CONTENT) else [],
    }
    return render(request, "content/scripts.html", context)


@team_page(Permission.EDIT_CONTENT)
@require_http_methods(["GET", "HEAD", "POST"])
def new_script(request: HttpRequest, access: Access) -> HttpResponse:
    form = ScriptForm(request.POST or None, team=access.team)
    if request.method == "POST" and form.is_valid():
        try:
            services.add(form.text(), by=access, now=timezone.now())
        except NameTaken as taken:
            form.add_error("name", str(taken))
        else:
            messages.success(request, _("The script is ready to use."))
            return redirect("content:scripts", team=access.team.slug)
    return _form_page(request, access, form, None)


@team_page(Permission.EDIT_CONTENT)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_script(request: HttpRequest, access: Access, script: UUID) -> HttpResponse:
    found = _find(access, script)
    form = ScriptForm(request.POST or None, instance=found, team=access.team)
    if request.method == "POST" and form.is_valid():
        try:
            services.edit(found, form.text(), by=access, now=timezone.now())
        except NameTaken as taken:
            form.add_error("name", str(taken))
        else:
            messages.success(request, _("Saved. From now on everyone says it like this."))
            return redirect("content:scripts", team=access.team.slug)
    return _form_page(request, access, form, found)


@team_page(Permission.EDIT_CONTENT)
@require_POST
def move_script(request: HttpRequest, access: Access, script: UUID) -> HttpResponse:
    """POST `direction`: up or down."""
    up = request.POST.get("direction") == "up"
    services.move(_find(access, script), up=up, by=access, now=timezone.now())
    return redirect("content:scripts", team=access.team.slug)


@team_page(Permission.EDIT_CONTENT)
@require_POST
def remove_script(request: HttpRequest, access: Access, script: UUID) -> HttpResponse:
    services.set_in_use(_find(access, script), is_active=False, by=access, now=timezone.now())
    messages.success(request, _("Removed. You find it below, should you want it back."))
    return redirect("content:scripts", team=access.team.slug)


@team_page(Permission.EDIT_CONTENT)
@require_POST
def restore_script(request: HttpRequest, access: Access, script: UUID) -> HttpResponse:
    services.set_in_use(_find(access, script), is_active=True, by=access, now=timezone.now())
    return redirect("content:scripts", team=access.team.slug)


def _find(access: Access, key: UUID) -> Script:
    return get_object_or_404(Script.objects.visible_to(access), pk=key)


def _form_page(
    request: HttpRequest, access: Access, form: ScriptForm, script: Script | None
) -> HttpResponse:
    context = {
        "access": access,
        "section": "scripts",
        "form": form,
        "script": script,
        "placeholders": [(f"{{{word}}}", meaning) for word, meaning in MEANINGS.items()],
    }
    status = 422 if form.errors else 200
    return render(request, "content/script_form.html", context, status=status)
