"""Inviting people by e-mail: a link that expires, works once and can be taken back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, models, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.people import create_person, find_person
from apps.teams import audit, starting
from apps.teams.access import Access
from apps.teams.models import Invitation, Membership
from apps.teams.permissions import Permission, Role
from apps.teams.scope import deed
from apps.teams.secrets import new_token, token_hash
from apps.teams.starting import Start

VALID_FOR = timedelta(days=7)
NOTHING_MORE = Start()


class InvitationRefused(ValueError):
    """It can't be made or used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An invitation with its link. The link is known now and never again."""

    invitation: Invitation
    link: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """Who joined by which invitation, and what of it was gone by then, in words."""

    member: Membership
    invitation: Invitation
    left_out: list[str]


def roles_to_invite(by: Access) -> list[Role]:
    """Admins invite anyone, managers salespeople, others nobody."""
    if by.can(Permission.EDIT_MEMBERS):
        return list(Role)
    return [Role.SALESPERSON] if by.can(Permission.INVITE_SALESPEOPLE) else []


def waiting(by: Access) -> models.QuerySet[Invitation]:
    """The team's invitations that were neither used nor taken back, expired ones included."""
    return _open_ones(by).order_by("-created_at")


def invite(
    *,
    email: str,
    role: str,
    start: Start = NOTHING_MORE,
    by: Access,
    now: datetime,
) -> Sent:
    """Ask somebody into the team by mail. An older invitation of hers stops working.

    What she starts with is only what `by` may give: see `starting.NEEDS`.

    Of two at the same moment, such as a double click, one is refused and one mail goes out.
    """
    _require(role, by)
    address, given = email.strip().casefold(), starting.columns(start, by=by)
    try:
        return _invite(address, role, given, by=by, now=now)
    except IntegrityError as error:
        raise InvitationRefused(
            _("%(email)s has just been invited.") % {"email": address}
        ) from error


@transaction.atomic
def _invite(
    address: str, role: str, given: Mapping[str, Any], *, by: Access, now: datetime
) -> Sent:
    if Membership.objects.filter(team=by.team, user__email__iexact=address).exists():
        raise InvitationRefused(_("%(email)s is already in this team.") % {"email": address})
    _open_ones(by).filter(email__iexact=address).update(revoked_at=now)
    token = new_token()
    invitation = Invitation.objects.create(
        team=by.team,
        email=address,
        role=role,
        **given,
        token_hash=token_hash(token),
        created_at=now,
        expires_at=now + VALID_FOR,
        **deed(by),
    )
    detail = {"role": role, **_said(given)}
    audit.record(by=by, action="invitation.sent", target=invitation, now=now, detail=detail)
    return _send(invitation, token, by)


@transaction.atomic
def change(
    invitation: Invitation, *, role: str, start: Start, by: Access, now: datetime
) -> Invitation:
    """Let her start otherwise, while she has not come. The link stays as it is, nobody is mailed.

    What `start` leaves out stays. InvitationRefused once it was used or taken back.
    """
    row = _taken(invitation, by)
    _require(role, by)
    given = {"role": role, **starting.columns(start, by=by)}
    changed = {name: value for name, value in given.items() if getattr(row, name) != value}
    if changed:
        for name, value in changed.items():
            setattr(row, name, value)
        row.save(update_fields=list(changed))
        audit.record(by=by, action="invitation.changed", target=row, now=now, detail=_said(changed))
    return row


def _said(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value}


@transaction.atomic
def resend(invitation: Invitation, *, by: Access, now: datetime) -> Sent:
    """A new link for another seven days; the old one stops working."""
    row = _taken(invitation, by)
    token = new_token()
    row.token_hash, row.expires_at = token_hash(token), now + VALID_FOR
    row.save(update_fields=["token_hash", "expires_at"])
    audit.record(by=by, action="invitation.resent", target=row, now=now)
    return _send(row, token, by)


