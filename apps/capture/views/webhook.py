"""`POST /capture/<token>/`: the address that a source sends its leads to."""

from __future__ import annotations

from time import monotonic

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from apps.assignments.models import Door
from apps.capture import services, sources, throttle
from apps.capture.reading import signatures
from apps.capture.reading.parsing import LARGEST_BODY
from apps.leads.models import Source
from apps.teams.policy import public_page

RETRY_AFTER = "5"

log = structlog.get_logger(__name__)


@csrf_exempt
@public_page("the token in the address, and a signature where the source asks for one")
def receive(request: HttpRequest, token: str) -> JsonResponse:
    """Take a lead. Every answer is JSON; 2xx only after the commit that holds the body."""
    if request.method != "POST":
        return _refused(405, _("Send leads by POST."), Allow="POST")
    try:
        return _receive(request, token)
    except (OperationalError, InterfaceError) as error:
        log.warning("capture_refused", reason=str(error).partition("\n")[0])
        return _refused(
            503, _("The database is away for the moment. Send it again."),
            **{"Retry-After": RETRY_AFTER},
        )  # fmt: skip


def _receive(request: HttpRequest, token: str) -> JsonResponse:
    now = timezone.now()
    body = body_of(request)
    if body is None:
        return _refused(413, _("A lead is at most 1 MB."))
    source = sources.for_token(token, now=now)
    if source is None or source.kind in (Source.Kind.HAND, Source.Kind.IMPORT):
        return _refused(404, _("No source has this address. Copy it again from its page."))
    if not throttle.captures.allows(source.pk, monotonic()):
        return _refused(429, _("More than 200 leads a second: slow down."), **{"Retry-After": "1"})
    if source.is_signed and not signatures.is_genuine(
        request.headers, body, sources.signing_secrets(source, now=now), now=now
    ):
        return _refused(401, _("The signature is missing, wrong or older than five minutes."))
    answer = services.receive(
        source,
        body=body,
        content_type=request.META.get("CONTENT_TYPE", ""),
        key=request.headers.get("Idempotency-Key"),
        door=Door.WEBHOOK,
        now=now,
        is_test=request.GET.get("test") in ("1", "true"),
    )
    return JsonResponse(dict(answer.payload), status=answer.status)


def body_of(request: HttpRequest) -> bytes | None:
    """The body's bytes; None if it is larger than a lead may be, said or not."""
    try:
        told = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        told = 0
    if told > LARGEST_BODY:
        return None
    body = request.read(LARGEST_BODY + 1)
    return None if len(body) > LARGEST_BODY else body


def _refused(status: int, words: str, **headers: str) -> JsonResponse:
    return JsonResponse({"error": words}, status=status, headers=headers or None)
