"""A lead typed in by hand: the same door as every other lead."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.ids import uuid7
from apps.assignments.models import Door
from apps.capture import providers, services, sources
from apps.capture.forms import NewLeadForm
from apps.capture.services import Answer
from apps.leads.models import Lead, Source
from apps.rules.registry import registry
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.ADD_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_lead(request: HttpRequest, access: Access) -> HttpResponse:
    """Type a lead in; it is routed like any other, and known people are attached."""
    form = NewLeadForm(request.POST or None, registry=registry(access.team))
    if form.is_valid():
        answer = _receive(form, request.POST.get("once", ""), access)
        if answer.payload.get("lead"):
            return _to_lead(request, access, answer)
        form.add_error(None, answer.reason or str(answer.payload.get("error", "")))
    context = {"access": access, "section": "leads", "form": form, "once": uuid7().hex}
    status = 422 if request.method == "POST" else 200
    return render(request, "capture/new_lead.html", context, status=status)


def _receive(form: NewLeadForm, once: str, access: Access) -> Answer:
    now = timezone.now()
    source = sources.builtin(access.team, Source.Kind.HAND, now=now)
    data = form.answers()
    return services.receive_draft(
        providers.read(source, data, services.terms_of(source)),
        source=source,
        body=json.dumps(data, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace"),
        key=f"{access.member_id}:{once[:64]}" if once else None,
        door=Door.HAND,
        by=access,
        now=now,
    )


def _to_lead(request: HttpRequest, access: Access, answer: Answer) -> HttpResponse:
    if answer.payload["outcome"] == "duplicate":
        messages.info(request, _("We know this person: your entry was added to the lead there is."))
    else:
        messages.success(request, _("The lead is on its way."))
    lead = Lead.objects.visible_to(access).filter(pk=answer.payload["lead"]).first()
    if lead is None:
        return redirect("leads:list", team=access.team.slug)
    return redirect("assignments:lead", team=access.team.slug, lead=lead.pk)
