"""Recipients: the list, a new one, and everything that is set about one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.deliveries.plans import copying
from apps.deliveries.recipients import listing, words
from apps.deliveries.recipients.deed_forms import PauseForm
from apps.deliveries.recipients.fields_form import FieldsForm
from apps.deliveries.recipients.form import RecipientForm
from apps.deliveries.sending import progress
from apps.rules import agreements
from apps.rules.agreements import AgreementRefused
from apps.rules.models import Agreement, Recipient
from apps.rules.recipients import services as recipients
from apps.rules.refusals import Refused
from apps.rules.registry import registry
from apps.teams.access import Access
from apps.teams.hours_form import HoursForm
from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.SEE_ROUTING)
@require_safe
def recipient_list_page(request: HttpRequest, access: Access) -> HttpResponse:
    """Every recipient with how it stands, what it got lately and how far its campaign is."""
    now = timezone.now()
    asked = listing.Asked.of(request.GET.dict())
    found = listing.found(access, asked, now=now)
    page, rows = listing.page(found, access, number=request.GET.get("page"), now=now)
    context = {
        "access": access,
        "section": "distribution",
        "page": page,
        "rows": rows,
        "asked": asked,
        "kinds": Recipient.Kind.choices,
        "states": listing.STATES,
        "may_edit": access.can(Permission.EDIT_ROUTING),
    }
    return render(request, "deliveries/recipients.html", context)


@team_page(Permission.EDIT_ROUTING)
@require_http_methods(["GET", "HEAD", "POST"])
def new_recipient(request: HttpRequest, access: Access) -> HttpResponse:
    """First what it is (`?kind=`), then a form for that."""
    kind = request.GET.get("kind", "")
    context: dict[str, Any] = {"access": access, "section": "distribution", "kinds": _kinds()}
    if kind not in Recipient.Kind.values:
        status = 422 if request.method == "POST" else 200
        return render(request, "deliveries/recipient_new.html", context, status=status)
    form, hours = _forms(request, access, kind, None)
    if form.is_bound and _are_valid(form, hours):
        recipient = _create(request, access, form, hours)
        if recipient is not None:
            messages.success(request, _made(recipient))
            return to_recipient(access, recipient)
    context |= {"kind": Recipient.Kind(kind), **_form_context(access, form, hours, None)}
    status = 422 if form.is_bound else 200
    return render(request, "deliveries/recipient_new.html", context, status=status)


@team_page(Permission.EDIT_ROUTING)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_recipient(request: HttpRequest, access: Access, recipient: UUID) -> HttpResponse:
    found = recipient_of(access, recipient)
    form, hours = _forms(request, access, found.kind, found)
    if form.is_bound and _are_valid(form, hours) and _change(access, found, form, hours):
        progress.wake(found, now=timezone.now())  # its hours may be others now
        messages.success(request, _("Saved: it counts from the next lead."))
        return to_recipient(access, found)
    return edit_page(request, access, found, form=form, hours=hours)


def edit_page(
    request: HttpRequest,
    access: Access,
    recipient: Recipient,
    *,
    form: RecipientForm | None = None,
    hours: HoursForm | None = None,
    pause_form: PauseForm | None = None,
    pinged: object = None,
) -> HttpResponse:
    """The page of everything that is set; 422 if one of its forms was refused."""
    now = timezone.now()
    if form is None or hours is None:
        form, hours = _forms(request, access, recipient.kind, recipient, is_bound=False)
    refused = form.is_bound or (pause_form is not None and pause_form.is_bound)
    context = {
        "access": access,
        "section": "distribution",
        "recipient": recipient,
        "standing": words.standing(recipient, access.team, now=now),
        "where": words.where(recipient),
        "icon": words.KIND_ICONS[Recipient.Kind(recipient.kind)],
        "secret": request.session.pop(secret_key(recipient), ""),
        "old_until": recipients.old_until(recipient, now=now),
        "pause_form": pause_form or PauseForm(),
        "pinged": pinged,
        **_form_context(access, form, hours, recipient),
    }
    status = 422 if refused else 200
    return render(request, "deliveries/recipient_edit.html", context, status=status)


def recipient_of(access: Access, recipient: UUID) -> Recipient:
    rows = Recipient.objects.visible_to(access).select_related("agreement__to", "membership__user")
    return get_object_or_404(rows, pk=recipient)


def to_recipient(access: Access, recipient: Recipient) -> HttpResponse:
    return redirect("deliveries:edit_recipient", team=access.team.slug, recipient=recipient.pk)


def secret_key(recipient: Recipient) -> str:
    """Where a session keeps a new secret for the one page that shows it."""
    return f"recipient_secret:{recipient.pk}"


def _create(
    request: HttpRequest, access: Access, form: RecipientForm, hours: HoursForm
) -> Recipient | None:
    """The new recipient, its team asked for consent if need be; None if it was refused."""
    now = timezone.now()
    try:
        if form.asks:
            recipient = _ask_and_create(access, form, hours)
        else:
            settings = form.settings(_weekly(hours))
            recipient = recipients.create(access.team, settings, by=access, now=now)
    except Refused as refused:
        form.refuse(refused)
        return None
    except AgreementRefused as refused:
        form.add_error("ask_email", str(refused))
        return None
    secrets = recipients.secrets_of(recipient, now=now)
    if secrets:
        request.session[secret_key(recipient)] = secrets[0]
    return recipient


@transaction.atomic
def _ask_and_create(access: Access, form: RecipientForm, hours: HoursForm) -> Recipient:
    """One deed: nobody is asked for a recipient that can't be made."""
    given, now = form.cleaned_data, timezone.now()
    agreement, _token = agreements.ask(
        access.team, email=given["ask_email"], message=given["message"], by=access, now=now
    )
    settings = form.settings(_weekly(hours), agreement_id=agreement.pk)
    return recipients.create(access.team, settings, by=access, now=now)


