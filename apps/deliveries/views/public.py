"""`/d/<token>/`: a copy for whoever has its link, without an account."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from time import monotonic
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.deliveries import links, public_copies
from apps.deliveries.models import ARRIVED, Delivery, Dispute
from apps.deliveries.plans import offers
from apps.deliveries.plans.offers import Gone, OfferGone, OfferRefused
from apps.deliveries.public_copies import Shown
from apps.deliveries.returns import disputes
from apps.deliveries.returns.disputes import DisputeRefused
from apps.deliveries.returns.form import ReturnForm
from apps.deliveries.sending import progress, sheets
from apps.rules.models import Recipient
from apps.rules.registry import registry
from apps.teams.policy import public_page
from apps.teams.throttle import Throttle

# People press a button; programs that guess or loop are kept to a trickle.
posts = Throttle(rate=1.0, burst=20.0)
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
View = Callable[[HttpRequest, Delivery], HttpResponse]


def of_token(view: View) -> Callable[..., HttpResponse]:
    """Find the delivery of the address; answer everything in the recipient's zone, unstored."""

    @wraps(view)
    def found(request: HttpRequest, token: str) -> HttpResponse:
        delivery = links.find(token)
        if delivery is None:
            return private(render(request, "deliveries/public_unknown.html", status=404))
        if request.method == "POST" and not posts.allows(delivery.pk, monotonic()):
            return private(HttpResponse(_("Too many at once. Wait a moment."), status=429))
        with timezone.override(zone_of(delivery)):
            return private(view(request, delivery))

    return found


def private(response: HttpResponse) -> HttpResponse:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def zone_of(delivery: Delivery) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(delivery.recipient.timezone or delivery.team.timezone)


@public_page("the signed token in the address; it shows one copy and no more")
@require_http_methods(["GET", "HEAD"])
@of_token
def copy(request: HttpRequest, delivery: Delivery) -> HttpResponse:
    """The lead, the offer, or that it is over. Looking never takes an offer."""
    now = timezone.now()
    response = page(request, delivery, now)
    # One that is still on its way stays so: its system must get it, whoever looked here first.
    has_come = delivery.state in ARRIVED and response.status_code == HTTPStatus.OK
    if has_come and _is_look(request):
        progress.opened(delivery, now=now)
    return response


# In all that follows the token is the key and no cookie counts: whoever could forge such a request
# would have to know the token. So programs may accept as well, and the pages set no cookies.
@csrf_exempt
@public_page("the signed token in the address; the first to accept wins, a GET changes nothing")
@require_http_methods(["GET", "HEAD", "POST"])
@of_token
def accept(request: HttpRequest, delivery: Delivery) -> HttpResponse:
    if request.method != "POST":
        return redirect(links.path_of(delivery))
    now = timezone.now()
    try:
        taken = offers.accept(delivery, now=now, by_user=_user(request))
    except OfferRefused as refused:
        return _refused(request, delivery, str(refused), now)
    except OfferGone as gone:
        return _too_late(request, delivery, gone, now)
    if _wants_json(request):
        return JsonResponse({"id": str(taken.pk), "accepted": True})
    return page(request, taken, now, won=True)


@csrf_exempt
@public_page("the signed token in the address; it ends one's own offer only")
@require_http_methods(["GET", "HEAD", "POST"])
@of_token
def decline(request: HttpRequest, delivery: Delivery) -> HttpResponse:
    if request.method != "POST":
        return redirect(links.path_of(delivery))
    now = timezone.now()
    try:
        offers.decline(delivery, now=now)
    except OfferGone as gone:
        return _too_late(request, delivery, gone, now)
    if _wants_json(request):
        return JsonResponse({"id": str(delivery.pk), "accepted": False})
    return redirect(links.path_of(delivery))


@csrf_exempt
@public_page("the signed token in the address; one return a copy, within its window")
@require_http_methods(["GET", "HEAD", "POST"])
@of_token
def give_back(request: HttpRequest, delivery: Delivery) -> HttpResponse:
    """Return the lead with a reason; the sender decides."""
    now = timezone.now()
    if request.method != "POST" or public_copies.shown(delivery, now=now) is not Shown.COPY:
        return redirect(links.path_of(delivery))
    form = ReturnForm(request.POST)
    if form.is_valid():
        try:
            disputes.open_dispute(
                delivery, **form.cleaned_data, by_user=_user(request),
                by_name=delivery.recipient.name, now=now,
            )  # fmt: skip
            return redirect(f"{links.path_of(delivery)}#return")
        except DisputeRefused as refused:
            if Dispute.objects.filter(delivery=delivery).exists():  # sent twice: it is returned
                return redirect(f"{links.path_of(delivery)}#return")
            form.add_error(None, str(refused))
    return page(request, delivery, now, form=form, status=422)


def page(
    request: HttpRequest, delivery: Delivery, now: datetime, *, status: int = 200, **more: Any
) -> HttpResponse:
    """The page of the delivery as it stands; `more` adds to what the template gets."""
    which = public_copies.shown(delivery, now=now)
    context = {"delivery": delivery, "team": delivery.team, "now": now}
    context |= {"path": links.path_of(delivery), **more}
    if which is Shown.COPY:
        context |= _copy_context(delivery, now, more.get("form"))
    elif which is Shown.OFFER:
        context["sheet"] = sheets.of(delivery, registry(delivery.team), masked=True)
    elif which is Shown.OFFER_GONE:
        context |= {"why": offers.why_gone(delivery), "ended_at": delivery.ended_at, **more}
        status = 410 if status == 200 else status
    else:
        status = 410
    return render(request, f"deliveries/public_{which.value}.html", context, status=status)


def _copy_context(delivery: Delivery, now: datetime, form: ReturnForm | None) -> dict[str, Any]:
    dispute = Dispute.objects.filter(delivery=delivery).first()
    ends = disputes.window_ends(delivery)
    is_offer = delivery.offered_until is not None  # to a team: it always was one
    may_return = dispute is None and not disputes.refusal(delivery, now=now)
    return {
        "sheet": sheets.of(delivery, registry(delivery.team)),
        "dispute": dispute,
        "return_until": ends,
        "form": (form or ReturnForm()) if may_return or form else None,
        "is_form_open": form is not None,
        "may_adopt": delivery.recipient.kind == Recipient.Kind.EMAIL,
        "is_adopted": delivery.recipient.kind == Recipient.Kind.TEAM and not is_offer,
    }


def _too_late(
    request: HttpRequest, delivery: Delivery, gone: OfferGone, now: datetime
) -> HttpResponse:
    """Who was faster is not said, only by how much."""
    delivery.refresh_from_db()
    seconds = (now - gone.at).total_seconds() if gone.at and gone.why is Gone.TAKEN else None
    if _wants_json(request):
        return JsonResponse({"accepted": False, "reason": gone.why.value}, status=409)
    before = None if seconds is None else max(seconds, 0.1)
    return page(request, delivery, now, status=409, seconds_before=before)


def _refused(request: HttpRequest, delivery: Delivery, words: str, now: datetime) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"accepted": False, "reason": words}, status=403)
    return page(request, delivery, now, status=403, refusal=words)


def _is_look(request: HttpRequest) -> bool:
    """A person's first look, not a HEAD of a scanner nor a browser fetching ahead."""
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return request.method == "GET" and "prefetch" not in purpose


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _user(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None
