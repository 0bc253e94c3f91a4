"""Leads that their team deleted: no copy of them is shown or accepted any more."""

from apps.leads.models import Lead


def is_deleted(lead: Lead) -> bool:
    """Kept out or merged, a lead counts as deleted in its team alone: copies of it are good."""
    is_elsewhere = lead.stage == Lead.Stage.AWAY or lead.merged_into_id is not None
    return lead.deleted_at is not None and not is_elsewhere
