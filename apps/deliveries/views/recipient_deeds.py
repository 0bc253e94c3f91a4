"""Deeds at one recipient: pause, archive, switch on again, a new secret, a test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.deliveries.recipients.deed_forms import PauseForm
from apps.deliveries.sending import pinging, progress
from apps.deliveries.views.recipients import edit_page, recipient_of, secret_key, to_recipient
from apps.rules.models import Recipient
from apps.rules.recipients import services as recipients
from apps.rules.refusals import Refused
from apps.teams.access import Access
from apps.teams.permissions import Permission
from apps.teams.policy import team_page

WAKES = True  # what waited for the recipient is due


@team_page(Permission.EDIT_ROUTING)
@require_POST
def pause(request: HttpRequest, access: Access, recipient: UUID) -> HttpResponse:
    found = recipient_of(access, recipient)
    form = PauseForm(request.POST)
    if form.is_valid():
        until = form.cleaned_data["until"]
        try:
            recipients.pause(found, until=until, by=access, now=timezone.now())
        except Refused as refused:
            form.add_error("until", refused.problems[0].message)
        else:
            messages.success(request, _("Paused: no leads go there."))
            return to_recipient(access, found)
    return edit_page(request, access, found, pause_form=form)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def resume(request: HttpRequest, access: Access, recipient: UUID) -> HttpResponse:
    return _do(request, access, recipient, _and_wake(recipients.resume), _("Leads go there again."))


@team_page(Permission.EDIT_ROUTING)
@require_POST
def archive(request: HttpRequest, access: Access, recipient: UUID) -> HttpResponse:
    said = _("Archived. What it got stays in the log and in statements.")
    return _do(request, access, recipient, recipients.archive, said)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def restore(request: HttpRequest, access: Access, recipient: UUID) -> HttpResponse:
    said = _("It is back. Let a rule send leads to it.")
    return _do(request, access, recipient, _and_wake(recipients.restore), said)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def enable(request: HttpRequest, access: Access, recipient: UUID) -> HttpResponse:
    """Its endpoint is there again."""
    said = _("On again: what waits is sent now, and given up copies can be replayed.")
    return _do(request, access, recipient, _and_wake(recipients.enable), said)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def rotate(request: HttpRequest, access: Access, recipient: UUID) -> HttpResponse:
    """A new secret, shown once."""

    def do(found: Recipient, *, by: Access, now: object) -> object:
        secret = recipients.rotate_secret(found, by=by, now=timezone.now())
        request.session[secret_key(found)] = secret
        return secret

    return _do(request, access, recipient, do, _("A new secret: both sign for 24 hours."))


@team_page(Permission.EDIT_ROUTING)
@require_POST
def ping(request: HttpRequest, access: Access, recipient: UUID) -> HttpResponse:
    """Send a signed test and show what the endpoint says; nothing is kept of it."""
    found = recipient_of(access, recipient)
    if found.kind != Recipient.Kind.WEBHOOK:
        messages.error(request, _("Only a webhook can be tested so."))
        return to_recipient(access, found)
    return edit_page(request, access, found, pinged=pinging.ping(found, now=timezone.now()))


def _and_wake(deed: Callable[..., object]) -> Callable[..., object]:
    """The deed, after which copies that wait for the recipient are tried at once."""

    def do(found: Recipient, *, by: Access, now: datetime) -> None:
        deed(found, by=by, now=now)
        progress.wake(found, now=now)

    return do


def _do(
    request: HttpRequest,
    access: Access,
    recipient: UUID,
    deed: Callable[..., object],
    said: str,
    wakes: bool = False,
) -> HttpResponse:
    """Do it and say so, or say why not; with `wakes`, what waited for the recipient is due."""
    found = recipient_of(access, recipient)
    try:
        deed(found, by=access, now=timezone.now())
    except Refused as refused:
        for problem in refused.problems:
            messages.error(request, problem.message)
    else:
        messages.success(request, said)
        if wakes:
            progress.wake(found, now=timezone.now())
    return to_recipient(access, found)
