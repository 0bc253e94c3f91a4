"""Founding a team: everything it needs so that its first lead reaches a person."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.people import create_person, is_first_start
from apps.capture import sources
from apps.content.defaults import add_default_scripts
from apps.leads.defaults import add_default_statuses
from apps.leads.models import Source
from apps.rules.models import EmptyPolicy, Mode, Pool, Ranking
from apps.rules.pools import seats
from apps.rules.pools import services as pools
from apps.rules.sets.defaults import add_default_rules
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import RESERVED_SLUGS, Membership, Team
from apps.teams.permissions import Role

# Only one first person: two set-ups at the same moment wait for each other on this number.
_SETUP_LOCK = 7_215_001


class TeamRefused(ValueError):
    """The team can't be founded so; the message says what to change."""


class PersonKnown(ValueError):
    """Somebody has an account with this address: she signs in."""


class SetUpDone(RuntimeError):
    """Somebody is here already: people come by invitation from now on."""


@transaction.atomic
def found_team(
    *,
    name: str,
    slug: str,
    timezone: str,
    country: str,
    owner: User | None,
    now: datetime,
    **settings: Any,
) -> Team:
    """A team with its first admin, statuses, pool, published rules, scripts and sources.

    The pool “Everyone” assigns by turn, and `owner` has its first seat; without an owner the team
    waits for its first admin. `settings` are further columns of it, such as currency or hours.
    """
    if slug in RESERVED_SLUGS or Team.objects.filter(slug=slug).exists():
        raise TeamRefused(_("The address “%(slug)s” is taken. Choose another.") % {"slug": slug})
    team = Team.objects.create(
        name=name, slug=slug, timezone=timezone, country=country, created_at=now, **settings
    )
    by = _first_admin(team, owner, now=now) if owner else Access.system(team)
    audit.record(by=by, action="team.founded", target=team, now=now)
    add_default_statuses(team)
    for kind in (Source.Kind.HAND, Source.Kind.API):
        sources.builtin(team, kind, now=now)
    pool = pools.create_pool(team, _everyone(), by=by, now=now)
    if by.membership is not None:
        seats.add_seat(pool, by.membership, by=by, now=now)
    add_default_rules(team, pool=pool, by=by, now=now)
    add_default_scripts(team)
    team.refresh_from_db()
    return team


def _first_admin(team: Team, owner: User, *, now: datetime) -> Access:
    admin = Membership.objects.create(team=team, user=owner, role=Role.ADMIN, joined_at=now)
    return Access.of(admin)


@transaction.atomic
def found_site(
    *, email: str, name: str, password: str, team: str, timezone: str, country: str, now: datetime
) -> tuple[User, Team]:
    """The very first person, who may use the admin, and her team; SetUpDone if one is here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SETUP_LOCK])
    if not is_first_start():
        raise SetUpDone
    owner = create_person(email=email, name=name, password=password, timezone=timezone, now=now)
    owner.is_staff = owner.is_superuser = True
    owner.save(update_fields=["is_staff", "is_superuser"])
    founded = found_team(
        name=team, slug=free_slug(team), timezone=timezone, country=country, owner=owner, now=now
    )
    return owner, founded


def found_by_mail(
    email: str, *, user: User | None = None, name: str = "", password: str = "",
    team: str, timezone: str, country: str, now: datetime,
) -> User:  # fmt: skip
    """A team for whoever followed a link in a mail, and her account if she has none.

    The mail proved her address. PersonKnown if it got an account meanwhile.
    """
    try:
        with transaction.atomic():
            owner = user or create_person(
                email=email, name=name, password=password, timezone=timezone, now=now
            )
            found_team(
                name=team, slug=free_slug(team), timezone=timezone, country=country, owner=owner,
                now=now,
            )  # fmt: skip
            return owner
    except IntegrityError as error:
        raise PersonKnown(email) from error


def free_slug(name: str) -> str:
    """An address for a team of this name that nobody has yet."""
    base = slugify(name)[:50] or "team"
    taken = set(Team.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    taken |= RESERVED_SLUGS
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (base, *numbered) if slug not in taken)


def _everyone() -> pools.PoolSettings:
    return pools.PoolSettings(
        name=_("Everyone"),
        ranking=Ranking.TURN,
        mode=Mode.ASSIGN,
        empty_policy=EmptyPolicy.HOLD,
    )


def everyone(team: Team) -> Pool | None:
    """The pool that the team was founded with, while it is called so and in use."""
    return Pool.objects.filter(team=team, name=_("Everyone"), is_active=True).first()
