"""What a caller reads when something of ours is broken."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import requires_csrf_token
from django.views.defaults import server_error as default_server_error


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After while the database is away or its disk is full, else a plain 500.

    Nothing was stored in either case, so sending the same again is right.
    """
    error = sys.exc_info()[1]
    if not isinstance(error, OperationalError | InterfaceError):
        return default_server_error(request)
    response: HttpResponse = default_server_error(request, template_name="503.html")
    if _wants_json(request):
        response = HttpResponse(
            '{"error": "The database is away for the moment. Send it again."}',
            content_type="application/json",
        )
    response.status_code = 503
    response["Retry-After"] = "5"
    return response


def _wants_json(request: HttpRequest) -> bool:
    return request.path.startswith(("/api/", "/capture/"))
