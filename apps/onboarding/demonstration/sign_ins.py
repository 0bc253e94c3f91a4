"""The people of a demo: known ones are taken as they are, new ones share one password."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password

from apps.accounts.models import User
from apps.accounts.people import create_person, find_person
from apps.onboarding.demonstration import cast
from apps.teams.models import Team


def person(name: str, *, timezone: str, now: datetime) -> User:
    """Who has this name's address; a new one cannot sign in before `give_password`."""
    email = cast.address(name)
    known = find_person(email)
    if known is not None:
        return known
    return create_person(email=email, name=name, password=None, timezone=timezone, now=now)


def give_password(team: Team, password: str) -> None:
    """Let the new ones sign in. One hash for all: hashing is slow on purpose."""
    new = User.objects.filter(memberships__team=team, password__startswith=UNUSABLE_PASSWORD_PREFIX)
    new.update(password=make_password(password))
