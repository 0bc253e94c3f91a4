"""HTTP without websockets, for busy sites (docs/operating.md)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_django = get_wsgi_application()

from django.conf import settings  # noqa: E402
from servestatic import ServeStatic  # noqa: E402

application = ServeStatic(_django, root=settings.STATIC_ROOT, prefix=settings.STATIC_URL)
