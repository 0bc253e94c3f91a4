"""Closing an agency: nobody of it comes in anywhere any more, and every client hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.agency import agencies, mails
from apps.agency.agencies import AgencyRefused
from apps.alerts import services as alerts
from apps.alerts.models import Alert, Kind
from apps.alerts.services import NewAlert
from apps.teams import audit
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import (
    Agency,
    ClientGrant,
    ClientInvitation,
    Membership,
    OperatorInvitation,
    Team,
)
from apps.teams.permissions import Role


@transaction.atomic
def close_agency(*, name: str, by: AgencyAccess, now: datetime) -> int:
    """End every grant and the agency itself, at once; how many clients it had.

    `name` is the agency's, typed by whoever means it. May raise AgencyRefused.
    """
    by.require_owner()
    agency = Agency.objects.select_for_update(no_key=True).get(pk=by.agency.pk)
    if " ".join(name.split()).casefold() != " ".join(agency.name.split()).casefold():
        raise AgencyRefused(_("Type the agency’s name to close it."))
    grants = list(by.clients().select_for_update(of=("self",), no_key=True))
    rights = [by.inside(grant) for grant in grants]
    audit.record_in_each(rights, action="agency.closed", target=agency, now=now)
    ClientGrant.objects.filter(pk__in=[grant.pk for grant in grants]).update(
        ended_at=now, ended_by=by.user, ended_side=ClientGrant.Side.AGENCY
    )
    _tell_admins(agency, [grant.team for grant in grants], now)
    _call_back(agency, now)
    detail = {"clients": len(grants)}
    agencies.record(by=by, action="agency.closed", target=agency.name, now=now, detail=detail)
    _write(agency, by)
    agency.is_active = False
    agency.save(update_fields=["is_active"])
    return len(grants)


def _tell_admins(agency: Agency, teams: Sequence[Team], now: datetime) -> None:
    """Every admin of every client: one INSERT."""
    said = _("%(agency)s was closed, so nobody of it can come in any more.")
    data = {"title": agency.name, "reason": said % {"agency": agency.name}, "page": "grant"}
    admins = Membership.objects.active().filter(team__in=teams, role=Role.ADMIN)
    people: dict[object, list[NewAlert]] = {}
    for team_id, user_id in admins.values_list("team_id", "user_id"):
        people.setdefault(team_id, []).append(NewAlert(user_id, Kind.GRANT, data=data))
    Alert.objects.bulk_create(
        row for team in teams for row in alerts.unsaved(people.get(team.pk, ()), team=team, now=now)
    )
    alerts.announce_on_commit()


def _call_back(agency: Agency, now: datetime) -> None:
    """Invitations that nobody has answered lead nowhere."""
    for model in (OperatorInvitation, ClientInvitation):
        rows = model.objects.filter(agency=agency, accepted_at=None, revoked_at=None)
        rows.update(revoked_at=now)


def _write(agency: Agency, by: AgencyAccess) -> None:
    names = {"agency": agency.name, "who": str(by.user)}
    letter = mails.Letter(
        subject=_("%(agency)s was closed") % names,
        lines=[
            _("%(who)s closed %(agency)s. Its clients were told, and keep their teams.") % names
        ],
        action=_("Open Leadrelay"),
        path="/",
    )
    mails.send(letter, to=mails.operators_of(agency))
