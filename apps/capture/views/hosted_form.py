"""`/f/<token>/`: a form of our own for sources without a website that can send anything."""

from __future__ import annotations

import hashlib
from time import monotonic
from typing import Any
from uuid import UUID

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from apps.accounts.ids import uuid7
from apps.assignments.models import Door
from apps.capture import services, sources, throttle
from apps.capture.forms import LeadForm
from apps.capture.providers import form as form_provider
from apps.capture.views.webhook import body_of
from apps.leads.models import Source
from apps.teams.policy import public_page

FORM_TYPE = "application/x-www-form-urlencoded"
# People leave tabs open over a weekend; after that the page gives a fresh form with the answers.
ONCE_SECONDS = 7 * 24 * 3600
# A field that no person sees; programs fill in whatever is called like this.
POT = "website"


@csrf_exempt  # nobody is signed in here, and frames on other sites get no cookies
@public_page("the token in the address, a honeypot and a token against double submits")
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the form, take it, say thanks. Works without JavaScript, cookies and sessions."""
    source = _source(token)
    if request.method == "POST":
        return _take(request, source, token)
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD, POST"})
    form = LeadForm(keys=form_provider.fields(source.form_settings))
    return _shown(request, source, form)


@public_page("the token in the address; it shows only words of thanks")
def thanks(request: HttpRequest, token: str) -> HttpResponse:
    source = _source(token)
    return _embeddable(source, render(request, "capture/form_thanks.html", _words(source)))


def _source(token: str) -> Source:
    source = sources.for_token(token, now=timezone.now())
    if source is None or source.kind != Source.Kind.FORM:
        raise Http404("No form has this address.")
    return source


def _take(request: HttpRequest, source: Source, token: str) -> HttpResponse:
    body = body_of(request)
    if body is None:
        return HttpResponse(_("This is more than the form can take."), status=413)
    if not throttle.captures.allows(source.pk, monotonic()):
        return HttpResponse(_("Too many at once. Try again in a moment."), status=429)
    answers = _answers(body)
    form = LeadForm(answers, keys=form_provider.fields(source.form_settings))
    once = _once(answers.get("once", ""), source)
    if once is None:
        form.add_error(None, _("The page was open for very long. Please send it once more."))
    if not form.is_valid() or once is None:
        return _shown(request, source, form, status=422)
    _receive(source, form, answers, once)
    return redirect(reverse("capture_public:thanks", kwargs={"token": token}))


def _receive(source: Source, form: LeadForm, answers: QueryDict, once: UUID) -> None:
    """Keep the answers, as their own fields only; the same page sent twice is one capture."""
    kept = QueryDict(mutable=True)
    for key in form.fields:
        kept[key] = answers.get(key, "")
    body = kept.urlencode().encode()
    digest = hashlib.sha256(body).hexdigest()[:24]
    services.receive(
        source,
        body=body,
        content_type=FORM_TYPE,
        key=f"form:{once.hex}:{digest}",
        door=Door.FORM,
        now=timezone.now(),
        hold=_("A hidden field was filled in: probably a program.") if answers.get(POT) else "",
    )


def _answers(body: bytes) -> QueryDict:
    """What was posted; control characters stay, for the form to refuse."""
    try:
        return QueryDict(body, encoding="utf-8")
    except Exception:  # too many fields, or bytes that are no form at all
        return QueryDict("")


def _once(signed: str, source: Source) -> UUID | None:
    """The id of the page that was sent; None if we did not give it or too long ago."""
    try:
        given = signing.loads(signed, salt=str(source.pk), max_age=ONCE_SECONDS)
        return UUID(str(given))
    except (signing.BadSignature, ValueError):
        return None


def _shown(request: HttpRequest, source: Source, form: LeadForm, status: int = 200) -> HttpResponse:
    context = {
        **_words(source),
        "form": form,
        "once": signing.dumps(uuid7().hex, salt=str(source.pk)),
        "pot": POT,
    }
    return _embeddable(source, render(request, "capture/form.html", context, status=status))


def _words(source: Source) -> dict[str, Any]:
    settings = source.form_settings
    return {
        "title": settings.get("title") or source.team.name,
        "intro": settings.get("intro", ""),
        "thanks": settings.get("thanks", ""),
        "is_off": not source.is_active,
        "is_embedded": bool(source.allowed_origins),
    }


def _embeddable(source: Source, response: HttpResponse) -> HttpResponse:
    """Framing only by the sites that the source lists."""
    origins = [str(origin) for origin in source.allowed_origins]
    if origins:
        response._csp_replace = {"frame-ancestors": origins}  # type: ignore[attr-defined]
        response.xframe_options_exempt = True
    response["Referrer-Policy"] = "no-referrer"
    return response
