"""The web process: static files, pages and API, websockets."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup(set_prefix=False)

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path  # noqa: E402
from servestatic import ServeStaticASGI  # noqa: E402

from apps.alerts.consumers import AlertConsumer  # noqa: E402
from apps.alerts.doors import TokenDoor  # noqa: E402
from config.handler import OneThreadHandler  # noqa: E402

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
