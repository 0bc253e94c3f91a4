"""From a lead in the mail to an account: prove the mailbox, found a team, take the leads in.

The link of a copy may have been forwarded, so that it proves nobody's address: the account is made
by a link of its own, sent to the recipient's mailbox.
"""

from __future__ import annotations

from time import monotonic

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.deliveries import links, public_copies
from apps.deliveries.models import Delivery
from apps.deliveries.public_copies import Shown
from apps.deliveries.views.public import of_token
from apps.leads.masking import DOT
from apps.onboarding import by_mail
from apps.rules.models import Recipient
from apps.teams.policy import public_page
from apps.teams.throttle import Throttle

# Nobody's mailbox is filled by somebody who presses a button again and again.
mails = Throttle(rate=1 / 60, burst=2.0)


@public_page("the signed token in the address; it only sends a mail to the recipient's own address")
@require_http_methods(["GET", "HEAD", "POST"])
@of_token
def ask(request: HttpRequest, delivery: Delivery) -> HttpResponse:
    """Say to which mailbox the link of the account goes, and send it there."""
    is_shown = public_copies.shown(delivery, now=timezone.now()) is Shown.COPY
    if not is_shown or delivery.recipient.kind != Recipient.Kind.EMAIL:
        return redirect(links.path_of(delivery))
    context = {
        "delivery": delivery,
        "team": delivery.team,
        "path": links.path_of(delivery),
        "address": _masked(delivery.recipient.email),
        "is_sent": request.method == "POST",
    }
    if request.method == "POST" and mails.allows(delivery.recipient_id, monotonic()):
        _send(delivery)
    response = render(request, "onboarding/copy_start.html", context)
    response["Referrer-Policy"] = "same-origin"  # without an origin its form would be refused
    return response


@public_page("the signed token came by mail a day ago at most, which proves the address")
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """An account and a team; then the leads are taken in with one press."""
    proven = links.proven(token)
    if proven is None:
        return render(request, "onboarding/copy_start_gone.html", status=404)
    delivery, email = proven
    return by_mail.found(
        request,
        email=email,
        then=links.adopt_address_of(delivery),
        template="onboarding/copy_join.html",
        context={"team": delivery.team, "email": email},
        initial=_guess(delivery),
    )


def _guess(delivery: Delivery) -> dict[str, str]:
    """Partners mostly live where the sender does."""
    team = delivery.team
    return {"timezone": delivery.recipient.timezone or team.timezone, "country": team.country}


def _masked(email: str) -> str:
    """Enough to know one's own mailbox by."""
    name, _at, domain = email.rpartition("@")
    return f"{name[:1]}{DOT * 3}@{domain}"


def _send(delivery: Delivery) -> None:
    path = reverse("welcome:from_copy_join", kwargs={"token": links.proof_of(delivery)})
    words = {"team": delivery.team, "link": settings.PUBLIC_URL + path}
    mail = EmailMultiAlternatives(
        subject=_("Your own list for leads of %(team)s") % {"team": delivery.team.name},
        body=render_to_string("emails/copy_start.txt", words),
        to=[delivery.recipient.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string("emails/copy_start.html", words), "text/html")
    mail.send(fail_silently=True)
