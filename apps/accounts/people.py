"""Making the people who sign in: only an invitation, the first set-up or an operator does."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction

from apps.accounts.models import User


@transaction.atomic
def create_person(
    *, email: str, name: str, password: str | None, timezone: str = "UTC", now: datetime
) -> User:
    """A user whose address counts as proven: whoever made her knows that it is hers.

    Without a password she asks for one by mail (“Forgot your password?”).
    """
    user = User.objects.create_user(
        email, password, name=name.strip(), timezone=timezone, joined_at=now
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def find_person(email: str) -> User | None:
    """The user with this address in any case of letters; None if there is none."""
    return User.objects.filter(email__iexact=email.strip()).first()


def is_first_start() -> bool:
    """Nobody exists yet: the only time at which anyone may set this site up."""
    return not User.objects.exists()
