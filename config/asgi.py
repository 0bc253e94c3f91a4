"""The web process: static files, pages and API, websockets."""

import os

from django.core.handlers.asgi import ASGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup(set_prefix=False)

from asgiref.sync import sync_to_async  # noqa: E402
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.handlers.base import BaseHandler  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.http.response import HttpResponseBase  # noqa: E402
from django.urls import path  # noqa: E402
from servestatic import ServeStaticASGI  # noqa: E402

from apps.alerts.consumers import AlertConsumer  # noqa: E402
from apps.alerts.doors import TokenDoor  # noqa: E402


class OneThreadHandler(ASGIHandler):
    """Django's handler, with middleware and view in one thread.

    Our views are synchronous; left alone, each middleware would hop between the event loop
    and that thread on its own.
    """

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)


sockets = URLRouter([path("ws/alerts/", AlertConsumer.as_asgi())])  # type: ignore[arg-type]

application = ProtocolTypeRouter(
    {
        "http": ServeStaticASGI(
            OneThreadHandler(), root=settings.STATIC_ROOT, prefix=settings.STATIC_URL
        ),
        "websocket": TokenDoor(
            pages=AllowedHostsOriginValidator(AuthMiddlewareStack(sockets)), programs=sockets
        ),
    }
)
