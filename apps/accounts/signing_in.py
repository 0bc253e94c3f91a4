"""Signing somebody in who has just proven who she is, by a link in her mail or a new password."""

from django.contrib.auth import login
from django.http import HttpRequest

from apps.accounts.models import User

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def sign_in(request: HttpRequest, user: User) -> None:
    """Begin her session on this request's browser."""
    login(request, user, backend=BACKEND)
