"""Consent of clients: given by an admin of the team, changed and ended at once, told to both."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.agency import agencies, grant_words, invitations, mails
from apps.agency.invitations import InvitationRefused
from apps.alerts import services as alerts
from apps.alerts.models import Kind
from apps.alerts.services import NewAlert
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import Agency, ClientGrant, ClientInvitation, Membership
from apps.teams.permissions import Permission, Role

Side = ClientGrant.Side


def grants_of(by: Access) -> QuerySet[ClientGrant]:
    """The team's grants that are live, by agency."""
    rows: QuerySet[ClientGrant] = ClientGrant.objects.visible_to(by).filter(ended_at=None)
    return rows.select_related("agency", "granted_by").order_by("agency__name", "pk")


def ended_of(by: Access) -> QuerySet[ClientGrant]:
    """Grants that have ended, the last first."""
    rows: QuerySet[ClientGrant] = ClientGrant.objects.visible_to(by).exclude(ended_at=None)
    return rows.select_related("agency", "ended_by").order_by("-ended_at", "-pk")


def accept_client(
    invitation: ClientInvitation,
    *,
    allows: Iterable[str],
    is_masked: bool,
    by: Access,
    now: datetime,
) -> ClientGrant:
    """The team of `by` becomes a client, with exactly these grants.

    Of two answers at once one counts. InvitationRefused where it can't be.
    """
    by.require(Permission.EDIT_TEAM)
    try:
        with transaction.atomic():
            row = invitations.taken(invitation, now)
            if row.team_id is not None and row.team_id != by.team.pk:
                raise InvitationRefused(_("This invitation is for another team."))
            row.accepted_at = now
            row.save(update_fields=["accepted_at"])
            return _grant(invitation.agency, invitations.known(allows), is_masked, by, now)
    except IntegrityError as error:
        raise InvitationRefused(
            _("%(team)s is a client of %(agency)s already.")
            % {"team": by.team.name, "agency": invitation.agency.name}
        ) from error


def _grant(
    agency: Agency, allows: list[str], is_masked: bool, by: Access, now: datetime
) -> ClientGrant:
    grant: ClientGrant = ClientGrant.objects.create(
        team=by.team, allows=allows, is_masked=is_masked, granted_at=now, granted_by=by.user,
        actor=by.user, via=by.via.value, agency=agency,
    )  # fmt: skip
    _note(grant, "agency.granted", by, now)
    _tell(grant, _("%(agency)s has become your agency.") % {"agency": agency.name}, by, now)
    _write(
        grant,
        _("%(client)s is your client now") % {"client": by.team.name},
        grant_words.lines(allows, is_masked=is_masked),
    )
    return grant


@transaction.atomic
def change_grant(
    grant_id: UUID, *, allows: Iterable[str], is_masked: bool, by: Access, now: datetime
) -> ClientGrant:
    """Let the agency do exactly this from its next request on; its open pages look again.

    ClientGrant.DoesNotExist: none of this team's that is live.
    """
    by.require(Permission.EDIT_TEAM)
    grant = grants_of(by).select_for_update(of=("self",), no_key=True).get(pk=grant_id)
    wanted = invitations.known(allows)
    if (grant.allows, grant.is_masked) == (wanted, is_masked):
        return grant
    grant.allows, grant.is_masked, grant.changed_at = wanted, is_masked, now
    grant.save(update_fields=["allows", "is_masked", "changed_at"])
    _note(grant, "agency.grant_changed", by, now)
    said = _("What %(agency)s may do has changed.") % {"agency": grant.agency.name}
    _tell(grant, said, by, now)
    _write(
        grant,
        _("%(client)s changed what you may do") % {"client": by.team.name},
        grant_words.lines(wanted, is_masked=is_masked),
    )
    return grant


@transaction.atomic
def end_grant(grant_id: UUID, *, by: Access, now: datetime) -> ClientGrant:
    """The client ends it, at once. ClientGrant.DoesNotExist: none of this team's that is live."""
    by.require(Permission.EDIT_TEAM)
    grant = grants_of(by).select_for_update(of=("self",), no_key=True).get(pk=grant_id)
    _end(grant, Side.CLIENT, by, now)
    said = _("%(agency)s is your agency no more.") % {"agency": grant.agency.name}
    _tell(grant, said, by, now)
    title = _("%(client)s is your client no more") % {"client": by.team.name}
    _write(grant, title, [_("They ended it. You can enter their team no more.")])
    return grant


@transaction.atomic
def leave_client(team_slug: str, *, by: AgencyAccess, now: datetime) -> ClientGrant:
    """The agency ends it, at once. ClientGrant.DoesNotExist: no client of that address."""
    by.require_owner()
    rows = by.clients().select_for_update(of=("self",), no_key=True)
    grant = rows.get(team__slug=team_slug)
    inside = by.inside(grant)
    _end(grant, Side.AGENCY, inside, now)
    agencies.record(by=by, action="client.left", target=grant.team.name, now=now)
    said = _("%(agency)s ended its work for you.") % {"agency": by.agency.name}
    _tell(grant, said, inside, now)
    return grant


def _end(grant: ClientGrant, side: str, by: Access, now: datetime) -> None:
    grant.ended_at, grant.ended_by, grant.ended_side = now, by.user, side
    grant.save(update_fields=["ended_at", "ended_by", "ended_side"])
    audit.record(by=by, action="agency.ended", target=grant.agency, now=now, detail={"side": side})


def _note(grant: ClientGrant, action: str, by: Access, now: datetime) -> None:
    detail = {"allows": grant.allows, "is_masked": grant.is_masked}
    audit.record(by=by, action=action, target=grant.agency, now=now, detail=detail)


def _tell(grant: ClientGrant, said: str, by: Access, now: datetime) -> None:
    """Every admin of the client, but for whoever did it herself."""
    admins = Membership.objects.active().filter(team=by.team, role=Role.ADMIN)
    people = [pk for pk in admins.values_list("user_id", flat=True) if pk != by.actor_id]
    data = {"title": grant.agency.name, "reason": said, "page": "grant", "id": str(grant.pk)}
    told = [NewAlert(user_id, Kind.GRANT, data=data) for user_id in people]
    alerts.raise_alerts(told, team=by.team, now=now)


def _write(grant: ClientGrant, subject: str, lines: list[str]) -> None:
    """By mail to everybody who works at the agency."""
    letter = mails.Letter(
        subject=subject, lines=lines, action=_("Your clients"),
        path=f"/agency/{grant.agency.slug}/",
    )  # fmt: skip
    mails.send(letter, to=mails.operators_of(grant.agency))
