"""Requests: asked for by a salesperson, decided by a manager with one press."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.assignments.models import ApprovalRequest
from apps.assignments.moves import approvals
from apps.assignments.moves.approvals import RequestRefused
from apps.assignments.pages import asked, cards
from apps.assignments.pages.forms import AnswerForm, AskForCreditForm, AskForOwnerForm
from apps.assignments.views.lead import visible_lead
from apps.leads.masking import is_masked
from apps.leads.models import Lead
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.WORK_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def ask_owner(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """Ask for another owner of a lead."""
    found = visible_lead(access, lead)
    members = approvals.takers(access).exclude(pk__in=[found.owner_id] if found.owner_id else [])
    form = AskForOwnerForm(request.POST if request.method == "POST" else None, members=members)
    if request.method == "POST" and _is_done(
        form, lambda: approvals.ask_for_owner(found, **form.cleaned_data, by=access, now=clock())
    ):
        messages.success(request, _("Asked. A manager decides; until then it stays as it is."))
        return redirect(cards.address(access, "lead", lead=lead))
    card = cards.lead_card(found, access, masked=is_masked(found, by=access))
    back = cards.address(access, "lead", lead=lead)
    return _form(request, access, form, card=card, back=back, section="leads")


@team_page(Permission.WORK_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def ask_credit(request: HttpRequest, access: Access, pool: UUID) -> HttpResponse:
    """Ask for turns in a pool of one's own."""
    found = get_object_or_404(approvals.own_pools(access), pk=pool)
    form = AskForCreditForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and _is_done(
        form, lambda: approvals.ask_for_credit(found, **form.cleaned_data, by=access, now=clock())
    ):
        messages.success(request, _("Asked. A manager decides."))
        return redirect("assignments:my_requests", team=access.team.slug)
    back = cards.address(access, "my_turns")
    return _form(request, access, form, pool=found, back=back, section="me")


def _is_done(form: forms.Form, ask: Callable[[], object]) -> bool:
    if not form.is_valid():
        return False
    try:
        ask()
    except RequestRefused as refused:
        form.add_error(None, str(refused))
        return False
    return True


def _form(request: HttpRequest, access: Access, form: forms.Form, **page: object) -> HttpResponse:
    context = {"access": access, "form": form, **page}
    status = 422 if form.is_bound else 200
    return render(request, "assignments/ask.html", context, status=status)


@team_page(Permission.WORK_LEADS)
@require_safe
def my_requests(request: HttpRequest, access: Access) -> HttpResponse:
    """What I asked for and what became of it."""
    page = {
        "access": access,
        "section": "me",
        "rows": asked.mine(access),
        "pools": approvals.own_pools(access) if access.member_id else [],
    }
    return render(request, "assignments/my_requests.html", page)


@team_page(Permission.WORK_LEADS)
@require_POST
def withdraw(request: HttpRequest, access: Access, approval: UUID) -> HttpResponse:
    found = get_object_or_404(approvals.own(access), pk=approval)
    try:
        approvals.withdraw(found, by=access, now=clock())
    except RequestRefused as refused:
        messages.info(request, str(refused))
    else:
        messages.success(request, _("Taken back."))
    return redirect("assignments:my_requests", team=access.team.slug)


@team_page(Permission.REASSIGN)
@require_safe
def requests(request: HttpRequest, access: Access) -> HttpResponse:
    """What waits for a decision, and what was decided lately."""
    rows, decided = asked.desk(access)
    page = {"access": access, "section": "triage", "rows": rows, "decided": decided}
    if request.headers.get("X-Fragment") == "lists":
        return render(request, "assignments/_request_list.html", page)
    return render(request, "assignments/requests.html", page)


@team_page(Permission.REASSIGN)
@require_POST
def approve(request: HttpRequest, access: Access, approval: UUID) -> HttpResponse:
    return _decide(request, access, approval, approvals.approve, _("Approved, and done."))


@team_page(Permission.REASSIGN)
@require_POST
def refuse(request: HttpRequest, access: Access, approval: UUID) -> HttpResponse:
    return _decide(request, access, approval, approvals.refuse, _("Refused."))


def _decide(
    request: HttpRequest, access: Access, approval: UUID, decide: Callable[..., None], done: str
) -> HttpResponse:
    found = get_object_or_404(approvals.decidable(access), pk=approval)
    form = AnswerForm(request.POST)
    try:
        if not form.is_valid():
            raise RequestRefused(
                _("Use at most %(n)d characters.") % {"n": approvals.LONGEST_ANSWER}
            )
        decide(found, answer=form.cleaned_data["answer"], by=access, now=clock())
    except (ApprovalRequest.DoesNotExist, Lead.DoesNotExist) as error:
        raise Http404 from error
    except RequestRefused as refused:
        messages.info(request, str(refused))
    else:
        messages.success(request, done)
    return redirect("assignments:requests", team=access.team.slug)
