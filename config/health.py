"""Is this process alive, and can it do its work?"""

from datetime import datetime, timedelta

from django.db import Error, connection
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.alerts.duties import DELIVER
from apps.alerts.models import RelayHeartbeat
from apps.teams.policy import public_page

RELAY_SILENCE = timedelta(seconds=10)
DELIVERS = Q(name__startswith=f"{DELIVER} ")
RELAYS = ~DELIVERS


@public_page("says only that the process answers")
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process answers. Restart it when it does not."""
    return HttpResponse("ok\n", content_type="text/plain")


@public_page("says only which part is missing")
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and a relay beat within 10 s; else 503 with the reason.

    Redis is not asked: nothing that a person does waits for it. Copies wait while nobody delivers
    them, and pages go on: that is told, and changes nothing else.
    """
    now = timezone.now()
    needed = {"database": _database(), "relay": _beat(RELAYS, "relay", now)}
    is_ready = all(state == "ok" for state in needed.values())
    told = {"ready": is_ready, **needed, "deliver": _beat(DELIVERS, "deliver", now)}
    return JsonResponse(told, status=200 if is_ready else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return "unreachable"
    return "ok"


def _beat(processes: Q, name: str, now: datetime) -> str:
    """When one of these last beat, in words."""
    try:
        rows = RelayHeartbeat.objects.filter(processes).order_by("-beat_at")
        beat_at = rows.values_list("beat_at", flat=True)[:1]
        last = next(iter(beat_at), None)
    except Error:
        return "unknown"
    if last is None:
        return f"never seen: start `manage.py {name}`"
    if now - last > RELAY_SILENCE:
        return f"silent for {int((now - last).total_seconds())} s"
    return "ok"
