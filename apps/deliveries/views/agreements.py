"""The sender's side of an agreement: ask again, take the question back, end it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.deliveries import consent
from apps.rules import agreements
from apps.rules.agreements import AgreementRefused
from apps.rules.models import Agreement, Recipient
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.EDIT_ROUTING)
@require_POST
def ask_again(request: HttpRequest, access: Access, agreement: UUID) -> HttpResponse:
    found = _agreement(access, agreement)
    try:
        row, _token = agreements.ask_again(found, by=access, now=timezone.now())
        words = _("Asked again. The link works for 14 days.")
        if not row.email:
            words = _("Asked again. The question stands on their page of senders.")
        messages.success(request, words)
    except AgreementRefused as refused:
        messages.error(request, str(refused))
    return _back(access, found)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def withdraw(request: HttpRequest, access: Access, agreement: UUID) -> HttpResponse:
    found = _agreement(access, agreement)
    try:
        agreements.withdraw(found, by=access, now=timezone.now())
        messages.success(request, _("Taken back. The link in the mail answers nobody any more."))
    except AgreementRefused as refused:
        messages.error(request, str(refused))
    return _back(access, found)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def accept_oneself(request: HttpRequest, access: Access, agreement: UUID) -> HttpResponse:
    """Whoever runs both teams answers her own question, without a mail."""
    found = _agreement(access, agreement)
    given = request.POST.get("to_team", "")
    by = next((own for own in _own(access) if str(own.team.pk) == given), None)
    try:
        if by is None:
            raise AgreementRefused(_("Choose a team that you run."))
        consent.accept(found, team=by.team, by=by, now=timezone.now())
        words = _("Agreed: leads go to %(team)s from now on.")
        messages.success(request, words % {"team": by.team.name})
    except AgreementRefused as refused:
        messages.error(request, str(refused))
    return _back(access, found)


@team_page(Permission.EDIT_ROUTING)
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, access: Access, agreement: UUID) -> HttpResponse:
    """Send this team no more leads: asked once more, for only they can say yes again."""
    found = _agreement(access, agreement)
    if request.method == "POST":
        consent.end(found, side=Agreement.Side.SENDER, by=access, now=timezone.now())
        messages.success(request, _("Ended. Nothing more is sent to them."))
        return _back(access, found)
    context = {
        "access": access,
        "section": "distribution",
        "agreement": found,
        "recipient": _recipient(access, found),
    }
    return render(request, "deliveries/agreement_end.html", context)


def _agreement(access: Access, agreement: UUID) -> Agreement:
    rows = Agreement.objects.visible_to(access).select_related("team", "to")
    found: Agreement = get_object_or_404(rows, pk=agreement)
    return found


def _own(access: Access) -> list[Access]:
    return agreements.teams_of(access.user) if access.user else []


def _recipient(access: Access, agreement: Agreement) -> Recipient | None:
    rows = Recipient.objects.visible_to(access).filter(agreement=agreement)
    return rows.order_by("-is_active", "name", "id").first()


def _back(access: Access, agreement: Agreement) -> HttpResponse:
    """The page of the recipient that it is for."""
    recipient = _recipient(access, agreement)
    if recipient is None:
        return redirect("deliveries:recipients", team=access.team.slug)
    return redirect("deliveries:recipient", team=access.team.slug, recipient=recipient.pk)