def _change(access: Access, recipient: Recipient, form: RecipientForm, hours: HoursForm) -> bool:
    starts = form.cleaned_data["starts_campaign"]
    settings = form.settings(_weekly(hours))
    now = timezone.now()
    try:
        recipients.change(recipient, settings, by=access, now=now, starts_campaign=starts)
    except Refused as refused:
        form.refuse(refused)
        return False
    progress.wake(recipient, now=now)  # it may be open now, or somewhere else
    return True


def _forms(
    request: HttpRequest,
    access: Access,
    kind: str,
    recipient: Recipient | None,
    *,
    is_bound: bool = True,
) -> tuple[RecipientForm, HoursForm]:
    data = request.POST if is_bound and request.method == "POST" else None
    form = RecipientForm(
        data,
        kind=kind,
        team=access.team,
        recipient=recipient,
        agreements=_agreements(access, kind, recipient),
        members=_members(access, recipient),
        fields_form=FieldsForm(
            data,
            offered=copying.offered(registry(access.team)),
            chosen=recipient.fields if recipient else (),
            renames=recipient.renames if recipient else None,
        ),
    )
    own = recipient.hours if recipient and recipient.hours is not None else access.team.hours
    return form, HoursForm(data, hours=own, prefix="hours")


def _form_context(
    access: Access, form: RecipientForm, hours: HoursForm, recipient: Recipient | None
) -> dict[str, Any]:
    offered = len(form.fields_form.offered)
    return {
        "form": form,
        "hours": hours,
        "words": words.sections(recipient, access.team, offered=offered),
        "opened": form.sections_with_errors(),
    }


def _are_valid(form: RecipientForm, hours: HoursForm) -> bool:
    """Weekly hours count only where the recipient has its own."""
    if not form.is_valid():
        return False
    if form.cleaned_data["open_hours"] != "own" or hours.is_valid():
        return True
    for problem in hours.problems:
        form.add_error("open_hours", problem)
    return False


def _weekly(hours: HoursForm) -> Mapping[str, Any] | None:
    return hours.cleaned_hours if hours.is_valid() else None


def _agreements(access: Access, kind: str, recipient: Recipient | None) -> list[Agreement]:
    """Consents that a recipient may rest on: those given, and the one that it has."""
    if kind != Recipient.Kind.TEAM:
        return []
    rows = Agreement.objects.visible_to(access).select_related("to")
    given = rows.filter(state=Agreement.State.ACCEPTED)
    if recipient is not None and recipient.agreement_id is not None:
        given = given | rows.filter(pk=recipient.agreement_id)
    return sorted(given, key=lambda each: str(each.to or each.email).casefold())


def _members(access: Access, recipient: Recipient | None) -> Any:
    members = Membership.objects.visible_to(access)
    kept = recipient.membership_id if recipient else None
    there = members.active() | members.filter(pk=kept) if kept else members.active()
    return there.select_related("user")


def _made(recipient: Recipient) -> str:
    agreement = recipient.agreement
    if agreement is not None and agreement.state == Agreement.State.ASKED:
        return _("The team was asked. Leads go there once it has said yes.")
    return _("The recipient is there. Now let a rule send leads to it.")


def _kinds() -> list[dict[str, Any]]:
    texts = {
        Recipient.Kind.TEAM: _("Leads arrive there as leads, and that team’s own rules run."),
        Recipient.Kind.MEMBER: _("A colleague who is to know of a lead, whoever owns it."),
        Recipient.Kind.EMAIL: _("A person without an account gets each lead as an e-mail."),
        Recipient.Kind.WEBHOOK: _("Another system gets each lead as signed JSON."),
    }
    return [
        {
            "value": kind.value,
            "label": kind.label,
            "text": texts[kind],
            "icon": words.KIND_ICONS[kind],
        }
        for kind in Recipient.Kind
    ]
