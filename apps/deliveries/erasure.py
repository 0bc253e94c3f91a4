"""Leads that their team deleted: no copy of them goes out, is shown or accepted any more."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.leads.models import Lead


def is_deleted(lead: Lead) -> bool:
    """Kept out or merged, a lead counts as deleted in its team alone: copies of it are good."""
    is_elsewhere = lead.stage == Lead.Stage.AWAY or lead.merged_into_id is not None
    return lead.deleted_at is not None and not is_elsewhere


def gone(lead: Lead) -> str:
    """Why no copy of it goes out any more, in words; empty while it may."""
    if lead.do_not_contact:
        return _("This person asked not to be contacted before the copy went out.")
    return _("The lead was deleted before the copy went out.") if is_deleted(lead) else ""
