"""Asking companies to become clients: a question by e-mail that says precisely what is wished."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.agency import agencies, grant_words, mails
from apps.agency.people import Sent
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import Agency, ClientInvitation, Team
from apps.teams.permissions import Grant
from apps.teams.secrets import new_token, token_hash

VALID_FOR = timedelta(days=14)
MOST_OPEN = 500


class InvitationRefused(ValueError):
    """It can't be made or answered so; the message says why."""


def waiting(by: AgencyAccess) -> QuerySet[ClientInvitation]:
    """Questions without an answer, the latest first, expired ones included."""
    rows = ClientInvitation.objects.filter(agency=by.agency, accepted_at=None, revoked_at=None)
    return rows.select_related("team")


def asked_of(user: User, *, now: datetime) -> QuerySet[ClientInvitation]:
    """What agencies ask of this user now, for a team that she has: by her proven address."""
    rows = ClientInvitation.objects.filter(
        email__iexact=user.email, accepted_at=None, revoked_at=None, expires_at__gt=now,
        agency__is_active=True, team=None,
    )  # fmt: skip
    return rows.select_related("agency", "created_by")


@transaction.atomic
def invite_client(
    *,
    name: str,
    email: str,
    allows: Iterable[str],
    is_masked: bool,
    by: AgencyAccess,
    now: datetime,
    message: str = "",
    team: Team | None = None,
) -> Sent:
    """Ask a company, by mail, to become a client; `team` is one that was made for it.

    Nothing is granted before it answers, and the answer may grant less than was asked. Asked twice
    while the first link works, as by a double press, InvitationRefused.
    """
    Agency.objects.select_for_update(no_key=True).get(pk=by.agency.pk)
    _refuse_twice(name, email, by, now)
    if waiting(by).count() >= MOST_OPEN:
        raise InvitationRefused(_("Too many companies have not answered. Take some back first."))
    token = new_token()
    row = ClientInvitation.objects.create(
        agency=by.agency, name=name, email=email.strip().casefold(), message=message,
        allows=known(allows), is_masked=is_masked, team=team, token_hash=token_hash(token),
        created_at=now, created_by=by.user, expires_at=now + VALID_FOR,
    )  # fmt: skip
    agencies.record(
        by=by, action="client.invited", target=name, now=now,
        detail={"allows": row.allows, "is_masked": is_masked},
    )  # fmt: skip
    return _send(row, token, by)


def _refuse_twice(name: str, email: str, by: AgencyAccess, now: datetime) -> None:
    asked = waiting(by).filter(expires_at__gt=now, name__iexact=name, email__iexact=email.strip())
    if asked.exists():
        words = _("%(client)s was asked at this address already: send it again from the list.")
        raise InvitationRefused(words % {"client": name})


@transaction.atomic
def resend(invitation_id: UUID, *, by: AgencyAccess, now: datetime) -> Sent:
    """A new link for another fourteen days; the old one stops working."""
    row = waiting(by).select_for_update(of=("self",)).get(pk=invitation_id)
    token = new_token()
    row.token_hash, row.expires_at = token_hash(token), now + VALID_FOR
    row.save(update_fields=["token_hash", "expires_at"])
    agencies.record(by=by, action="client.invited_again", target=row.name, now=now)
    return _send(row, token, by)


@transaction.atomic
def revoke(invitation_id: UUID, *, by: AgencyAccess, now: datetime) -> None:
    """Take the question back: the link stops working at once."""
    row = waiting(by).select_for_update(of=("self",)).get(pk=invitation_id)
    row.revoked_at = now
    row.save(update_fields=["revoked_at"])
    agencies.record(by=by, action="client.invitation_revoked", target=row.name, now=now)


def find(token: str, *, now: datetime) -> ClientInvitation | None:
    """The question of a link while it can be answered; None otherwise, whatever the reason."""
    rows = ClientInvitation.objects.select_related("agency", "team", "created_by")
    found = rows.filter(token_hash=token_hash(token), agency__is_active=True).first()
    return found if found and found.is_open(now) else None


@transaction.atomic
def decline(invitation: ClientInvitation, *, now: datetime, by: Access | None = None) -> None:
    """Say no: whoever has the link may, or somebody of a team, in whose log it stands then.

    InvitationRefused if it was answered meanwhile.
    """
    row = taken(invitation, now)
    row.revoked_at = now
    row.save(update_fields=["revoked_at"])
    if by is not None:
        audit.record(by=by, action="agency.declined", target=invitation.agency, now=now)
    names = {"client": row.name}
    letter = mails.Letter(
        subject=_("%(client)s said no") % names,
        lines=[_("%(client)s does not want to become a client. Nothing was granted.") % names],
        action=_("Your clients"),
        path=_clients_page(invitation),
    )
    mails.send(letter, to=mails.operators_of(invitation.agency))


def taken(invitation: ClientInvitation, now: datetime) -> ClientInvitation:
    """The row under lock, if it can still be answered."""
    row = ClientInvitation.objects.select_for_update().get(pk=invitation.pk)
    if not row.is_open(now):
        raise InvitationRefused(_("This invitation was answered, was taken back or has expired."))
    return row


def known(allows: Iterable[str]) -> list[str]:
    """The grants among these words, each once, in the order of the list of grants."""
    asked = set(allows)
    return [grant.value for grant in Grant if grant.value in asked]


def _clients_page(invitation: ClientInvitation) -> str:
    return f"/agency/{invitation.agency.slug}/"


def _send(row: ClientInvitation, token: str, by: AgencyAccess) -> Sent:
    path = reverse("welcome:client", kwargs={"token": token})
    names = {"who": str(by.user), "agency": by.agency.name, "client": row.name}
    letter = mails.Letter(
        subject=_("%(agency)s asks to work with %(client)s on Leadrelay") % names,
        lines=[
            _("%(who)s of %(agency)s asks what they may see and do in your team.") % names,
            *grant_words.lines(row.allows, is_masked=row.is_masked),
            _("You choose, you see every step they take, and you can end it at any moment."),
        ],
        quote=row.message,
        action=_("Read and answer"),
        path=path,
        small=_("The link works for 14 days. If you do nothing, nothing is granted."),
    )
    mails.send(letter, to=[row.email])
    return Sent(row.email, settings.PUBLIC_URL + path)
