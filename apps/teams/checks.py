"""A view without a declared policy does not start."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.urls import URLPattern, URLResolver, get_resolver

# Views of libraries, by the module they live in, and what protects them.
EXTERNAL = {
    "allauth": "allauth decides itself: sign-in pages are public, the rest asks for a session",
    "django.contrib.admin": "the admin asks for staff",
    "django.contrib.contenttypes": "reached through the admin only",
    "drf_spectacular": "the API's description holds no data",
    "django.views": "static files, translations and redirects hold no data",
    "rest_framework": "the API's views declare api_policy",
}


@register(Tags.urls)
def every_view_declares_its_policy(
    app_configs: Sequence[Any] | None, **kwargs: Any
) -> list[CheckMessage]:
    return [
        Error(
            f"The view at “{path}” declares no policy.",
            hint="Decorate it with team_page, signed_in_page or public_page, or give a class "
            "a `policy` (apps.teams.policy).",
            obj=path,
            id="teams.E001",
        )
        for path, view in walk(get_resolver())
        if policy_of(view) is None and not _is_external(view)
    ]


def walk(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every address pattern with its view, in the order of the URLconf."""
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry, path)
        elif isinstance(entry, URLPattern):
            yield path, entry.callback


def policy_of(view: Any) -> Any:
    """The policy of a function, a class-based view or a DRF view; None without one."""
    for holder in (view, getattr(view, "view_class", None), getattr(view, "cls", None)):
        policy = getattr(holder, "policy", None)
        if policy is not None:
            return policy
    return None


def _is_external(view: Any) -> bool:
    module = str(getattr(view, "__module__", ""))
    holder = getattr(view, "view_class", None) or getattr(view, "cls", None)
    names = [module, str(getattr(holder, "__module__", ""))]
    return any(name.startswith(tuple(EXTERNAL)) for name in names)