@transaction.atomic
def revoke(invitation: Invitation, *, by: Access, now: datetime) -> None:
    """The link stops working at once."""
    row = _taken(invitation, by)
    row.revoked_at = now
    row.save(update_fields=["revoked_at"])
    audit.record(by=by, action="invitation.revoked", target=row, now=now)


def find(token: str, *, now: datetime) -> Invitation | None:
    """The invitation of a link while it can be used; None otherwise, whatever the reason."""
    rows = Invitation.objects.select_related("team", "actor")
    invitation = rows.filter(token_hash=token_hash(token), team__is_active=True).first()
    return invitation if invitation and invitation.is_open(now) else None


@transaction.atomic
def accept(
    token: str,
    *,
    now: datetime,
    user: User | None = None,
    name: str = "",
    password: str = "",
) -> Accepted:
    """Join by a link: as `user`, who must have the invited address, or as a new person.

    A link works once: of two at the same time the second is refused.
    """
    open_one = find(token, now=now)
    if open_one is None:
        raise InvitationRefused(_not_usable())
    row = Invitation.objects.select_for_update().get(pk=open_one.pk)
    if not row.is_open(now) or bytes(row.token_hash) != token_hash(token):
        raise InvitationRefused(_not_usable())
    person = user or _new_person(row, name=name, password=password, now=now)
    if person.email.casefold() != row.email.casefold():
        raise InvitationRefused(
            _("This invitation is for %(email)s. Sign out and open the link again.")
            % {"email": row.email}
        )
    first = {**starting.first_columns(row), "joined_at": now}
    member, is_new = Membership.objects.get_or_create(
        team_id=row.team_id, user=person, defaults=first
    )
    gone = starting.give_skills(member, row) if is_new else []
    row.accepted_at = now
    row.save(update_fields=["accepted_at"])
    detail = {"left_out": gone} if gone else None
    audit.record(
        by=Access.of(member), action="invitation.accepted", target=row, now=now, detail=detail
    )
    return Accepted(member, row, gone)


def _new_person(row: Invitation, *, name: str, password: str, now: datetime) -> User:
    if find_person(row.email):
        raise InvitationRefused(
            _("%(email)s has an account already. Sign in and open the link again.")
            % {"email": row.email}
        )
    return create_person(
        email=row.email, name=name, password=password, timezone=row.team.timezone, now=now
    )


def _not_usable() -> str:
    return _("This invitation was used, was taken back or has expired. Ask for a new one.")


def _require(role: str, by: Access) -> None:
    if role not in roles_to_invite(by):
        by.require(Permission.EDIT_MEMBERS)


def _open_ones(by: Access) -> models.QuerySet[Invitation]:
    return Invitation.objects.visible_to(by).filter(
        accepted_at__isnull=True, revoked_at__isnull=True
    )


def _taken(invitation: Invitation, by: Access) -> Invitation:
    """The row, locked, if it is still open and of a role that this actor may invite."""
    _require(invitation.role, by)
    row = _open_ones(by).select_for_update().filter(pk=invitation.pk).first()
    if row is None:
        raise InvitationRefused(_("This invitation was already used or taken back."))
    return row


def _send(invitation: Invitation, token: str, by: Access) -> Sent:
    link = settings.PUBLIC_URL + reverse("welcome:invitation", kwargs={"token": token})
    words = {"invitation": invitation, "link": link, "team": by.team, "inviter": by.user}
    message = EmailMultiAlternatives(
        subject=_("Join %(team)s on Leadrelay") % {"team": by.team.name},
        body=render_to_string("emails/invitation.txt", words),
        to=[invitation.email],
    )
    message.attach_alternative(render_to_string("emails/invitation.html", words), "text/html")
    transaction.on_commit(lambda: _post(message), robust=True)
    return Sent(invitation, link)


def _post(message: EmailMultiAlternatives) -> None:
    message.send(fail_silently=False)
