"""The statuses that a new team starts with."""

from django.utils.translation import gettext as _

from apps.leads.models import Status, StatusKind
from apps.teams.models import Team


def add_default_statuses(team: Team) -> list[Status]:
    """One status for each kind; a team that has statuses keeps them."""
    existing = list(Status.objects.filter(team=team))
    if existing:
        return existing
    names = {
        StatusKind.NEW: _("New"),
        StatusKind.WORKING: _("Working"),
        StatusKind.QUALIFIED: _("Qualified"),
        StatusKind.WON: _("Won"),
        StatusKind.LOST: _("Lost"),
        StatusKind.DISQUALIFIED: _("Disqualified"),
    }
    return Status.objects.bulk_create(
        Status(team=team, name=name, kind=kind, position=position)
        for position, (kind, name) in enumerate(names.items())
    )
