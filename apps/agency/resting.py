"""Warnings that an agency knows of rest for some days, and can be woken before."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.agency import agencies
from apps.agency.models import Rest
from apps.agency.warnings import standing
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import ClientGrant

DAYS = (1, 3, 7, 14, 30)


class RestRefused(ValueError):
    """It can't rest; the message says why."""


@transaction.atomic
def rest(client: UUID, *, warning: str, days: int, by: AgencyAccess, now: datetime) -> Rest:
    """Let a warning that stands rest for so many days, for everybody of the agency.

    ClientGrant.DoesNotExist: no client. May raise RestRefused.
    """
    grant = _locked(client, by)
    if days not in DAYS:
        raise RestRefused(_("Choose for how long from the list."))
    if warning not in {one.key for one in standing([grant], now=now).get(grant.pk, ())}:
        raise RestRefused(_("It does not stand any more."))
    made: Rest = Rest.objects.update_or_create(
        grant=grant, warning=warning,
        defaults={
            "team": grant.team, "at": now, "until": now + timedelta(days=days), "by": by.user,
        },
    )[0]  # fmt: skip
    detail = {"warning": warning.partition(":")[0], "days": days}
    agencies.record(
        by=by, action="client.warning_rested", target=grant.team.name, now=now, detail=detail
    )
    return made


@transaction.atomic
def wake(client: UUID, *, warning: str, by: AgencyAccess, now: datetime) -> None:
    """Show it again. ClientGrant.DoesNotExist: no client."""
    grant = _locked(client, by)
    if Rest.objects.filter(grant=grant, warning=warning, until__gt=now).delete()[0]:
        agencies.record(by=by, action="client.warning_woken", target=grant.team.name, now=now)


def _locked(client: UUID, by: AgencyAccess) -> ClientGrant:
    rows = by.clients().select_for_update(of=("self",), no_key=True)
    found: ClientGrant = rows.get(pk=client)
    return found
