"""What the fork server loads once, so that a process of a crew starts in milliseconds."""

import django

django.setup()

from apps.assignments import services  # noqa: E402
from apps.capture import services as captures  # noqa: E402

__all__ = ["captures", "services"]
