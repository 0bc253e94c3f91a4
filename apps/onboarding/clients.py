"""Clients of agencies: teams that an agency makes for them, and whoever runs such a team first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.people import create_person
from apps.agency import consent, invitations
from apps.agency.invitations import InvitationRefused
from apps.agency.people import Sent
from apps.onboarding.services import everyone, found_team, free_slug
from apps.rules.pools import seats
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import ClientGrant, ClientInvitation, Membership
from apps.teams.permissions import Role


@transaction.atomic
def make_client_team(
    *,
    name: str,
    timezone: str,
    country: str,
    email: str,
    allows: Iterable[str],
    is_masked: bool,
    by: AgencyAccess,
    now: datetime,
) -> Sent:
    """A team for a client, ready to work; the person with this address is asked to run it.

    It has no members before she comes, and the agency no right in it before she grants one.
    """
    team = found_team(
        name=name, slug=free_slug(name), timezone=timezone, country=country, owner=None, now=now,
        currency=by.agency.currency,
    )  # fmt: skip
    return invitations.invite_client(
        name=name, email=email, allows=allows, is_masked=is_masked, by=by, now=now, team=team
    )


@transaction.atomic
def run_client_team(
    invitation: ClientInvitation,
    *,
    allows: Iterable[str],
    is_masked: bool,
    now: datetime,
    user: User | None = None,
    name: str = "",
    password: str = "",
) -> ClientGrant:
    """Whoever was asked becomes the first admin of the team made for her, and answers.

    Only by the invited address, and only while the team has no admin.
    """
    team = invitation.team
    if team is None:
        raise InvitationRefused(_("This invitation is for a team that you have."))
    row = invitations.taken(invitation, now)
    person = user or create_person(
        email=row.email, name=name, password=password, timezone=team.timezone, now=now
    )
    if person.email.casefold() != row.email.casefold():
        raise InvitationRefused(_("This invitation is for %(email)s.") % {"email": row.email})
    if Membership.objects.filter(team=team, role=Role.ADMIN).exists():
        raise InvitationRefused(_("This team has an admin already: ask her."))
    admin, _is_new = Membership.objects.update_or_create(
        team=team, user=person, defaults={"role": Role.ADMIN, "is_active": True},
        create_defaults={"role": Role.ADMIN, "joined_at": now},
    )  # fmt: skip
    by = Access.of(admin)
    audit.record(by=by, action="team.taken_over", target=team, now=now)
    pool = everyone(team)
    if pool is not None and not pool.seats.filter(membership=admin).exists():
        seats.add_seat(pool, admin, by=by, now=now)
    return consent.accept_client(invitation, allows=allows, is_masked=is_masked, by=by, now=now)
