"""Who works at an agency: invited by e-mail, made owner or operator, let in or kept out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.people import create_person, find_person
from apps.agency import agencies, mails
from apps.teams import audit
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import Agency, Operator, OperatorInvitation
from apps.teams.secrets import new_token, token_hash

VALID_FOR = timedelta(days=14)


class OperatorRefused(ValueError):
    """It can't be done; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An invitation with its link, which is known now and never again."""

    email: str
    link: str


def colleagues(by: AgencyAccess) -> QuerySet[Operator]:
    """Everybody who works or has worked here; those who may come in first."""
    rows = Operator.objects.filter(agency=by.agency).select_related("user")
    return rows.order_by("-is_active", "user__name", "pk")


def waiting(by: AgencyAccess) -> QuerySet[OperatorInvitation]:
    """Invitations that were neither used nor taken back, expired ones included."""
    rows = OperatorInvitation.objects.filter(agency=by.agency)
    return rows.filter(accepted_at=None, revoked_at=None)


def invite_operator(*, email: str, role: str, by: AgencyAccess, now: datetime) -> Sent:
    """Ask somebody to work here, by mail. An older invitation of hers stops working."""
    by.require_owner()
    address = email.strip().casefold()
    try:
        return _invite(address, role, by, now)
    except IntegrityError as error:
        raise OperatorRefused(_("%(email)s has just been invited.") % {"email": address}) from error


@transaction.atomic
def _invite(address: str, role: str, by: AgencyAccess, now: datetime) -> Sent:
    if colleagues(by).filter(user__email__iexact=address, is_active=True).exists():
        raise OperatorRefused(_("%(email)s works here already.") % {"email": address})
    waiting(by).filter(email__iexact=address).update(revoked_at=now)
    token = new_token()
    OperatorInvitation.objects.create(
        agency=by.agency, email=address, role=Operator.Role(role), token_hash=token_hash(token),
        created_at=now, created_by=by.user, expires_at=now + VALID_FOR,
    )  # fmt: skip
    agencies.record(
        by=by, action="operator.invited", target=address, now=now, detail={"role": role}
    )
    path = reverse("welcome:operator", kwargs={"token": token})
    mails.send(_letter(by, path), to=[address])
    return Sent(address, settings.PUBLIC_URL + path)


def _letter(by: AgencyAccess, path: str) -> mails.Letter:
    names = {"who": str(by.user), "agency": by.agency.name}
    return mails.Letter(
        subject=_("Work for %(agency)s on Leadrelay") % names,
        lines=[_("%(who)s invites you to look after the clients of %(agency)s.") % names],
        action=_("Accept the invitation"),
        path=path,
        small=_("The link works once, for 14 days. If you did not expect it, do nothing."),
    )


@transaction.atomic
def revoke(invitation_id: UUID, *, by: AgencyAccess, now: datetime) -> None:
    """The link stops working at once. OperatorInvitation.DoesNotExist: none of this agency's."""
    by.require_owner()
    row = waiting(by).select_for_update().get(pk=invitation_id)
    row.revoked_at = now
    row.save(update_fields=["revoked_at"])
    agencies.record(by=by, action="operator.invitation_revoked", target=row.email, now=now)


def find(token: str, *, now: datetime) -> OperatorInvitation | None:
    """The invitation of a link while it can be used; None otherwise, whatever the reason."""
    rows = OperatorInvitation.objects.select_related("agency", "created_by")
    found = rows.filter(token_hash=token_hash(token), agency__is_active=True).first()
    return found if found and found.is_open(now) else None


@transaction.atomic
def accept(
    token: str, *, now: datetime, user: User | None = None, name: str = "", password: str = ""
) -> AgencyAccess:
    """Join by a link: as `user`, who must have the invited address, or as a new person."""
    found = find(token, now=now)
    row = (
        OperatorInvitation.objects.select_for_update().filter(pk=found.pk).first()
        if found
        else None
    )
    if found is None or row is None or not row.is_open(now):
        raise OperatorRefused(_("This invitation was used, was taken back or has expired."))
    person = user or _new_person(row.email, name, password, found.agency, now)
    if person.email.casefold() != row.email.casefold():
        raise OperatorRefused(_("This invitation is for %(email)s.") % {"email": row.email})
    operator, _is_new = Operator.objects.update_or_create(
        agency=found.agency, user=person, defaults={"role": row.role, "is_active": True},
        create_defaults={"role": row.role, "joined_at": now},
    )  # fmt: skip
    row.accepted_at = now
    row.save(update_fields=["accepted_at"])
    joined = AgencyAccess(found.agency, person, operator)
    agencies.record(by=joined, action="operator.joined", target=row.email, now=now)
    return joined


def _new_person(email: str, name: str, password: str, agency: Agency, now: datetime) -> User:
    if find_person(email):
        raise OperatorRefused(
            _("%(email)s has an account already. Sign in and open the link again.")
            % {"email": email}
        )
    return create_person(
        email=email, name=name, password=password, timezone=agency.timezone, now=now
    )


@transaction.atomic
def change_operator(
    operator_id: UUID, *, role: str, is_active: bool, by: AgencyAccess, now: datetime
) -> Operator:
    """Make her owner or operator, let her in or keep her out: at once, in every client.

    Refused for the last owner. Operator.DoesNotExist: nobody of this agency.
    """
    by.require_owner()
    Agency.objects.select_for_update(no_key=True).get(pk=by.agency.pk)
    row = colleagues(by).select_for_update(of=("self",)).get(pk=operator_id)
    stays_owner = is_active and role == Operator.Role.OWNER
    if row.role == Operator.Role.OWNER and row.is_active and not stays_owner:
        _keep_an_owner(row)
    if (row.role, row.is_active) == (role, is_active):
        return row
    is_moved = row.is_active != is_active
    row.role, row.is_active = Operator.Role(role), is_active
    row.save(update_fields=["role", "is_active"])
    if is_moved:
        _tell_clients(row, by=by, now=now)
    detail = {"role": role, "is_active": is_active}
    agencies.record(by=by, action="operator.changed", target=row.user.email, now=now, detail=detail)
    return row


def _tell_clients(row: Operator, *, by: AgencyAccess, now: datetime) -> None:
    """Who may come in is said in the log of every client: it is their team that she enters."""
    rights = [by.inside(grant) for grant in by.clients()]
    action = "agency.operator_in" if row.is_active else "agency.operator_out"
    audit.record_in_each(rights, action=action, target=row, now=now)


def _keep_an_owner(leaving: Operator) -> None:
    others = Operator.objects.filter(
        agency_id=leaving.agency_id, role=Operator.Role.OWNER, is_active=True, user__is_active=True
    ).exclude(pk=leaving.pk)
    if not others.exists():
        raise OperatorRefused(
            _("An agency needs at least one owner. Make somebody else an owner first.")
        )
