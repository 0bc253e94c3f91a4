"""Who calls the API, and with which right: by a token, or by the session of our own pages."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, NotFound
from rest_framework.request import Request

from apps.accounts.models import User
from apps.teams import tokens
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.policy import access_to

SCHEME = "Bearer"
TEAM_HEADER = "X-Team"
# An address ends up in logs and histories: a key in it is refused, so that nobody gets used to it.
IN_QUERY = frozenset({"token", "access_token", "api_key", "apikey", "key", "authorization"})


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer lr_…`. The key is looked up at each request: revoked is revoked."""

    def authenticate(self, request: Request) -> tuple[User, Access] | None:
        _refuse_in_query(request)
        scheme, _space, secret = get_authorization_header(request).partition(b" ")
        if scheme.decode("latin-1").lower() != SCHEME.lower():
            return None
        access = _access(secret.strip())
        if access is None or access.user is None:
            raise AuthenticationFailed("This key is unknown or was revoked. Ask for a new one.")
        return access.user, access

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


def _access(secret: bytes) -> Access | None:
    try:
        return tokens.authenticate(secret.decode("ascii"), now=timezone.now())
    except UnicodeDecodeError:
        return None


def _refuse_in_query(request: Request) -> None:
    for name, value in request.query_params.items():
        if name.lower() in IN_QUERY or str(value).startswith(tokens.PREFIX):
            raise AuthenticationFailed(
                "A key in the address is refused: send it as “Authorization: Bearer …”, and "
                "revoke it if this was a real one."
            )


def access_of(request: Request) -> Access:
    """The right behind an authenticated request.

    A token belongs to one team. A session names it in `X-Team`; who is in one team only need not.
    """
    if isinstance(request.auth, Access):
        return request.auth
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return access_to(request.user, request.headers.get(TEAM_HEADER, "") or _only_team(request.user))


def _only_team(user: User) -> str:
    slugs = list(
        Membership.objects.active()
        .filter(user=user, team__is_active=True)
        .values_list("team__slug", flat=True)[:2]
    )
    if len(slugs) != 1:
        raise NotFound(f"Name the team in the header {TEAM_HEADER}.")
    return slugs[0]


class TokenScheme(OpenApiAuthenticationExtension):
    """How the description of the API names the key."""

    target_class = "apps.api.auth.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A key of one member in one team: `manage.py create_token EMAIL "
            "--team SLUG`, or the page Me.",
        }
